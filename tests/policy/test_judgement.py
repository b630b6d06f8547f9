"""The policy's word on an item."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from console.policy.actions import Priority
from console.policy.default import default_document
from console.policy.judgement import Judge, Judgement, Terms
from console.policy.linter import lint
from console.policy.model import PolicyDocument
from console.settings import Settings

DOCUMENT = default_document(Settings())
AMOUNTS = st.decimals(0, Decimal("9999999999.99"), places=2)
# What raises a flag, on an item that raises none by itself.
RAISES: dict[str, dict[str, Any]] = {
    "stop_payment": {"stopped": True},
    "duplicate_presentment": {"duplicate_days_ago": 3},
    "serial_gap": {"serial_number": 500, "serial_distance": 51},
    "image_quality": {"unusable_fields": frozenset({"payee"})},
    "returned_before": {"returns_90d": 1},
}
FLAGS = st.frozensets(st.sampled_from(sorted(RAISES)))
JUDGE = Judge(Terms(DOCUMENT, date(2026, 11, 20)))


def judged(amount: Decimal, flags: Iterable[str]) -> Judgement:
    """The word on an item of this amount that raises these flags."""
    facts: dict[str, Any] = {"item_type": "on_us", "serial_number": 7, "amount": amount, "routing_valid": True}
    for code in flags:
        facts |= RAISES[code]
    word = JUDGE.judge(facts)
    assert set(word.flags) == set(flags)
    return word


@given(AMOUNTS, FLAGS)
def test_two_people_from_the_threshold_to_the_cent(amount: Decimal, flags: frozenset[str]) -> None:
    assert judged(amount, flags).two_people is (amount >= Decimal("5000.00"))
    assert judged(Decimal("5000.00"), flags).two_people
    assert not judged(Decimal("4999.99"), flags).two_people


@given(AMOUNTS, AMOUNTS, FLAGS, FLAGS)
def test_more_money_or_more_flags_is_never_less_urgent(
    amount: Decimal, more: Decimal, flags: frozenset[str], others: frozenset[str]
) -> None:
    first = judged(amount, flags)
    second = judged(amount + more, flags | others)
    assert second.priority <= first.priority


@pytest.mark.parametrize(
    "amount, flags, priority, queue",
    [
        ("100.00", [], Priority.LOW, "standard"),
        ("100.00", ["serial_gap"], Priority.MEDIUM, "standard"),
        ("100.00", ["stop_payment"], Priority.HIGH, "high_priority"),
        ("9999.99", [], Priority.LOW, "standard"),
        ("10000.00", [], Priority.HIGH, "high_priority"),
        ("10000.00", ["serial_gap"], Priority.CRITICAL, "high_priority"),
    ],
)
def test_priority_and_queue(amount: str, flags: list[str], priority: Priority, queue: str) -> None:
    word = judged(Decimal(amount), flags)
    assert (word.priority, word.queue) == (priority, queue)


@given(st.builds(lambda a, b, h: {"dual_control_amount": a, "high_priority_amount": b, "sla_hours": h},
                 AMOUNTS, AMOUNTS, st.decimals(Decimal("0.25"), 240, places=2)))  # fmt: skip
def test_a_document_survives_being_stored(values: dict[str, Decimal]) -> None:
    document = PolicyDocument.model_validate({"thresholds": values})
    assert PolicyDocument.model_validate_json(document.model_dump_json()) == document


@pytest.mark.parametrize(
    "change",
    [{"dual_control_amount": "-1"}, {"dual_control_amount": "1.001"}, {"sla_hours": "0"}, {"no_such_threshold": 1}],
)
def test_faults_are_refused_with_their_path(change: dict[str, object]) -> None:
    values = DOCUMENT.model_dump(mode="json")["thresholds"] | change
    with pytest.raises(ValidationError) as refused:
        PolicyDocument.model_validate({"thresholds": values})
    assert refused.value.errors()[0]["loc"] == ("thresholds", *change)


def test_the_first_policy_has_no_dead_rule() -> None:
    """Each of its rules can fire and says something; that each does on the demo bank is seen there."""
    assert DOCUMENT.rules
    assert lint(DOCUMENT) == []
