"""Two versions in words: every change is said, none is made up."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.policy.difference import ChangeKind, differences, summary
from console.policy.sentences import Names

AMOUNT = {"field": "amount", "op": "greater_or_equal", "value": "2500.00"}
NEW = {"field": "account_age_days", "op": "less", "value": 30}
PAYROLL = {"field": "payroll", "op": "equals", "value": True}
PAYEES = {"field": "payee", "op": "in", "value": ["Acme", "Bolt"]}


def rule(key: str, when: Any = AMOUNT, then: Any = ({"do": "require_dual_control"},), **more: Any) -> dict[str, Any]:
    return {"id": key, "name": f"Rule {key}", "enabled": True, "when": when, "then": list(then), **more}


def document(*rules: dict[str, Any], **thresholds: Any) -> dict[str, Any]:
    known = {"dual_control_amount": "5000.00", "sla_hours": "4", "view_both_sides": False, "stale_months": 6}
    return {"thresholds": known | thresholds, "rules": list(rules)}


def said(before: dict[str, Any], after: dict[str, Any], names: Names | None = None) -> list[str]:
    return [line for change in differences(before, after, names) for line in (change.words, *change.details)]


def test_the_issues_own_sentence() -> None:
    new = rule("a", {"all": [NEW, AMOUNT]}) | {"name": "New account"}
    changes = differences(document(), document(new, dual_control_amount="7500.00"))
    assert summary(changes) == "Two people from 5,000.00 to 7,500.00; rule “New account” added"
    assert changes[1].details == (
        "When account open for is less than 30 days and amount is at least 2,500.00 → two people",
    )
    assert summary(()) == "Nothing differs"
    many = document(*(rule(key) for key in "abcdef"))
    assert summary(differences(document(), many)).endswith("rule “Rule d” added; 2 more")


@pytest.mark.parametrize(
    ("thresholds", "words"),
    [
        ({"sla_hours": "6"}, "SLA: from 4 h to 6 h"),
        ({"view_both_sides": True}, "Both sides must be seen: now on"),
        ({"stale_months": 7}, "Stale after: from 6 months to 7 months"),
        ({"serial_gap": 40}, "Serial out of sequence from: now 40 serials"),
    ],
)
def test_thresholds(thresholds: dict[str, Any], words: str) -> None:
    assert said(document(), document(**thresholds)) == [words]


def test_one_value_written_in_two_ways_is_no_change() -> None:
    assert said(document(sla_hours="4"), document(sla_hours="4.0", dual_control_amount="5000")) == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (AMOUNT, AMOUNT | {"value": "9000.00"}, "amount is at least 9,000.00; was: amount is at least 2,500.00"),
        ({"all": [AMOUNT, NEW]}, {"all": [AMOUNT]}, "condition removed: account open for is less than 30 days"),
        ({"all": [AMOUNT]}, {"all": [AMOUNT, NEW]}, "condition added: account open for is less than 30 days"),
        ({"all": [AMOUNT, NEW]}, {"all": [NEW, AMOUNT]}, "its parts stand in another order"),
        (
            {"all": [AMOUNT, NEW]}, {"any": [AMOUNT, NEW]},
            "one of its parts is enough; before, every one of its parts must hold",
        ),
        (
            {"all": [AMOUNT, {"any": [NEW, {"not": PAYROLL}]}]},
            {"all": [AMOUNT, {"any": [NEW, {"not": PAYROLL | {"value": False}}]}]},
            "not: payroll account is no; was: payroll account is yes",
        ),
        (
            {"any": [PAYEES, AMOUNT]}, {"any": [PAYEES | {"value": ["Bolt", "Cord"]}, AMOUNT]},
            "payee is one of: “Cord” added; “Acme” taken out",
        ),
        (PAYEES, PAYEES | {"value": ["Bolt", "Acme"]}, "payee is one of: in another order"),
        (AMOUNT, {"all": [AMOUNT, NEW]}, "amount is at least 2,500.00 and account open for is less than 30 days; "
         "was: amount is at least 2,500.00"),
    ],
)  # fmt: skip
def test_a_condition_changed(before: Any, after: Any, words: str) -> None:
    assert said(document(rule("a", before)), document(rule("a", after))) == ["Rule “Rule a” changed", words]


def test_what_a_rule_does_and_where_it_holds() -> None:
    before = rule("a", then=[{"do": "set_priority", "priority": "medium"}, {"do": "blind"}])
    then = [{"do": "set_priority", "priority": "high"}, {"do": "route_to", "queue": "vip"}]
    after = rule("a", then=then, scope={"item_types": ["on_us"]}, effective_from="2026-12-01")
    after |= {"name": "Other", "enabled": False}
    assert said(document(before), document(after), Names(queues={"vip": "Special review"})) == [
        "Rule “Rule a” changed",
        "now called “Other”",
        "turned off",
        "priority high, was priority medium",
        "also: queue Special review",
        "no more: second person chooses unseen",
        "holds from 1 Dec 2026, for on-us checks; was for all checks, without an end",
    ]


def test_the_one_rule_that_was_moved_is_named() -> None:
    a, b, c, d = (rule(key) for key in "abcd")
    assert said(document(a, b, c, d), document(d, a, b, c)) == ["Rule “Rule d” moved from place 4 to 1"]
    gone = differences(document(a, b), document(b))
    assert [(change.kind, change.key) for change in gone] == [(ChangeKind.REMOVED, "a")]


conditions = st.sampled_from([AMOUNT, NEW, PAYROLL, PAYEES, AMOUNT | {"value": "1.00"}, PAYEES | {"value": ["Acme"]}])
nodes = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(lambda of: {"all": of}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda of: {"any": of}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda of: {"not": of}, inner),
    ),
    max_leaves=6,
)
actions = st.sampled_from([{"do": "blind"}, {"do": "require_note"}, {"do": "set_priority", "priority": "high"}])
documents = st.builds(
    lambda rules, amount: document(*rules, dual_control_amount=amount),
    st.lists(
        st.builds(rule, st.sampled_from("abcde"), nodes, st.lists(actions, min_size=1, max_size=2, unique_by=str)),
        max_size=4,
        unique_by=lambda one: one["id"],
    ),
    st.sampled_from(["5000.00", "7500.00"]),
)


@given(documents, documents)
def test_nothing_is_said_of_two_alike_and_something_of_any_other_two(one: dict, other: dict) -> None:
    assert differences(one, copy.deepcopy(one)) == ()
    changes = differences(one, other)
    same = {key: value for key, value in one.items() if key != "rules"} == {
        key: value for key, value in other.items() if key != "rules"
    } and _without_order_of_actions(one) == _without_order_of_actions(other)
    assert (changes == ()) == same
    assert all(change.words and "None" not in change.words for change in changes)


def _without_order_of_actions(document: dict[str, Any]) -> list[Any]:
    return [one | {"then": sorted(one["then"], key=str)} for one in document["rules"]]
