"""What each operator says of a value: true, false, and missing where the value is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from console.policy.faults import read_rule
from console.policy.operators import OPERATORS, Operator
from console.policy.questions import evaluator

LISTS = {"bad": frozenset({"acme"})}
FIVE = {"times": "5", "field": "average_90"}

# The field, the operator, what is wanted; a value of which that is true, and one of which it is false.
CASES: list[tuple[str, str, Any, Any, Any]] = [
    ("amount", "equals", "10.00", Decimal(10), Decimal("10.01")),
    ("amount", "not_equals", "10.00", Decimal("10.01"), Decimal(10)),
    ("amount", "greater", "10.00", Decimal("10.01"), Decimal(10)),
    ("amount", "greater_or_equal", "10.00", Decimal(10), Decimal("9.99")),
    ("amount", "less", "10.00", Decimal("9.99"), Decimal(10)),
    ("amount", "less_or_equal", "10.00", Decimal(10), Decimal("10.01")),
    ("amount", "between", ["10.00", "20.00"], Decimal(20), Decimal("20.01")),
    ("business_date", "between", ["2026-01-01", "2026-02-01"], date(2026, 1, 1), date(2025, 12, 31)),
    ("payee", "in", ["Acme", "Bolt"], "BOLT", "Boltx"),
    ("payee", "not_in", ["Acme", "Bolt"], "Boltx", "bolt"),
    ("payee", "contains", "CM", "acme", "ace"),
    ("payee", "starts_with", "ac", "Acme", "Macme"),
    ("payee", "ends_with", "ME", "acme", "acmes"),
    ("payee", "in_list", "bad", "ACME", "Bolt"),
    ("payee", "not_in_list", "bad", "Bolt", "Acme"),
    ("amount", "at_least_times", FIVE, Decimal(500), Decimal("499.99")),
    ("amount", "more_than_times", FIVE, Decimal("500.01"), Decimal(500)),
    ("amount", "at_most_times", FIVE, Decimal(500), Decimal("500.01")),
    ("amount", "less_than_times", FIVE, Decimal("499.99"), Decimal(500)),
    # Up or down: five times the usual 100, or a fifth of it.
    ("amount", "changed_by_factor", FIVE, Decimal(500), Decimal("499.99")),
    ("amount", "changed_by_factor", FIVE, Decimal(20), Decimal("20.01")),
    ("flags", "has_any", ["velocity", "serial_gap"], frozenset({"velocity"}), frozenset({"stale_dated"})),
    (
        "flags",
        "has_all",
        ["velocity", "serial_gap"],
        frozenset({"velocity", "serial_gap", "stale_dated"}),
        frozenset({"velocity"}),
    ),
    (
        "flags",
        "has_none",
        ["velocity", "serial_gap"],
        frozenset({"stale_dated"}),
        frozenset({"velocity", "stale_dated"}),
    ),
    ("missing_sides", "is_empty", None, frozenset(), frozenset({"back"})),
    ("missing_sides", "is_not_empty", None, frozenset({"back"}), frozenset()),
    ("payroll", "equals", True, True, False),
    ("payee", "is_missing", None, None, "Acme"),
    ("payee", "is_present", None, "Acme", None),
]


@pytest.mark.parametrize(("field", "op", "wanted", "yes", "no"), CASES)
def test_an_operator_means_what_it_says(field: str, op: str, wanted: Any, yes: Any, no: Any) -> None:
    when = {"field": field, "op": op} | ({} if wanted is None else {"value": wanted})
    test = evaluator(read_rule({"id": "r", "name": "r", "when": when, "then": [{"do": "blind"}]}).when, LISTS)
    beside = {"average_90": Decimal(100)}
    assert test({**beside, field: yes}) is True
    assert test({**beside, field: no}) is False
    if op not in {"is_missing", "is_present"}:
        assert test({**beside, field: None}) is None and test(beside) is None
    if wanted == FIVE:
        assert test({field: yes}) is None


def test_every_operator_has_its_case_and_a_type_that_offers_it() -> None:
    assert {op for _, op, *_ in CASES} == {op.value for op in Operator}
    assert {op for offered in OPERATORS.values() for op in offered} == set(Operator)
