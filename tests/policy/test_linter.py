"""The linter: what it finds, what it leaves alone, and that what it says holds of random rules and items."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.policy.default import default_document
from console.policy.faults import read_document
from console.policy.findings import FieldSeen, Finding, Kind, Severity, Statistics
from console.policy.judgement import Judge, Terms
from console.policy.linter import lint
from console.settings import Settings
from tests.policy import drawn

_THRESHOLDS = {"dual_control_amount": "5000", "high_priority_amount": "10000", "sla_hours": "4"}
_NOTE = ({"do": "require_note"},)
_SKIP = ({"do": "skip_review"},)


def is_(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


def rule(when: dict[str, Any], then: Any = _NOTE, **more: Any) -> dict[str, Any]:
    return {"name": "A rule", "when": when, "then": list(then), **more}


def found(*rules: dict[str, Any], day: date | None = None, **statistics: Any) -> list[Finding]:
    numbered = [{"id": f"r-{at}", **one} for at, one in enumerate(rules)]
    return lint(read_document({"thresholds": _THRESHOLDS, "rules": numbered}), Statistics(**statistics), day)


LARGE = is_("amount", "greater_or_equal", "1000.00")
LARGER = is_("amount", "greater", "2000.00")


@pytest.mark.parametrize(
    "when",
    [
        {"all": [is_("amount", "greater", "10"), is_("amount", "less_or_equal", "10")]},
        {"all": [is_("checks_7d", "greater", 3), is_("checks_7d", "less", 4)]},
        {"all": [is_("balance", "equals", "5"), {"not": is_("balance", "between", ["1", "9"])}]},
        {"all": [is_("item_type", "equals", "on_us"), {"not": {"any": [is_("item_type", "in", ["on_us"])]}}]},
        {"all": [is_("payee", "equals", "ACME"), is_("payee", "starts_with", "b")]},
        {"all": [is_("payee", "in", ["Acme", "Other"]), is_("payee", "not_in", ["ACME", "other"])]},
        {"all": [is_("average_90", "is_missing"), is_("average_90", "greater", "5")]},
        {"all": [is_("payee", "in_list", "bad"), is_("payee", "not_in_list", "bad")]},
        {"all": [is_("flags", "is_empty"), is_("flags", "has_any", ["velocity"])]},
        {"all": [is_("missing_sides", "has_all", ["front"]), is_("missing_sides", "has_none", ["front", "back"])]},
        {"all": [is_("payroll", "equals", True), {"not": is_("payroll", "equals", True)}]},
        {"any": [is_("amount", "less", "0"), is_("received_hour", "greater", 23)]},
        {"all": [LARGE, {"any": [is_("amount", "less", "5"), is_("amount", "between", ["7", "900"])]}]},
    ],
)
def test_conditions_that_nothing_meets_never_fire(when: dict[str, Any]) -> None:
    (one,) = found(rule(when))
    assert (one.kind, one.severity, one.rule_id, one.keys) == (
        Kind.NEVER_FIRES,
        Severity.FAULT,
        "r-0",
        ("rules", 0, "when"),
    )


@pytest.mark.parametrize(
    "when",
    [
        {"all": [is_("amount", "greater_or_equal", "10"), is_("amount", "less_or_equal", "10")]},
        {"all": [is_("balance", "greater", "3"), is_("balance", "less", "4")]},
        {"any": [is_("amount", "less", "0"), is_("average_90", "is_missing")]},
        {"all": [is_("payee", "contains", "a"), is_("payee", "not_equals", "a")]},
        {"all": [is_("flags", "has_any", ["velocity", "serial_gap"]), is_("flags", "has_none", ["velocity"])]},
    ],
)
def test_conditions_that_something_meets_are_left_alone(when: dict[str, Any]) -> None:
    assert found(rule(when)) == []


def test_scope_days_queues_and_lists_can_keep_a_rule_from_ever_firing() -> None:
    narrow = rule(is_("item_type", "equals", "transit"), scope={"item_types": ["on_us"]})
    assert [one.kind for one in found(narrow)] == [Kind.NEVER_FIRES]
    ended = rule(LARGE, effective_until="2026-11-20")
    assert found(ended, day=date(2026, 11, 20)) == []
    (one,) = found(ended, day=date(2026, 11, 21))
    assert "ended on 20 November 2026" in one.words
    queue = rule(LARGE, scope={"queues": ["gone"]})
    assert found(queue) == [] and found(queue, queues=frozenset({"gone"})) == []
    assert [one.kind for one in found(queue, queues=frozenset({"standard"}))] == [Kind.NEVER_FIRES]
    listed = rule(is_("payee", "in_list", "bad"))
    assert found(listed) == [] and found(listed, lists={"bad": 2}) == []
    (one,) = found(listed, lists={"bad": 0})
    assert "“bad” holds nothing" in one.words


def test_a_disabled_rule_is_nobodys_business() -> None:
    assert found(rule(is_("amount", "less", "0"), enabled=False)) == []
    assert found(rule(LARGE, enabled=False), rule(LARGE)) == []


def test_a_rule_that_another_does_wherever_it_fires_is_shadowed() -> None:
    (one,) = found(rule(LARGE, name="All large"), rule(LARGER))
    assert (one.kind, one.rule_id) == (Kind.SHADOWED, "r-1") and "“All large”" in one.words
    (one,) = found(rule(LARGER), rule(LARGE))  # the broader one may come later
    assert (one.kind, one.rule_id) == (Kind.SHADOWED, "r-0")
    (one,) = found(rule(LARGE), rule(LARGE))  # of two alike the later one is too many
    assert one.rule_id == "r-1"
    urgent = [{"do": "set_priority", "priority": "critical"}]
    (one,) = found(rule(LARGE, urgent), rule(LARGER, [{"do": "set_priority", "priority": "high"}]))
    assert (one.kind, one.rule_id) == (Kind.SHADOWED, "r-1")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (rule(LARGE), rule(LARGER, [{"do": "blind"}])),
        (rule(LARGE, scope={"item_types": ["on_us"]}), rule(LARGER)),
        (rule(LARGE, effective_until="2026-12-31"), rule(LARGER)),
        (rule({"all": [LARGE, is_("balance", "less", "1")]}), rule(LARGER)),
        (rule(is_("balance", "greater", "5")), rule({"not": is_("balance", "is_present")})),
        (rule(LARGE, [{"do": "set_sla_hours", "hours": "4"}]), rule(LARGER, [{"do": "set_sla_hours", "hours": "2"}])),
    ],
)
def test_a_rule_that_adds_something_is_not_shadowed(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert found(first, second) == []


def test_rules_that_take_away_each_others_word_contradict() -> None:
    to = lambda queue: [{"do": "route_to", "queue": queue}]  # noqa: E731
    (one,) = found(rule(LARGE, to("a"), name="To a"), rule(LARGER, to("b")))
    assert (one.kind, one.rule_id) == (Kind.CONTRADICTS, "r-1") and "“To a” comes first" in one.words
    assert found(rule(LARGER, to("b")), rule(LARGE, to("a"))) == []  # the exception before the rule
    (one,) = found(rule(LARGE), rule(LARGER, _SKIP))
    assert (one.kind, one.rule_id) == (Kind.CONTRADICTS, "r-1") and "never skips" in one.words
    assert [one.kind for one in found(rule(is_("flags", "has_any", ["velocity"]), _SKIP))] == [Kind.CONTRADICTS]
    assert [one.kind for one in found(rule(is_("amount", "greater", "6000"), _SKIP))] == [Kind.CONTRADICTS]
    assert found(rule(is_("amount", "less", "100"), _SKIP)) == []


def test_a_route_to_a_closed_queue_leads_nowhere_and_takes_no_word_away() -> None:
    open_queues = frozenset({"b"})
    rules = rule(LARGE, [{"do": "route_to", "queue": "a"}]), rule(LARGER, [{"do": "route_to", "queue": "b"}])
    (one,) = found(*rules, queues=open_queues)
    assert (one.kind, one.rule_id, one.keys) == (Kind.ROUTES_NOWHERE, "r-0", ("rules", 0, "then", 0, "queue"))


def test_the_history_says_what_is_mostly_missing_and_what_was_never_reached() -> None:
    seen = {
        "amount": FieldSeen(100, Decimal("1.00"), Decimal("4000.00")),
        "payroll": FieldSeen(49),
        "balance": FieldSeen(50, Decimal(-5), Decimal(10)),
    }
    facts = {"items": 100, "fields": seen}
    kinds = {one.keys[-1]: one.kind for one in found(**facts)}
    assert kinds == {"dual_control_amount": Kind.BEYOND_HISTORY, "high_priority_amount": Kind.BEYOND_HISTORY}
    rules = (
        rule(is_("payroll", "equals", True)),
        rule(is_("balance", "less", "0.00")),
        rule(is_("amount", "greater", "4000.00")),
        rule(is_("amount", "between", ["0.10", "0.99"])),
        rule(is_("payroll", "is_missing")),
    )
    about_rules = [(one.rule_id, one.kind) for one in found(*rules, **facts) if one.rule_id]
    assert about_rules == [
        ("r-0", Kind.MOSTLY_MISSING), ("r-2", Kind.BEYOND_HISTORY), ("r-3", Kind.BEYOND_HISTORY),
    ]  # fmt: skip


def test_the_policy_that_the_console_begins_with_has_nothing_to_find() -> None:
    assert lint(default_document(Settings())) == []


def _natural_item(rng: Random) -> dict[str, Any]:
    facts = drawn.item(rng)
    facts["amount"] = abs(facts["amount"])
    for name, highest in (("received_hour", 23), ("serial_distance", 10**12)):
        facts[name] = None if facts[name] is None else min(abs(facts[name]), highest)
    return facts


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_what_is_called_dead_or_shadowed_or_contradicting_is_so_on_random_items(seed: int) -> None:
    rng = Random(seed)
    values = drawn.document(rng)
    values["rules"] += [dict(one, id=f"{one['id']}-again") for one in values["rules"]]  # so that some are shadowed
    lists = drawn.lists(rng)
    document = read_document(values)
    terms = Terms(document, date(2026, 11, 21), lists)
    sizes = {key: len(words) for key, words in lists.items()}
    findings = lint(document, Statistics(lists=sizes), terms.day)
    never = {one.rule_id for one in findings if one.kind is Kind.NEVER_FIRES}
    needless = {one.rule_id for one in findings if one.kind is Kind.SHADOWED}
    never_skip = {one.rule_id for one in findings if "never skips" in one.words}
    without = [one for one in values["rules"] if one["id"] not in needless]
    judge = Judge(terms)
    thinned = Judge(Terms(read_document({**values, "rules": without}), terms.day, lists))
    for _ in range(20):
        facts, queue = _natural_item(rng), rng.choice([None, *drawn.QUEUES])
        word, less = judge.judge(facts, queue), thinned.judge(facts, queue)
        fired = {one.id for one in word.fired}
        assert not fired & never
        assert not fired & never_skip or word.needs_review
        assert (less.needs_review, less.queue, less.priority, less.two_people, less.rule_hours, less.flags) == (
            word.needs_review, word.queue, word.priority, word.two_people, word.rule_hours, word.flags,
        )  # fmt: skip
        assert [one.code for one, _ in less.added] == [one.code for one, _ in word.added]
