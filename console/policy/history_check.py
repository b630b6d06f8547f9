"""Holds a policy against the institution's history: fields mostly missing, thresholds that no check reached. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from console.policy.conditions import Condition, Multiple, conditions_of
from console.policy.fields import FIELDS
from console.policy.findings import FieldSeen, Finding, Kind, Severity, Statistics
from console.policy.model import PolicyDocument, Thresholds
from console.policy.operators import FieldType, Operator

# A field that is missing on more of the history than this hardly ever lets its rule fire.
MOSTLY: Final = Decimal("0.5")
# Thresholds that are held against a field: a value above all that was ever seen never matters.
_THRESHOLDS: Final = {
    "dual_control_amount": "amount",
    "high_priority_amount": "amount",
    "unusual_amount_factor": "times_usual",
    "new_account_amount": "amount",
    "serial_gap": "serial_distance",
    "checks_in_7_days": "checks_7d",
    "stale_months": "issued_months_ago",
}
_UPWARD: Final = frozenset({Operator.GREATER, Operator.GREATER_OR_EQUAL})
_DOWNWARD: Final = frozenset({Operator.LESS, Operator.LESS_OR_EQUAL})


def threshold_findings(thresholds: Thresholds, statistics: Statistics) -> Iterator[Finding]:
    """Thresholds that nothing in the history reached."""
    for name, of in _THRESHOLDS.items():
        seen = statistics.fields.get(of)
        value = getattr(thresholds, name)
        if seen is not None and seen.highest is not None and value > seen.highest:
            yield Finding(
                Kind.BEYOND_HISTORY, Severity.DOUBT, None, ("thresholds", name),
                f"{value:,} is above the largest {FIELDS[of].label} in {statistics.named} ({seen.highest:,}): it has "
                "no effect there.",
            )  # fmt: skip


def rule_findings(document: PolicyDocument, at: int, statistics: Statistics) -> Iterator[Finding]:
    """Fields of one rule that are mostly missing, and values that it asks for and that no check ever had."""
    if not statistics.items:
        return
    rule = document.rules[at]
    told: set[str] = set()
    for one in conditions_of(rule.when):
        seen = statistics.fields.get(one.field)
        if seen is None or one.field in told or one.op in {Operator.IS_MISSING, Operator.IS_PRESENT}:
            continue
        missing = 1 - Decimal(seen.known) / statistics.items
        label, keys = FIELDS[one.field].label, ("rules", at, "when")
        if missing > MOSTLY:
            told.add(one.field)
            words = f"“{label}” is missing on {missing:.0%} of {statistics.named}: it does not fire there."
            yield Finding(Kind.MOSTLY_MISSING, Severity.DOUBT, rule.id, keys, words)
        elif beyond := _beyond(one, seen):
            words = f"No check in {statistics.named} had such a value: {label} lay {beyond}."
            yield Finding(Kind.BEYOND_HISTORY, Severity.DOUBT, rule.id, keys, words)


def _beyond(one: Condition, seen: FieldSeen) -> str | None:
    """Between what the history lay, where this condition asks for what lies outside."""
    numeric = FIELDS[one.field].type in {FieldType.MONEY, FieldType.NUMBER, FieldType.INTEGER}
    if not numeric or seen.lowest is None or seen.highest is None or isinstance(one.wanted, Multiple):
        return None
    wanted: Any = one.wanted
    if one.op is Operator.BETWEEN:
        outside = wanted[0] > seen.highest or wanted[1] < seen.lowest
    elif one.op is Operator.EQUALS:
        outside = not seen.lowest <= wanted <= seen.highest
    elif one.op in _UPWARD:
        outside = wanted > seen.highest or (one.op is Operator.GREATER and wanted == seen.highest)
    elif one.op in _DOWNWARD:
        outside = wanted < seen.lowest or (one.op is Operator.LESS and wanted == seen.lowest)
    else:
        return None
    return f"between {seen.lowest:,} and {seen.highest:,}" if outside else None
