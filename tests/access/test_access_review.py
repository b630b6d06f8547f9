"""The access report and access reviews, on real services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update

from console.access import access_review, mfa, own_account, sessions, totp
from console.access.access_report import Chosen, count_report, list_report, role_choices
from console.access.access_review import InvalidReview, LineDecided, ReviewNotFound
from console.access.access_review_list import Line, Show, list_lines, list_reviews, overdue_for, read_review
from console.access.access_use import ACTS, OF_NO_ROLE
from console.access.held import InvalidPerson, OwnAccess
from console.access.people import read_account
from console.access.permissions import NotAllowed
from console.access.sessions import Stage
from console.access.visit import Visit
from console.actor import Actor
from console.audit.entries import Event
from console.institution import institution_of
from console.policy.drafting import make_draft
from console.review import claims
from console.review.revoking import revoke
from console.roles import Role
from db.engine import transaction
from db.models import AccessReview, AuditEntry, Claim, User
from jobs.note_overdue_reviews import note_overdue_reviews
from tests.access.ground import with_code
from tests.bench.by_hand import written_down
from tests.factories import Bank, import_items, item_ids, make_bank, make_person, x9_item

Run = Callable


async def today(actor: Actor) -> datetime:
    return datetime.now((await institution_of(actor)).zone)


async def a_review(bank: Bank, name: str = "Autumn") -> UUID:
    return await access_review.start(bank.supervisor, name, (await today(bank.supervisor)).date() + timedelta(days=1))


async def line_of(bank: Bank, review_id: UUID, person: Actor) -> Line:
    lines = (await list_lines(bank.supervisor, review_id)).lines
    return next(line for line in lines if line.user_id == person.user_id)


async def events(bank: Bank, action: str) -> list[AuditEntry]:
    async with transaction(bank.system) as session:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.sequence)
        return list(await session.scalars(query))


def test_the_report_says_who_can_do_what_since_when_and_from_whom(run: Run) -> None:
    async def work() -> None:
        bank = await make_bank()
        given = await make_person(replace(bank.system, system=True), "zoe", Role.AUDITOR)
        page = await list_report(bank.auditor)
        assert [line.username for line in page.lines] == sorted(line.username for line in page.lines)
        assert len(page.lines) == 7
        zoe = page.lines[-1]
        assert (zoe.user_id, zoe.role, zoe.granted_by) == (given.user_id, "auditor", None)
        assert "audit:read" in zoe.grant.permissions
        assert abs(zoe.granted_at - datetime.now(UTC)) < timedelta(minutes=1)
        # By role, by name, and both.
        reviewers = await list_report(bank.auditor, Chosen("reviewer"))
        assert {line.user_id for line in reviewers.lines} == {bank.reviewer.user_id, bank.second_reviewer.user_id}
        second = await list_report(bank.auditor, Chosen("reviewer", "SECOND%"))
        assert second.lines == ()
        second = await list_report(bank.auditor, Chosen("reviewer", "Second"))
        assert [line.user_id for line in second.lines] == [bank.second_reviewer.user_id]
        totals = await count_report(bank.auditor, Chosen("reviewer"))
        assert (totals.lines, totals.people) == (2, 2)
        assert [one.key for one in await role_choices(bank.auditor)] == list(Role)
        for nobody in (bank.reviewer, bank.approver):
            with pytest.raises(NotAllowed):
                await list_report(nobody)
        async with transaction(bank.system) as session:
            await session.execute(update(User).where(User.id == given.user_id).values(active=False))
        assert len((await list_report(bank.auditor)).lines) == 6

    run(work())


def test_the_report_is_paged_by_key_in_a_bounded_number_of_queries(run: Run) -> None:
    async def work() -> None:
        bank = await make_bank()
        for number in range(9):
            await make_person(bank.system, f"person{number}", Role.REVIEWER)
        seen: list[tuple[str, str]] = []
        after, pages = None, 0
        while True:
            page = await list_report(bank.auditor, after=after, limit=4)
            seen += [(line.username, line.role) for line in page.lines]
            pages += 1
            if page.next is None:
                break
            after = page.next
        assert pages == 4
        assert len(seen) == len(set(seen)) == 15
        assert seen == sorted(seen)
        for limit in (2, 15):
            with written_down() as statements:
                await list_report(bank.auditor, limit=limit)
            assert len(statements) == 4, "begin, the lines, the acts, the sessions"

    run(work())


def test_last_used_is_when_a_permission_of_the_role_was_used(run: Run, tmp_path: Path) -> None:
    async def work() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "10.00", bank.routing)])
        before = datetime.now(UTC)
        await claims.claim(bank.reviewer, (await item_ids(bank))[0])
        used = {line.username: line.last_used_at for line in (await list_report(bank.auditor)).lines}
        assert used["reviewer"] is not None and used["reviewer"] >= before
        assert used["supervisor"] is not None and used["supervisor"] < before, "the import"
        assert used["second_reviewer"] is None
        # Whoever may only look uses the role by being here; a sign-in says nothing about a deciding role.
        for person in (bank.auditor, bank.second_reviewer):
            account = await read_account(bank.institution_id, person.user_id)
            assert account is not None
            pending = await sessions.start(account.person, Stage.PASSWORD, Visit("127.0.0.1", "test"))
            await sessions.promote(pending)
        used = {line.username: line.last_used_at for line in (await list_report(bank.auditor)).lines}
        assert used["auditor"] is not None
        assert used["second_reviewer"] is None

    run(work())


def test_every_audited_act_counts_for_a_role_or_says_why_not() -> None:
    counted = {event for events in ACTS.values() for event in events}
    assert set(Event) - counted - OF_NO_ROLE == set(), "give these a permission in access_use.ACTS"
    assert counted & OF_NO_ROLE == set()


def test_what_is_done_to_oneself_is_no_use_of_a_role(run: Run) -> None:
    async def work() -> None:
        bank = await make_bank()

        async def used() -> datetime | None:
            lines = (await list_report(bank.auditor, Chosen("administrator"))).lines
            return lines[0].last_used_at

        admin, before = with_code(bank.administrator), datetime.now(UTC)
        first = await own_account.start_authenticator(admin)
        code = totp.code_at(first.secret.replace(" ", ""), datetime.now(UTC))
        await own_account.confirm_authenticator(admin, code)
        await own_account.new_codes(admin)
        account = await read_account(bank.institution_id, admin.user_id)
        assert account is not None
        for _ in range(2):
            await sessions.start(account.person, Stage.FULL, Visit("127.0.0.1", "test"))
        assert await own_account.end_others(admin) == 2
        assert await used() is None
        await mfa.require_enrolment(admin, bank.reviewer.user_id, "lost it")
        found = await used()
        assert found is not None and found >= before
        # A supervisor who works on the policy and on queues uses the role by that.
        await make_draft(bank.supervisor)
        (line,) = (await list_report(bank.auditor, Chosen("supervisor"))).lines
        assert line.last_used_at is not None and line.last_used_at >= before

    run(work())


def test_a_campaign_makes_a_line_of_every_role_and_closes_with_the_last(run: Run) -> None:
    async def work() -> None:
        bank = await make_bank()
        other = await make_person(bank.system, "supervisor2", Role.SUPERVISOR)
        review_id = await a_review(bank, "  Autumn   2026 ")
        review = await read_review(bank.auditor, review_id)
        assert (review.name, review.lines, review.left, review.overdue) == ("Autumn 2026", 7, 7, False)
        with pytest.raises(InvalidReview, match="under way"):
            await a_review(bank, "Another")
        for line in (await list_lines(bank.supervisor, review_id)).lines:
            if line.user_id == bank.supervisor.user_id:
                with pytest.raises(OwnAccess):
                    await access_review.confirm(bank.supervisor, line.id)
                await access_review.confirm(other, line.id, "still leads the team")
            else:
                await access_review.confirm(bank.supervisor, line.id)
        review = await read_review(bank.auditor, review_id)
        assert review.closed_at is not None
        assert (review.confirmed, review.revoked, review.left) == (7, 0, 0)
        own = await line_of(bank, review_id, bank.supervisor)
        assert (own.outcome, own.note, own.decided_by) == ("confirmed", "still leads the team", "Supervisor2")
        with pytest.raises(LineDecided, match="confirmed"):
            await access_review.confirm(bank.supervisor, (await line_of(bank, review_id, bank.reviewer)).id)
        assert len(await events(bank, "access_review.line_decided")) == 7
        assert len(await events(bank, "access_review.closed")) == 1
        # The next one may begin.
        await a_review(bank, "Winter")
        assert [one.name for one in (await list_reviews(bank.auditor)).reviews] == ["Winter", "Autumn 2026"]

    run(work())


def test_revoking_takes_the_role_the_checks_and_the_last_role_the_account(run: Run, tmp_path: Path) -> None:
    async def work() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "10.00", bank.routing)])
        await claims.claim(bank.reviewer, (await item_ids(bank))[0])
        account = await read_account(bank.institution_id, bank.reviewer.user_id)
        assert account is not None
        token = await sessions.promote(await sessions.start(account.person, Stage.PASSWORD, Visit()))
        review_id = await a_review(bank)
        line = await line_of(bank, review_id, bank.reviewer)
        with pytest.raises(InvalidPerson, match="why"):
            await revoke(bank.supervisor, line.id, "  ")
        done = await revoke(bank.supervisor, line.id, "left the team")
        assert (done.was_held, done.deactivated, done.released) == (True, True, 1)
        account = await read_account(bank.institution_id, bank.reviewer.user_id)
        assert account is not None
        assert (account.active, account.person.roles) == (False, frozenset())
        assert await sessions.resolve(token) is None
        async with transaction(bank.system) as session:
            assert (await session.scalars(select(Claim.item_id))).all() == []
        line = await line_of(bank, review_id, bank.reviewer)
        assert (line.outcome, line.note, line.held) == ("revoked", "left the team", False)
        changed = (await events(bank, "user.changed"))[-1]
        assert changed.actor_id == bank.supervisor.user_id
        assert changed.before is not None and changed.before["roles"] == ["reviewer"]
        assert changed.after is not None and changed.after["roles"] == []
        assert (await events(bank, "user.deactivated"))[-1].object_id == str(bank.reviewer.user_id)

    run(work())


def test_who_keeps_another_role_stays(run: Run) -> None:
    async def work() -> None:
        bank = await make_bank()
        async with transaction(bank.system) as session:
            await session.execute(
                text("insert into user_role (institution_id, user_id, role) values (:i, :u, 'auditor')"),
                {"i": bank.institution_id, "u": bank.approver.user_id},
            )
        review_id = await a_review(bank)
        lines = [one for one in (await list_lines(bank.supervisor, review_id)).lines if one.username == "approver"]
        assert [one.role for one in lines] == ["approver", "auditor"]
        done = await revoke(bank.supervisor, lines[0].id, "changed desks")
        assert not done.deactivated
        account = await read_account(bank.institution_id, bank.approver.user_id)
        assert account is not None
        assert (account.active, account.person.roles) == (True, frozenset({Role.AUDITOR}))

    run(work())


def test_the_last_administrator_cannot_be_revoked(run: Run) -> None:
    async def work() -> None:
        bank = await make_bank()
        review_id = await a_review(bank)
        line = await line_of(bank, review_id, bank.administrator)
        with pytest.raises(InvalidPerson, match="last active administrator"):
            await revoke(bank.supervisor, line.id, "a test")
        assert (await line_of(bank, review_id, bank.administrator)).outcome is None
        await make_person(bank.system, "administrator2", Role.ADMINISTRATOR)
        assert (await revoke(bank.supervisor, line.id, "a test")).deactivated

    run(work())


def test_who_may_start_decide_and_see(run: Run) -> None:
    async def work() -> None:
        bank = await make_bank()
        due = (await today(bank.system)).date()
        for nobody in (bank.reviewer, bank.approver, bank.auditor):
            with pytest.raises(NotAllowed):
                await access_review.start(nobody, "x", due)
        for name, day in (
            ("", due),
            ("x" * 101, due),
            ("x", due - timedelta(days=1)),
            ("x", due + timedelta(days=400)),
        ):
            with pytest.raises(InvalidReview):
                await access_review.start(bank.administrator, name, day)
        review_id = await access_review.start(bank.administrator, "x", due + timedelta(days=1))
        line = await line_of(bank, review_id, bank.reviewer)
        for nobody in (bank.administrator, bank.auditor, bank.reviewer):
            with pytest.raises(NotAllowed):
                await access_review.confirm(nobody, line.id)
            with pytest.raises(NotAllowed):
                await revoke(nobody, line.id, "no")
        for nobody in (bank.reviewer, bank.approver):
            with pytest.raises(NotAllowed):
                await list_lines(nobody, review_id)
        assert (await line_of(bank, review_id, bank.reviewer)).outcome is None
        # Another institution's supervisor finds neither.
        stranger = replace(bank.supervisor, institution_id=uuid4(), user_id=uuid4())
        with pytest.raises(ReviewNotFound):
            await access_review.confirm(stranger, line.id)
        assert (await list_lines(stranger, review_id)).lines == ()

    run(work())


def test_what_changed_meanwhile_is_not_confirmed(run: Run) -> None:
    async def work() -> None:
        bank = await make_bank()
        review_id = await a_review(bank)
        line = await line_of(bank, review_id, bank.reviewer)
        async with transaction(bank.system) as session:
            await session.execute(text("delete from user_role where user_id = :u"), {"u": bank.reviewer.user_id})
        assert not (await line_of(bank, review_id, bank.reviewer)).held
        with pytest.raises(LineDecided, match="no longer held"):
            await access_review.confirm(bank.supervisor, line.id)
        done = await revoke(bank.supervisor, line.id, "gone before")
        assert not done.was_held
        assert (await list_lines(bank.auditor, review_id, Show.REVOKED)).lines[0].id == line.id

    run(work())


def test_an_overdue_campaign_is_noted_once_and_told_to_whom_it_concerns(run: Run) -> None:
    async def work() -> None:
        bank = await make_bank()
        review_id = await a_review(bank)
        assert await note_overdue_reviews() == 0
        now = (await today(bank.system)).date()
        assert await overdue_for(bank.supervisor, now) is None
        async with transaction(bank.system) as session:
            late = now - timedelta(days=1)
            await session.execute(update(AccessReview).where(AccessReview.id == review_id).values(due_on=late))
        assert [await note_overdue_reviews() for _ in range(2)] == [1, 0]
        assert [one.object_id for one in await events(bank, "access_review.overdue")] == [str(review_id)]
        for person in (bank.supervisor, bank.administrator):
            told = await overdue_for(person, now)
            assert told is not None and (told.id, told.left) == (review_id, 6)
        for person in (bank.reviewer, bank.approver, bank.auditor):
            assert await overdue_for(person, now) is None

    run(work())
