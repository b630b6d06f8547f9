"""Claims and decisions through the services, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from console.access.permissions import NotAllowed
from console.review.choices import Choice
from console.review.claims import claim, claim_next
from console.review.clocks import next_banking_day
from console.review.decisions import confirm, decide, resume, resume_due_holds, send_back
from console.review.errors import (
    HeldByOther,
    IncompleteChoice,
    NotClaimable,
    NotYours,
    OverLimit,
    SamePerson,
    StaleItem,
    UnansweredFlag,
)
from console.review.flag_answers import Answer, answer_flag
from console.review.giving_back import release, release_expired
from console.review.item_reading import _made
from console.review.item_view import ItemView
from console.review.notes import add_note
from console.review.states import Act, Status
from db.engine import transaction
from db.models import AuditEntry, CheckItem, Claim, Decision, Evidence
from tests.bench.by_hand import written_down
from tests.factories import Bank, bank_today, claimed, import_items, item_ids, look, make_bank, view_of, x9_item
from tests.review.racer import patiently

PAY = Choice(Act.PAY)


async def bank_with(folder: Path, *amounts: str) -> tuple[Bank, list]:
    """A bank with a transit item of each amount: without an account of ours, they carry no flags."""
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, amount, "021000021") for n, amount in enumerate(amounts, 1)])
    return bank, await item_ids(bank)


def test_pay_writes_decision_evidence_audit_and_takes_the_next(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (first, second) = await bank_with(tmp_path, "100.00", "200.00")
        _, seen = await claimed(bank.reviewer, first)
        outcome = await decide(bank.reviewer, first, PAY, seen, then_next=True)
        assert outcome.status is Status.APPROVED
        assert outcome.next is not None and outcome.next.item_id == second
        async with transaction(bank.system) as session:
            item = (await session.execute(select(CheckItem).where(CheckItem.id == first))).scalar_one()
            decision = (await session.execute(select(Decision))).scalar_one()
            evidence = (await session.execute(select(Evidence))).scalar_one()
            of_it = select(AuditEntry.action).where(AuditEntry.object_id == str(first)).order_by(AuditEntry.sequence)
            actions = list(await session.scalars(of_it))
            claims = list(await session.scalars(select(Claim.item_id)))
        assert item.status == "approved"
        assert decision.actor_id == bank.reviewer.user_id and decision.item_version == item.version
        assert '"viewed_ms":{"back":700,"front":2000}' in evidence.snapshot
        assert actions == ["item.claimed", "item.decided"]
        assert claims == [second]

    run(story())


def test_the_policy_that_was_shown_is_the_one_decided_under(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        view, seen = await claimed(bank.reviewer, item)
        with written_down() as statements:
            await decide(bank.reviewer, item, PAY, seen)
        # Read twice, it could be another version the second time.
        assert sum("from policy_version" in statement.lower() for statement, _ in statements) == 1
        async with transaction(bank.system) as session:
            decision = (await session.execute(select(Decision))).scalar_one()
        assert decision.policy_version_id == view.policy_id

    run(story())


def test_one_holder_at_a_time(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        await claim(bank.reviewer, item)
        await claim(bank.reviewer, item)
        with pytest.raises(HeldByOther, match="Reviewer"):
            await claim(bank.second_reviewer, item)
        assert await claim_next(bank.second_reviewer) is None
        await release(bank.reviewer, item)
        held = await claim_next(bank.second_reviewer)
        assert held is not None and held.item_id == item

    run(story())


def test_expired_claim_goes_back_or_over(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (first, second) = await bank_with(tmp_path, "100.00", "200.00")
        for item in (first, second):
            await claim(bank.reviewer, item)
        _, seen = await look(bank.reviewer, first)
        async with transaction(bank.system) as session:
            await session.execute(update(Claim).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        with pytest.raises(NotYours):
            await decide(bank.reviewer, first, PAY, seen)
        await claim(bank.second_reviewer, first)
        assert await release_expired(bank.system) == 1
        assert (await view_of(bank.system, second)).status is Status.NEW
        holder = (await view_of(bank.system, first)).holder
        assert holder is not None and holder.user_id == bank.second_reviewer.user_id

    run(story())


def test_stale_page_cannot_overwrite(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        _, seen = await claimed(bank.reviewer, item)
        await release(bank.reviewer, item)
        await claim(bank.reviewer, item)
        with pytest.raises(StaleItem):
            await decide(bank.reviewer, item, PAY, seen)
        _, fresh = await look(bank.reviewer, item)
        with pytest.raises(StaleItem):
            await decide(bank.reviewer, item, PAY, replace(fresh, digest="0" * 64))
        await decide(bank.reviewer, item, PAY, fresh)
        with pytest.raises((NotYours, NotClaimable)):
            await decide(bank.reviewer, item, PAY, fresh)

    run(story())


@pytest.mark.parametrize("amount, two", [("4999.99", False), ("5000.00", True), ("5000.01", True)])
def test_two_people_from_the_threshold(run: Callable, tmp_path: Path, amount: str, two: bool) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, amount)
        _, seen = await claimed(bank.reviewer, item)
        outcome = await decide(bank.reviewer, item, Choice(Act.RETURN, ("customer:I",)), seen)
        assert outcome.status is (Status.PENDING_APPROVAL if two else Status.RETURNED)

    run(story())


def test_second_person(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "6100.04")
        _, seen = await claimed(bank.supervisor, item)
        await decide(bank.supervisor, item, PAY, seen)
        with pytest.raises(NotAllowed):
            await claim(bank.reviewer, item)
        view, seen = await claimed(bank.supervisor, item)
        assert view.first_signature is not None
        with pytest.raises(SamePerson):
            await confirm(bank.supervisor, item, seen)
        await release(bank.supervisor, item)
        view, seen = await claimed(bank.approver, item)
        outcome = await confirm(bank.approver, item, seen)
        assert outcome.status is Status.APPROVED

    run(story())


def test_second_person_needs_the_limit_and_can_send_back(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "25000.01")
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, PAY, seen)
        _, seen = await claimed(bank.approver, item)
        with pytest.raises(OverLimit):
            await confirm(bank.approver, item, seen)
        with pytest.raises(IncompleteChoice):
            await send_back(bank.approver, item, seen, " ")
        outcome = await send_back(bank.approver, item, seen, "The words say less.")
        assert outcome.status is Status.NEW
        # Whoever decides next is shown why, and the evidence says that they were.
        view, seen = await claimed(bank.reviewer, item)
        assert [step.note for step in view.steps] == ["", "The words say less."]
        await decide(bank.reviewer, item, Choice(Act.RETURN, ("customer:W",)), seen)
        async with transaction(bank.system) as session:
            last = select(Evidence.snapshot).join(Decision).order_by(Decision.sequence.desc()).limit(1)
            assert "The words say less." in (await session.execute(last)).scalar_one()

    run(story())


def test_above_ones_own_limit_asks_a_second_person(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "7000.00")
        _, seen = await claimed(bank.reviewer, item)
        assert (await decide(bank.reviewer, item, PAY, seen)).status is Status.PENDING_APPROVAL

    monkeypatch.setenv("DUAL_CONTROL_THRESHOLD", "9000")
    from console.settings import settings

    settings.cache_clear()
    run(story())


def test_incomplete_choices_are_refused_and_change_nothing(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        view, seen = await claimed(bank.reviewer, item)
        today = bank_today()
        for choice in (
            Choice(Act.RETURN),
            Choice(Act.RETURN, ("customer:V",)),
            Choice(Act.REJECT),
            Choice(Act.HOLD),
            Choice(Act.HOLD, release_on=today),
            Choice(Act.ESCALATE, note="look"),
            Choice(Act.ESCALATE, note="look", queue="no-such-queue"),
            Choice(Act.ASK),
            Choice(Act.CLAIM),
            Choice(Act.PAY, note="x" * 4001),
        ):
            with pytest.raises(IncompleteChoice):
                await decide(bank.reviewer, item, choice, seen)
        assert (await view_of(bank.reviewer, item)).version == view.version

    run(story())


def test_hold_escalate_and_ask_come_back(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (held, up, asked) = await bank_with(tmp_path, "100.00", "200.00", "300.00")
        until = next_banking_day(bank_today())
        _, seen = await claimed(bank.reviewer, held)
        assert (await decide(bank.reviewer, held, Choice(Act.HOLD, release_on=until), seen)).status is Status.HELD
        _, seen = await claimed(bank.reviewer, up)
        escalation = Choice(Act.ESCALATE, note="beyond me", queue="escalation")
        assert (await decide(bank.reviewer, up, escalation, seen)).status is Status.ESCALATED
        _, seen = await claimed(bank.reviewer, asked)
        assert (
            await decide(bank.reviewer, asked, Choice(Act.ASK, note="Whose?", asks_team="branch"), seen)
        ).status is Status.NEEDS_INFO

        assert await claim_next(bank.reviewer) is None
        assert await resume_due_holds(bank.system, until - timedelta(days=1)) == 0
        assert await resume_due_holds(bank.system, until) == 1
        await resume(bank.reviewer, asked, "The depositor's.")
        for item in (held, asked):
            assert (await view_of(bank.reviewer, item)).status is Status.NEW
        with pytest.raises(NotAllowed):
            await claim(bank.reviewer, up)
        view, _ = await claimed(bank.approver, up)
        assert view.queue_key == "escalation"
        await release(bank.approver, up)
        assert (await view_of(bank.reviewer, up)).status is Status.ESCALATED

    run(story())


def test_flags_must_be_answered(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "100.00", bank.routing)])
        (item,) = await item_ids(bank)
        view, seen = await claimed(bank.reviewer, item)
        assert [flag.code for flag in view.flags] == ["account_unknown"]
        flag = view.flags[0]
        with pytest.raises(UnansweredFlag) as refused:
            await decide(bank.reviewer, item, PAY, seen)
        assert refused.value.flag_id == flag.id
        with pytest.raises(IncompleteChoice):
            await answer_flag(bank.reviewer, flag.id, Answer.DISMISSED)
        with pytest.raises(NotYours):
            await answer_flag(bank.second_reviewer, flag.id, Answer.CONFIRMED)
        await answer_flag(bank.reviewer, flag.id, Answer.DISMISSED, "opened today")
        with pytest.raises(StaleItem):
            await decide(bank.reviewer, item, PAY, seen)
        _, seen = await look(bank.reviewer, item)
        assert (await decide(bank.reviewer, item, PAY, seen)).status is Status.APPROVED

    run(story())


@pytest.mark.parametrize("who", ["administrator", "auditor"])
def test_who_decides_nothing(run: Callable, tmp_path: Path, who: str) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        actor = getattr(bank, who)
        _, seen = await look(bank.reviewer, item)
        for attempt in (
            claim(actor, item),
            claim_next(actor),
            decide(actor, item, PAY, seen),
            confirm(actor, item, seen),
            release_expired(actor),
        ):
            with pytest.raises(NotAllowed):
                await attempt

    run(story())


def test_racing_claims_have_one_winner_each(run: Callable, tmp_path: Path) -> None:
    """1,000 claims by four people on 20 items, ten times as many at once as there are connections."""

    async def story() -> None:
        bank, items = await bank_with(tmp_path, *["100.00"] * 20)
        people = [bank.reviewer, bank.second_reviewer, bank.approver, bank.supervisor]
        # All at once, the last would have to have its connection within the pool's half a minute.
        at_once = asyncio.Semaphore(150)

        async def attempt(n: int) -> bool:
            async with at_once:
                try:
                    await patiently(partial(claim, people[n % 4], items[n // 4 % 20]))
                except HeldByOther:
                    return False
                return True

        results = await asyncio.gather(*(attempt(n) for n in range(1000)))
        async with transaction(bank.system) as session:
            claims = (await session.execute(select(Claim.item_id, Claim.user_id))).all()
            audited = (
                await session.execute(
                    select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "item.claimed")
                )
            ).scalar_one()
        assert len(claims) == 20
        assert audited == 20
        winners = {row.item_id: row.user_id for row in claims}
        for n, won in enumerate(results):
            assert won == (winners[items[n // 4 % 20]] == people[n % 4].user_id)

    run(story())


def test_next_is_the_most_urgent_and_never_twice(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_with(tmp_path, *["100.00"] * 30)
        people = [bank.reviewer, bank.second_reviewer, bank.approver]
        held = await asyncio.gather(*(patiently(partial(claim_next, people[n % 3])) for n in range(40)))
        taken = [one.item_id for one in held if one is not None]
        assert len(taken) == len(set(taken)) == 30 == len(items)

    run(story())


def test_amounts_stay_decimal(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "0.10")
        view = await view_of(bank.reviewer, item)
        assert view.amount == Decimal("0.10") and isinstance(view.amount, Decimal)

    run(story())


def test_what_is_kept_of_a_view_is_what_would_be_made_anew(run: Callable, tmp_path: Path) -> None:
    """A check that was read before is shown as it is now, and with its holder of this moment."""

    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        digests = []

        async def same() -> ItemView:
            kept = [await view_of(who, item) for who in (bank.reviewer, bank.supervisor)]
            _made.clear()
            made = [await view_of(who, item) for who in (bank.reviewer, bank.supervisor)]
            assert kept == made
            assert [one.digest for one in kept] == [one.digest for one in made]
            digests.append(made[0].digest)
            return made[0]

        assert (await same()).holder is None
        await claim(bank.reviewer, item)
        holder = (await same()).holder
        assert holder is not None and holder.user_id == bank.reviewer.user_id
        await release(bank.reviewer, item)
        assert (await same()).holder is None
        await add_note(bank.supervisor, item, "Look at the payee.")
        assert [note.text for note in (await same()).notes] == ["Look at the payee."]
        assert len(set(digests)) == 4

    run(story())
