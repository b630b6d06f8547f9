"""The parts of every report sum to the whole: by day, queue, action and person, whatever happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from console.insight.chosen import Chosen
from console.insight.periods import Span
from console.insight.reports import (
    read_acts,
    read_advice,
    read_agreement,
    read_flags,
    read_overview,
    read_people,
    read_returns,
)
from console.review.clocks import business_time
from console.review.office import office_of
from console.review.states import FINAL_ACTS, Act
from db.engine import transaction
from tests.conftest import Database
from tests.factories import Bank, make_bank
from tests.insight.past import PastAct, PastCheck, put

# Around the Sunday on which clocks go back.
FIRST, LAST = date(2026, 10, 28), date(2026, 11, 4)
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
DAYS = Chosen(span=Span.DAYS, first=FIRST, last=LAST)
_ACTS = ("pay", "pay", "pay", "return", "reject")


def _check(rng: Random, makers: list[UUID], seconds: list[UUID]) -> PastCheck:
    """A check of these days or near them: decided by one or two people, sent back, held, or open."""
    received = datetime(2026, 10, 26, tzinfo=UTC) + timedelta(minutes=rng.randrange(12 * 24 * 60))
    decided = received + timedelta(minutes=rng.randrange(3 * 24 * 60))
    act, maker = rng.choice(_ACTS), rng.choice(makers)
    why = tuple(rng.sample(["customer:A", "customer:N", "administrative:U"], rng.choice([1, 2])))
    reasons = why if act == "return" else ()
    acts: list[PastAct] = []
    if rng.random() < 0.2:
        acts.append(PastAct(maker, received, rng.choice(["hold", "ask", "escalate"])))
    kind = rng.random()
    if kind < 0.5:
        acts.append(PastAct(maker, decided, act, "decision", reasons, rng.randrange(1000, 90_000)))
    elif kind < 0.9:
        blind = {"opinion": {"act": act, "agrees": rng.random() < 0.7}} if rng.random() < 0.5 else {}
        acts.append(PastAct(maker, decided, act, "recommendation", reasons))
        stage = "confirmation" if kind < 0.8 else "sent_back"
        acts.append(PastAct(rng.choice(seconds), decided, act, stage, reasons, None, blind, len(acts) - 1))
    return PastCheck(
        received, received + timedelta(hours=rng.randrange(1, 60)), acts, amount=Decimal(rng.randrange(1, 10**6)) / 100,
        queue=rng.choice(["standard", "high_priority"]), item_type=rng.choice(["on_us", "transit"]),
        flags=[("velocity", rng.choice(["confirmed", "dismissed", "cannot_tell", None]))] if rng.random() < 0.4 else [],
        advice=[(rng.choice(["pay", "return"]), "0.900", received)] if rng.random() < 0.3 else [],
    )  # fmt: skip


def test_parts_sum_to_the_whole(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank()
        rng = Random(7)
        makers = [one.user_id for one in (bank.reviewer, bank.second_reviewer) if one.user_id]
        seconds = [one.user_id for one in (bank.approver, bank.supervisor) if one.user_id]
        checks = [_check(rng, makers, seconds) for _ in range(400)]
        put(database.superuser_url, bank, checks)
        await _compare(bank, checks)

    run(story())


async def _compare(bank: Bank, checks: list[PastCheck]) -> None:
    work = (await read_overview(bank.supervisor, DAYS, NOW)).found.now.work
    days = (await read_overview(bank.supervisor, DAYS, NOW)).period.window
    ended = [one for one in checks if one.final and days.since <= one.final.at < days.before]
    whole = work.whole
    assert whole.decided == len(ended) > 50
    assert whole.amount == sum(one.amount for one in ended)
    assert whole.received == sum(days.since <= one.received < days.before for one in checks)
    assert whole.in_time == sum(one.final.at <= one.due for one in ended if one.final)
    for parts in (work.by_day().values(), work.by_queue().values()):
        for name in ("received", "decided", "in_time", "two_people", "amount"):
            assert sum(getattr(one, name) for one in parts) == getattr(whole, name)
    acts = (await read_acts(bank.supervisor, DAYS, NOW)).found
    assert sum(acts.total(act) for act in FINAL_ACTS) == whole.decided
    assert (acts.total(Act.PAY), acts.total(Act.RETURN)) == (whole.paid, whole.returned)
    people = (await read_people(bank.supervisor, DAYS, NOW)).found
    assert sum(one.ended for one in people) == whole.decided
    looks = (await read_agreement(bank.supervisor, DAYS, NOW)).found
    assert sum(one.second for one in people) == sum(one.looks for one in looks) == sum(one.answered for one in people)
    assert sum(one.sent_back for one in people) == sum(one.sent_back for one in looks) > 0
    returned = (await read_returns(bank.supervisor, DAYS, NOW)).found
    assert returned.checks == whole.returned
    assert returned.amount == sum(one.amount for one in ended if one.final and one.final.action == "return")
    assert sum(one.checks for one in returned.reasons) >= returned.checks
    (flag,) = (await read_flags(bank.supervisor, DAYS, NOW)).found
    assert flag.raised == sum(len(one.flags) for one in ended)
    assert flag.confirmed == sum(said == "confirmed" for one in ended for _, said in one.flags)
    advised = (await read_advice(bank.supervisor, DAYS, NOW)).found
    assert 0 < sum(one.agreed for one in advised.acts) < sum(one.decisions for one in advised.acts)
    async with transaction(bank.system) as session:
        office = await office_of(session)
    took = sorted(business_time(one.received, one.final.at, office).total_seconds() for one in ended if one.final)
    # As the SLA's own clock counts: the smallest that half of all, and nine of ten, do not pass.
    assert work.median == round(took[(len(took) + 1) // 2 - 1])
    assert work.p90 == round(took[-(-len(took) * 9 // 10) - 1])
    # The same by the parts of the work.
    total = 0
    for queue in ("standard", "high_priority"):
        for kind in ("on_us", "transit"):
            part = DAYS.model_validate({**DAYS.model_dump(), "queue": queue, "item_type": kind})
            found = (await read_overview(bank.supervisor, part, NOW)).found
            total += found.now.work.whole.decided
            part_acts = (await read_acts(bank.supervisor, part, NOW)).found
            assert sum(part_acts.total(act) for act in FINAL_ACTS) == found.now.work.whole.decided
    assert total == whole.decided
