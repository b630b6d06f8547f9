"""Legal holds: who places one, that two people lift it, where it is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from console.access.permissions import NotAllowed
from console.access.step_up import CodeNeeded
from console.audit.verify import verify
from console.notices.inbox import list_notices
from console.notices.kinds import NoticeKind
from console.retention.errors import HoldNotFound, HoldRefused, SubjectNotFound
from console.retention.legal_hold_list import holds_on_item, list_holds
from console.retention.legal_holds import Scope, Subject, ask_to_lift, keep, lift, place
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.opening import open_item
from console.review.states import Act
from console.review.timeline import read_timeline
from db.engine import transaction
from db.models import AuditEntry
from tests.conftest import Database
from tests.factories import (
    Bank,
    account_record,
    claimed,
    import_items,
    item_ids,
    make_bank,
    second_supervisor,
    x9_item,
)

TODAY = datetime.now(UTC).date()
DAY = timedelta(days=1)


def of_days(first: date, last: date | None = None) -> Subject:
    return Subject(Scope.PERIOD, None, first, last)


async def actions(bank: Bank, object_type: str) -> list[str]:
    async with transaction(bank.system) as session:
        query = select(AuditEntry.action).where(
            AuditEntry.object_type == object_type, AuditEntry.action.like("legal_hold.%")
        )
        return list(await session.scalars(query.order_by(AuditEntry.sequence)))


def test_one_places_and_two_lift(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        asker, other = bank.supervisor, bank.administrator
        hold = await place(asker, of_days(TODAY), " Doe\n v.  Bank ", "subpoena of 1 November")
        (shown,) = (await list_holds(bank.auditor)).holds
        assert (shown.matter, shown.reason, shown.lifted_at) == ("Doe v. Bank", "subpoena of 1 November", None)
        with pytest.raises(HoldRefused, match="Nobody asks"):
            await lift(other, hold)
        with pytest.raises(CodeNeeded):
            await ask_to_lift(replace(asker, code_at=None), hold, "settled")
        await ask_to_lift(asker, hold, "settled")
        with pytest.raises(HoldRefused, match="already"):
            await ask_to_lift(other, hold, "settled")
        with pytest.raises(HoldRefused, match="another person"):
            await lift(asker, hold)
        # Whoever may agree is told, and nobody else.
        assert [one.kind for one in (await list_notices(other)).notices] == [NoticeKind.LEGAL_HOLD_LIFTING]
        assert (await list_notices(asker)).notices == (await list_notices(bank.auditor)).notices == ()
        await keep(other, hold, "not settled at all")
        with pytest.raises(HoldRefused, match="Nobody asks"):
            await lift(other, hold)
        await ask_to_lift(other, hold, "settled on 3 December")
        await lift(asker, hold)
        with pytest.raises(HoldRefused, match="lifted already"):
            await ask_to_lift(asker, hold, "again")
        assert (await list_holds(bank.auditor)).holds == ()
        (lifted,) = (await list_holds(bank.auditor, standing=False)).holds
        assert (lifted.lift_asked_by, lifted.lifted_by) == (other.name, asker.name)
        assert await actions(bank, "legal_hold") == [
            f"legal_hold.{one}" for one in ("placed", "lift_asked", "kept", "lift_asked", "lifted")
        ]
        assert (await verify(bank.auditor)).ok

    run(story())


def test_who_may_and_what_is_refused(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        assert bank.reviewer.user_id is not None
        person = Subject(Scope.PERSON, bank.reviewer.user_id)
        for actor in (bank.reviewer, bank.approver, bank.auditor):
            with pytest.raises(NotAllowed):
                await place(actor, person, "Case", "reason")
        with pytest.raises(NotAllowed):
            await list_holds(bank.approver)
        # An administrator sees no checks, and names none.
        with pytest.raises(NotAllowed):
            await place(bank.administrator, Subject(Scope.ITEM, bank.institution_id), "Case", "reason")
        for subject, error in (
            (Subject(Scope.ITEM, bank.institution_id), SubjectNotFound),
            (Subject(Scope.PERSON), SubjectNotFound),
            (Subject(Scope.PERIOD), HoldRefused),
            (of_days(TODAY, TODAY - DAY), HoldRefused),
        ):
            with pytest.raises(error):
                await place(bank.supervisor, subject, "Case", "reason")
        for matter, reason in ((" ", "reason"), ("Case", "\x00")):
            with pytest.raises(HoldRefused):
                await place(bank.supervisor, person, matter, reason)
        with pytest.raises(HoldNotFound):
            await ask_to_lift(bank.supervisor, bank.institution_id, "reason")
        assert (await list_holds(bank.auditor)).holds == () and await actions(bank, "legal_hold") == []

    run(story())


def test_whom_it_concerns_does_not_lift_it(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        hold = await place(bank.supervisor, Subject(Scope.PERSON, bank.administrator.user_id), "Case", "reason")
        await ask_to_lift(bank.supervisor, hold, "done")
        with pytest.raises(HoldRefused, match="covers what you did"):
            await lift(bank.administrator, hold)
        await lift(second_supervisor(bank), hold)

    run(story())


def test_a_hold_shows_on_the_checks_that_it_covers(run: Callable, tmp_path: Path) -> None:
    from console.intake.accounts import load_accounts

    async def story() -> None:
        bank = await make_bank()
        await load_accounts(bank.supervisor, [account_record(bank, "70011001")], TODAY)
        items = [
            x9_item(1, "10.00", bank.routing, "70011001"),
            x9_item(2, "20.00", "021000021"),
            x9_item(3, "30.00", "021000021"),
        ]
        await import_items(bank, tmp_path, items)
        first, second, third = await item_ids(bank)
        view, _ = await claimed(bank.reviewer, first)
        assert view.account is not None
        _, seen = await claimed(bank.reviewer, third)
        await decide(bank.reviewer, third, Choice(Act.PAY), seen)

        async def covered() -> list[int]:
            counts = [len(await holds_on_item(bank.auditor, one)) for one in (first, second, third)]
            # The same from the holds' side.
            async with transaction(bank.system) as session:
                found = await session.scalars(select(func.items_on_legal_hold(bank.institution_id)))
                assert set(found) == {one for one, count in zip((first, second, third), counts, strict=True) if count}
            return counts

        assert await covered() == [0, 0, 0]
        await place(bank.supervisor, Subject(Scope.ITEM, second), "The check", "reason")
        assert await covered() == [0, 1, 0]
        await place(bank.supervisor, Subject(Scope.ACCOUNT, view.account.id), "The account", "reason")
        assert await covered() == [1, 1, 0]
        await place(bank.supervisor, Subject(Scope.PERSON, bank.reviewer.user_id), "The decider", "reason")
        assert await covered() == [1, 1, 1]
        for hold in (await list_holds(bank.auditor)).holds:
            if hold.matter == "The decider":
                continue
            await ask_to_lift(bank.administrator, hold.id, "over")
            await lift(bank.supervisor, hold.id)
        assert await covered() == [0, 0, 1]
        await place(bank.supervisor, Subject(Scope.ITEM, second), "The check", "reason")
        await place(bank.supervisor, Subject(Scope.ACCOUNT, view.account.id), "The account", "reason")
        await place(bank.supervisor, of_days(TODAY - 9 * DAY, TODAY - 5 * DAY), "Other days", "reason")
        assert await covered() == [1, 1, 1]
        await place(bank.supervisor, of_days(TODAY - 9 * DAY), "These days", "reason")
        assert await covered() == [2, 2, 2]
        covers = {one.matter: one.covers for one in await holds_on_item(bank.auditor, first)}
        assert "70011001" not in covers["The account"] and "1001" in covers["The account"]
        # It is seen by who may know of it, and only there in the check's story.
        assert (await open_item(bank.supervisor, second, take=False)).on_legal_hold
        assert not (await open_item(bank.reviewer, second, take=False)).on_legal_hold
        told = {actor.name: await read_timeline(actor, second) for actor in (bank.auditor, bank.reviewer)}
        events = {name: [one.event for one in page.happenings] for name, page in told.items()}
        assert "legal_hold.placed" in events[bank.auditor.name]
        assert "legal_hold.placed" not in events[bank.reviewer.name]

    run(story())


@pytest.mark.parametrize(
    "statement",
    [
        "update legal_hold set lifted_at = now(), lifted_by = placed_by",
        "update legal_hold set lift_asked_by = placed_by, lift_asked_at = now(), lift_reason = 'x',"
        " lifted_by = placed_by, lifted_at = now()",
        "update legal_hold set scope = 'period', user_id = null, from_on = now()",
        "update legal_hold set reason = 'another'",
        "delete from legal_hold",
    ],
)
def test_the_database_lets_no_hold_go_by_other_ways(run: Callable, database: Database, statement: str) -> None:
    async def placed() -> None:
        bank = await make_bank()
        await place(bank.supervisor, Subject(Scope.PERSON, bank.reviewer.user_id), "Case", "reason")

    run(placed())
    with psycopg.connect(database.owner_url) as owner, pytest.raises(psycopg.errors.IntegrityError):
        owner.execute(statement)
