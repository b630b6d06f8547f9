"""Questions, returns and holds through the services: what the item allows, what is kept, who is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from console.access.permissions import NotAllowed, Permission
from console.actor import Actor, Bounds, Grant
from console.review.choices import Choice
from console.review.clocks import add_banking_days, next_banking_day
from console.review.decisions import decide, resume
from console.review.errors import IncompleteChoice, OutOfReach
from console.review.holds import HoldReason
from console.review.liability import Finding, Liability, Original
from console.review.opening import Standing, open_item
from console.review.states import Act, IllegalTransition, Status
from console.review.timeline import read_timeline
from db.engine import transaction
from db.models import Account, CheckItem, Decision, Evidence, ItemNote, Notice
from tests.factories import Bank, bank_today, claimed, import_items, item_ids, make_bank, view_of, x9_item

TRANSIT = "021000021"


async def bank_with(folder: Path, *amounts: str, routing: str = TRANSIT) -> tuple[Bank, list[UUID]]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, amount, routing) for n, amount in enumerate(amounts, start=1)])
    return bank, await item_ids(bank)


async def refused(bank: Bank, item: UUID, choice: Choice) -> str:
    """The field that the service names."""
    _, seen = await claimed(bank.reviewer, item)
    with pytest.raises(IncompleteChoice) as error:
        await decide(bank.reviewer, item, choice, seen)
    return error.value.field


async def last_decision(bank: Bank) -> Decision:
    async with transaction(bank.system) as session:
        return (await session.scalars(select(Decision).order_by(Decision.decided_at.desc()).limit(1))).one()


async def told(bank: Bank) -> set[tuple[UUID, str]]:
    async with transaction(bank.system) as session:
        return {(row.user_id, row.kind) for row in await session.execute(select(Notice.user_id, Notice.kind))}


# --- questions ------------------------------------------------------------------------------------------------------


def test_a_question_to_a_colleague_stands_on_the_item_until_it_is_answered(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        _, seen = await claimed(bank.reviewer, item)
        ask = Choice(Act.ASK, note="Is this your stamp?", asks=bank.supervisor.user_id)
        await decide(bank.reviewer, item, ask, seen)
        assert (bank.supervisor.user_id, "question_asked") in await told(bank)
        question = (await view_of(bank.reviewer, item)).question
        assert question is not None
        assert (question.who, question.whom, question.text) == ("Reviewer", "Supervisor", "Is this your stamp?")

        await resume(bank.supervisor, item, "It is. @approver knows the customer.")
        view = await view_of(bank.reviewer, item)
        assert view.status is Status.NEW and view.question is None
        assert view.steps[-1].note == "It is. @approver knows the customer."
        assert await told(bank) >= {(bank.reviewer.user_id, "question_answered"), (bank.approver.user_id, "mentioned")}
        async with transaction(bank.system) as session:
            answer = (await session.scalars(select(ItemNote))).one()
        assert answer.answers_id == question.decision_id
        newest = (await read_timeline(bank.reviewer, item)).happenings[0]
        assert (newest.who, newest.what, newest.text) == ("Supervisor", "answered", view.steps[-1].note)
        asked = (await read_timeline(bank.reviewer, item)).happenings[1]
        assert (asked.what, asked.facts) == ("asked for information", ("for Supervisor",))
        with pytest.raises(IllegalTransition):
            await resume(bank.supervisor, item, "once more")

    run(story())


def test_whoever_decides_may_answer_and_so_may_the_person_asked(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item, other) = await bank_with(tmp_path, "100.00", "200.00")
        # Somebody of the branch: reads checks and writes notes, and decides none.
        branch = _of_branch(bank.second_reviewer)
        for one in (item, other):
            _, seen = await claimed(bank.reviewer, one)
            asks = bank.second_reviewer.user_id if one == item else bank.supervisor.user_id
            await decide(bank.reviewer, one, Choice(Act.ASK, note="Known?", asks=asks), seen)
        assert (await open_item(branch, item)).standing is Standing.RESUME
        assert (await open_item(branch, other)).standing is Standing.LOOK
        with pytest.raises(NotAllowed):
            await resume(branch, other, "I was not asked")
        with pytest.raises(NotAllowed):
            await resume(bank.auditor, item, "I only read")
        elsewhere = replace(bank.approver, bounds=Bounds(queues=frozenset({"escalation"})))
        with pytest.raises(OutOfReach):
            await resume(elsewhere, item, "not my queue")
        await resume(branch, item, "He is known here.")
        await resume(bank.approver, other, "I can say it as well.")

    run(story())


def _of_branch(person: Actor) -> Actor:
    grant = Grant(frozenset({Permission.QUEUE_READ, Permission.ITEM_READ, Permission.ITEM_NOTE}))
    return replace(person, roles=frozenset(), grants=(grant,))


def test_a_question_names_somebody_who_can_answer_or_a_team(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        for asks in (None, uuid4(), bank.auditor.user_id, bank.administrator.user_id):
            assert await refused(bank, item, Choice(Act.ASK, note="Known?", asks=asks)) == "asks"
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.ASK, note="Known?", asks_team=" Branch 12 "), seen)
        question = (await view_of(bank.reviewer, item)).question
        assert question is not None and (question.whom, question.asks_id) == ("Branch 12", None)
        assert await told(bank) == set()

    run(story())


# --- returns --------------------------------------------------------------------------------------------------------


def test_reasons_are_checked_by_the_service_for_the_item_at_hand(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        # We do not know the account of another bank's customer, and between banks nothing has been presented yet.
        for key in ("customer:A", "customer:L", "administrative:I"):
            liability = Liability(Original.GONE, Finding.FORGED) if key == "customer:L" else None
            assert await refused(bank, item, Choice(Act.RETURN, (key,), liability=liability)) == "reasons"
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.RETURN, ("customer:I",)), seen)

    run(story())


def test_the_answer_on_liability_is_kept_with_the_decision_and_its_evidence(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        assert await refused(bank, item, Choice(Act.RETURN, ("customer:N",))) == "liability"
        _, seen = await claimed(bank.reviewer, item)
        liability = Liability(Original.GONE, Finding.ALTERED)
        await decide(bank.reviewer, item, Choice(Act.RETURN, ("customer:N",), liability=liability), seen)
        kept = {"original": "gone", "finding": "altered"}
        assert (await last_decision(bank)).details["liability"] == kept
        async with transaction(bank.system) as session:
            evidence = (await session.scalars(select(Evidence.snapshot))).one()
        assert json.loads(evidence)["decision"]["details"]["liability"] == kept
        assert "altered, original gone" in (await read_timeline(bank.auditor, item)).happenings[0].facts

    run(story())


# --- holds ----------------------------------------------------------------------------------------------------------


def hold(days: int, reason: HoldReason | None = None, **more: Any) -> Choice:
    return Choice(Act.HOLD, release_on=add_banking_days(bank_today(), days), hold_reason=reason, **more)


def test_a_hold_keeps_its_notice_as_evidence_of_what_the_customer_is_told(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item, small) = await bank_with(tmp_path, "9000.00", "50.00")
        account = await _account(bank, opened_on=date(2015, 3, 1))
        large = HoldReason.LARGE_DEPOSIT
        assert await refused(bank, item, hold(5)) == "hold_reason"
        assert await refused(bank, item, hold(5, large)) == "account"
        # The deposit account is one of ours, and is not new.
        assert await refused(bank, item, hold(5, HoldReason.NEW_ACCOUNT, deposit_account=account)) == "hold_reason"
        assert await refused(bank, small, hold(5, large, deposit_account=account)) == "note"
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, hold(5, large, deposit_account=account), seen)
        details = (await last_decision(bank)).details
        notice = dict(details["notice"])
        assert notice["To"] == "Jo Depositor" and notice["Account"] == "ending in 4321"
        assert notice["Amount delayed"] == "$2,275.00"
        assert account not in json.dumps(details)
        async with transaction(bank.system) as session:
            evidence = (await session.scalars(select(Evidence.snapshot))).one()
        assert json.loads(evidence)["decision"]["details"]["notice"] == details["notice"]
        assert account not in evidence

    run(story())


def test_a_check_drawn_on_us_is_held_no_longer_than_it_can_be_returned(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00", routing="729999010")
        assert await refused(bank, item, hold(9, HoldReason.EMERGENCY, deposit_account="12345", note="flood")) == (
            "release_on"
        )
        tomorrow = next_banking_day(bank_today())
        async with transaction(bank.system) as session:
            due = datetime.combine(tomorrow + timedelta(days=1), datetime.min.time(), UTC)
            await session.execute(
                update(CheckItem).where(CheckItem.id == item).values(return_by=due, version=CheckItem.version + 1)
            )
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.HOLD, release_on=tomorrow), seen)

    run(story())


async def _account(bank: Bank, opened_on: date) -> str:
    async with transaction(bank.system) as session:
        session.add(
            Account(
                institution_id=bank.institution_id, routing=bank.routing, number="0087654321", holder="Jo Depositor",
                account_type="personal", opened_on=opened_on,
            )
        )  # fmt: skip
    return "0087654321"
