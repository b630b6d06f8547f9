"""Sweeps: every point of the curve is what the Python engine says of each item under that very threshold."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from console.access.permissions import NotAllowed
from console.lab.errors import BadTrial
from console.lab.sweep import POINTS, SWEPT, Sweep, points_of, run_sweep, set_threshold, start_sweep
from console.lab.trials import TrialKind, latest_trial
from console.policy.drafting import open_draft
from console.policy.errors import ChangedMeanwhile
from tests.conftest import Database
from tests.factories import Bank, make_bank
from tests.lab.past import CALM, drafted, past_item, put, words

Run = Callable[[Coroutine[Any, Any, Any]], Any]
NEW_YORK = ZoneInfo("America/New_York")  # as make_bank says
RANGES = {
    "dual_control_amount": ("0", "12000"),
    "high_priority_amount": ("400", "9000"),
    "unusual_amount_factor": ("1.01", "20"),
    "new_account_amount": ("0", "6000"),
    "new_account_days": ("0", "60"),
    "serial_gap": ("1", "60"),
    "checks_in_7_days": ("1", "40"),
    "duplicate_window_days": ("1", "200"),
    "stale_months": ("1", "12"),
}


def quiet(rng: Random) -> dict[str, Any]:
    """Facts of an on-us check on which only what a swept threshold asks for can raise a flag."""
    return CALM | {
        "item_type": "on_us", "account_known": True, "account_age_days": rng.randrange(90), "over_balance": Decimal(-1),
        "average_90": Decimal(rng.choice(["50", "400", "3000"])), "checks_7d": rng.randrange(50),
        "checks_week_before": rng.choice([0, 30]), "returns_90d": 0, "serial_number": 7, "serial_seen_before": False,
        "serial_distance": rng.randrange(80), "duplicate_days_ago": rng.choice([None, None, rng.randrange(250)]),
        "positive_pay": True, "on_issued_file": True, "issued_status": "outstanding", "issued_amount_differs": False,
        "issued_payee_differs": False, "issued_months_ago": rng.randrange(14),
    }  # fmt: skip


@pytest.fixture
def bank(run: Run) -> Bank:
    made: Bank = run(make_bank())
    return made


def test_every_point_of_every_threshold_is_what_the_python_engine_says(
    run: Run, bank: Bank, database: Database
) -> None:
    rng = Random(11)
    items = [past_item(rng) for _ in range(100)] + [past_item(rng, **quiet(rng)) for _ in range(150)]
    put(database.superuser_url, bank, items)
    assert set(RANGES) == set(SWEPT)
    moving: set[str] = set()

    async def story() -> None:
        draft_id = await drafted(bank)
        document = (await open_draft(bank.supervisor, draft_id)).document
        for threshold, (low, high) in RANGES.items():
            trial_id = await start_sweep(bank.supervisor, draft_id, threshold, Decimal(low), Decimal(high), 90)
            await run_sweep(bank.supervisor, trial_id)
            trial = await latest_trial(bank.approver, draft_id, TrialKind.SWEEP)
            assert trial and trial.status == "finished", (threshold, trial)
            sweep = Sweep.model_validate(trial.result)
            assert sweep.items == len(items) and len(sweep.points) > 5
            assert sweep.busy == len({one.received_at.astimezone(NEW_YORK).date() for one in items})
            if len({(one.reviewed, one.two_people, one.raised) for one in sweep.points}) > 1:
                moving.add(threshold)
            for point in sweep.points[:: len(sweep.points) // 4]:
                whole = isinstance(document["thresholds"][threshold], int)
                value = int(point.value) if whole else str(point.value)
                given = {**document, "thresholds": {**document["thresholds"], threshold: value}}
                said = await words(bank, given, items)
                fraud = [(i, w) for i, w in zip(items, said, strict=True) if i.fraud]
                alone = sum((i.facts["amount"] for i, w in fraud if w.needs_review and not w.two_people), Decimal(0))
                assert point.model_dump() == {
                    "value": point.value,
                    "reviewed": sum(one.needs_review for one in said),
                    "two_people": sum(one.two_people for one in said),
                    "raised": sum(one.risk_level < 4 for one in said),
                    "fraud_caught": sum(w.needs_review and (w.two_people or w.risk_level < 4) for _, w in fraud),
                    "fraud_missed": sum(not w.needs_review for _, w in fraud),
                    "one_person_amount": alone,
                }, (threshold, point.value)

    run(story())
    # The priority changes nothing that a curve shows; everything else does on these items.
    assert moving >= set(SWEPT) - {"high_priority_amount"}


def test_points_are_few_in_order_and_hold_the_present_value() -> None:
    values = points_of("dual_control_amount", Decimal(1000), Decimal(9000), Decimal("5000.50"))
    assert values == sorted(set(values)) and len(values) == POINTS
    assert {Decimal(1000), Decimal("5000.50"), Decimal(9000)} <= set(values)
    assert points_of("stale_months", Decimal(1), Decimal(4), Decimal(6)) == [1, 2, 3, 4]
    for bad in (("sla_hours", 1, 2), ("dual_control_amount", 5, 5), ("dual_control_amount", 5, "1e999999999")):
        with pytest.raises(BadTrial):
            points_of(bad[0], Decimal(bad[1]), Decimal(bad[2]), Decimal(1))


def test_a_range_that_the_threshold_cannot_have_is_refused_and_a_point_sets_the_draft(run: Run, bank: Bank) -> None:
    async def story() -> None:
        draft_id = await drafted(bank)
        with pytest.raises(BadTrial, match="cannot be the threshold"):
            await start_sweep(bank.supervisor, draft_id, "stale_months", Decimal(1), Decimal(500), 90)
        with pytest.raises(NotAllowed):
            await start_sweep(bank.approver, draft_id, "stale_months", Decimal(1), Decimal(5), 90)
        opened = await open_draft(bank.supervisor, draft_id)
        await set_threshold(bank.supervisor, draft_id, "dual_control_amount", Decimal("7500.00"), opened.revision)
        await set_threshold(bank.supervisor, draft_id, "stale_months", Decimal(4), opened.revision + 1)
        thresholds = (await open_draft(bank.supervisor, draft_id)).document["thresholds"]
        assert (thresholds["dual_control_amount"], thresholds["stale_months"]) == ("7500.00", 4)
        with pytest.raises(ChangedMeanwhile):
            await set_threshold(bank.supervisor, draft_id, "stale_months", Decimal(5), opened.revision)
        with pytest.raises(NotAllowed):
            await set_threshold(bank.approver, draft_id, "stale_months", Decimal(5), opened.revision + 2)

    run(story())
