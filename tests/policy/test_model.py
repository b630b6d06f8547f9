"""A policy's document: its JSON comes back as it was, and what is wrong with one is said with its place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from console.policy.conditions import MAX_CONDITIONS, MAX_DEPTH, Condition, Multiple, conditions_of
from console.policy.faults import InvalidDocument, read_document
from console.policy.fields import FIELDS
from console.policy.model import PolicyDocument
from console.policy.operators import OPERATORS, WANTS, WORDS, FieldType, Operator

RULE: dict[str, Any] = {
    "id": "r-1",
    "name": "New account",
    "when": {
        "all": [
            {"field": "amount", "op": "greater_or_equal", "value": "7500"},
            {"not": {"field": "payee", "op": "in_list", "value": "known-payees"}},
            {"any": [{"field": "payee", "op": "is_missing"}, {"field": "flags", "op": "is_empty"}]},
            {"field": "amount", "op": "more_than_times", "value": {"times": "2.50", "field": "average_90"}},
            {"field": "business_date", "op": "between", "value": ["2026-01-01", "2026-02-01"]},
        ]
    },
    "then": [{"do": "set_sla_hours", "hours": "2"}, {"do": "add_flag", "code": "ours", "title": "Ours"}],
    "scope": {"item_types": ["on_us"]},
    "effective_from": "2026-12-01",
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "thresholds": {"dual_control_amount": "5000.00", "high_priority_amount": "10000.00", "sla_hours": "4"},
    "rules": [RULE],
}


def test_a_document_comes_back_as_it_was() -> None:
    document = read_document(DOCUMENT)
    stored = document.model_dump(mode="json")
    assert read_document(stored) == document
    assert PolicyDocument.model_validate_json(document.model_dump_json()) == document
    assert read_document(document.model_dump()) == document
    assert stored["rules"][0]["when"] == {**RULE["when"], "all": [
        {**RULE["when"]["all"][0], "value": "7500.00"}, *RULE["when"]["all"][1:3],
        {**RULE["when"]["all"][3], "value": {"times": "2.5", "field": "average_90"}}, RULE["when"]["all"][4],
    ]}  # fmt: skip


def test_a_document_of_before_the_rules_is_still_one() -> None:
    assert read_document({"thresholds": DOCUMENT["thresholds"]}).rules == ()


def test_values_come_in_the_types_of_their_fields() -> None:
    found = [one.wanted for one in conditions_of(read_document(DOCUMENT).rules[0].when)]
    assert found[0] == Decimal("7500.00")
    assert found[4] == Multiple(Decimal("2.5"), "average_90")


def _condition(**changes: object) -> Callable[[Any], None]:
    return lambda document: document["rules"][0]["when"]["all"][0].update(changes)


def _action(action: dict[str, Any]) -> Callable[[Any], None]:
    return lambda document: document["rules"][0]["then"].append(action)


def _deep(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"field": "payee", "op": "is_missing"}
    for _ in range(levels):
        node = {"not": node}
    return node


@pytest.mark.parametrize(
    "change, where",
    [
        (_condition(value="much"), "rules › New account › when › all › 1 › value"),
        (_condition(value="1.001"), "rules › New account › when › all › 1 › value"),
        (_condition(value=7500.5), "rules › New account › when › all › 1 › value"),
        (_condition(value=True), "rules › New account › when › all › 1 › value"),
        (_condition(value="NaN"), "rules › New account › when › all › 1 › value"),
        (_condition(value="1e999999999"), "rules › New account › when › all › 1 › value"),
        (_condition(value=None), "rules › New account › when › all › 1 › value"),
        (_condition(op="is_missing"), "rules › New account › when › all › 1 › value"),
        (_condition(op="between", value=["2", "1"]), "rules › New account › when › all › 1 › value"),
        (_condition(op="at_least_times", value={"times": "2", "field": "checks_7d"}),
         "rules › New account › when › all › 1 › value"),
        (_condition(op="contains"), "rules › New account › when › all › 1 › op"),
        (_condition(op="resembles"), "rules › New account › when › all › 1 › op"),
        (_condition(field="colour"), "rules › New account › when › all › 1 › field"),
        (_condition(field="item_type", op="equals", value="cash"), "rules › New account › when › all › 1 › value"),
        (_condition(field="payee", op="contains", value="a\x00b"), "rules › New account › when › all › 1 › value"),
        (_condition(field="payee", op="contains", value="a\ud800"), "rules › New account › when › all › 1 › value"),
        (_condition(more=1), "rules › New account › when › all › 1 › more"),
        (lambda one: one["rules"][0]["when"]["all"].append({"maybe": 1}), "rules › New account › when › all › 6"),
        (lambda one: one["rules"][0].update(when=_deep(MAX_DEPTH + 1)), "rules › New account › when"),
        (lambda one: one["rules"][0].update(when=_deep(100_000)), "rules › New account › when"),
        (lambda one: one["rules"][0].update(when={"all": []}), "rules › New account › when › all"),
        (lambda one: one["rules"][0].update(when={"any": [{"all": [_deep(0)] * 40}] * 4}),
         "rules › New account › when"),
        (_action({"do": "skip_review"}), "rules › New account › then"),
        (_action({"do": "approve"}), "rules › New account › then › 3"),
        (_action({"do": "set_priority", "priority": "some"}), "rules › New account › then › 3 › priority"),
        (_action({"do": "add_flag", "code": "velocity", "title": "Mine"}), "rules › New account › then › 3 › code"),
        (_action({"do": "set_sla_hours", "hours": "0"}), "rules › New account › then › 3 › hours"),
        (lambda one: one["rules"][0].update(effective_until="2026-01-01"), "rules › New account › effective until"),
        (lambda one: one["rules"][0].update(name=" "), "rules › 1 › name"),
        (lambda one: one["rules"].append(copy.deepcopy(RULE)), "rules"),
        (lambda one: one["thresholds"].update(dual_control_amount=0.1), "thresholds › dual control amount"),
        (lambda one: one["thresholds"].update(colour="red"), "thresholds › colour"),
        (lambda one: one.update(colour="red"), "colour"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(change: Callable[[Any], None], where: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    with pytest.raises(InvalidDocument) as refused:
        read_document(document)
    assert [one.where for one in refused.value.faults] == [where]
    assert refused.value.faults[0].message.endswith(".")


def test_the_bounds_themselves_are_allowed() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["rules"][0]["when"] = _deep(MAX_DEPTH)
    document["rules"].append({**copy.deepcopy(RULE), "id": "r-2", "when": {"any": [{"all": [_deep(0)] * 50}] * 2}})
    assert len(list(conditions_of(read_document(document).rules[1].when))) == MAX_CONDITIONS


def test_every_field_says_what_it_is_and_every_operator_has_words() -> None:
    for field in FIELDS.values():
        assert field.label and field.description.endswith(".") and field.source and field.operators
        assert field.unit or field.type not in {FieldType.MONEY, FieldType.NUMBER}
        assert Condition(field=field.name, op=Operator.IS_PRESENT).value is None
    assert set(WANTS) == set(WORDS) == set(Operator) == {op for ops in OPERATORS.values() for op in ops}


@pytest.mark.parametrize(
    ("threshold", "typed", "words"),
    [
        ("dual_control_amount", "1e99999999", "Write 14 digits at the most."),
        ("new_account_amount", "1.234", "Write 2 decimals at the most."),
        ("sla_hours", "NaN", "Write a number, such as 2.5."),
        ("sla_hours", "four", "Write a number, such as 2.5."),
        ("undo_seconds", -3, "Write 0 or more."),
        ("stale_months", 500, "Write 120 or less."),
        ("unusual_amount_factor", "1", "Write more than 1."),
        ("new_account_days", "", "Write a whole number."),
    ],
)
def test_a_threshold_that_cannot_be_says_what_it_may_be(threshold: str, typed: object, words: str) -> None:
    fine = {"dual_control_amount": "5000.00", "high_priority_amount": "10000.00", "sla_hours": "4"}
    with pytest.raises(InvalidDocument) as refused:
        read_document({"thresholds": {**fine, threshold: typed}})
    assert [one.message for one in refused.value.faults] == [words]
