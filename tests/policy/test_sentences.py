"""Rules and thresholds in words: any rule has its sentence, an unfinished one too."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.policy.fields import FIELDS, Field
from console.policy.model import Rule, Thresholds
from console.policy.operators import WANTS, FieldType, Operator, Wants
from console.policy.sentences import GAP, NOT_KNOWN, Kind, Names, found_words, in_words, sentence
from console.policy.threshold_words import THRESHOLDS, Unit, effect, shown

NAMES = Names({"special": "Special review"}, {"known_bad": "Known bad payees"}, {"velocity": "Velocity"})
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(lambda s: s.strip())


def values(field: Field) -> st.SearchStrategy[Any]:
    if field.choices:
        return st.sampled_from(field.choices)
    match field.type:
        case FieldType.MONEY:
            return st.decimals("-99999.99", "99999.99", places=2).map(str)
        case FieldType.NUMBER:
            return st.decimals("-999", "999", places=4).map(str)
        case FieldType.INTEGER:
            return st.integers(-99999, 99999)
        case FieldType.YES_NO:
            return st.booleans()
        case FieldType.DATE:
            return st.dates().map(date.isoformat)
        case _:
            return WORDS


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    field = FIELDS[draw(st.sampled_from(sorted(FIELDS)))]
    op = draw(st.sampled_from(field.operators))
    node: dict[str, Any] = {"field": field.name, "op": op.value}
    match WANTS[op]:
        case Wants.ONE:
            node["value"] = draw(values(field))
        case Wants.SEVERAL:
            node["value"] = draw(st.lists(values(field), min_size=1, max_size=3))
        case Wants.RANGE:
            low = draw(values(field))
            node["value"] = [low, low]
        case Wants.LIST:
            node["value"] = "known_bad"
        case Wants.MULTIPLE:
            other = [one.name for one in FIELDS.values() if one.type is field.type and one.name != field.name]
            node["value"] = {"times": "5", "field": draw(st.sampled_from(other))} if other else None
            if not other:
                node = {"field": field.name, "op": "is_missing"}
    return node


nodes = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)
levels = st.sampled_from(["critical", "high", "medium", "low"])
actions = st.one_of(
    st.sampled_from(["require_dual_control", "blind", "require_reason", "require_note"]).map(lambda do: {"do": do}),
    levels.map(lambda level: {"do": "set_priority", "priority": level}),
    levels.map(lambda level: {"do": "set_risk_level", "level": level}),
    st.just({"do": "route_to", "queue": "special"}),
    st.sampled_from(["0.5", "12"]).map(lambda hours: {"do": "set_sla_hours", "hours": hours}),
    st.just({"do": "add_flag", "code": "own", "title": "Our own"}),
)
rules = st.fixed_dictionaries(
    {"id": st.just("r-1"), "name": WORDS, "when": nodes, "then": st.lists(actions, min_size=1, max_size=3)},
    optional={
        "scope": st.fixed_dictionaries(
            {}, optional={"item_types": st.just(["on_us"]), "queues": st.just(["special", "standard"])}
        ),
        "effective_from": st.just("2026-12-01"),
    },
)


@given(rules)
def test_any_rule_has_a_sentence_that_names_its_fields_and_actions(given_rule: dict[str, Any]) -> None:
    rule = Rule.model_validate(given_rule).model_dump(mode="json")
    parts = sentence(rule, NAMES)
    assert all(part.text for part in parts)
    assert GAP not in [part.text for part in parts]
    assert sum(part.kind is Kind.ACTION for part in parts) == len(rule["then"])
    text = in_words(parts)
    assert text[0].isupper()
    assert "→" in text


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["", "amount", "flags", "in", "?"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["all", "any", "not", "field", "op", "value", "do", "times"]), inner, max_size=3
        ),
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["when", "then"]), json_values))
def test_an_unfinished_rule_has_a_sentence_with_gaps(rule: dict[str, Any]) -> None:
    rule["then"] = rule["then"] if isinstance(rule.get("then"), list) else []
    text = in_words(sentence(rule, NAMES))
    assert text.startswith("When ")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (
            {
                "when": {"all": [{"field": "account_age_days", "op": "less", "value": 30},
                                 {"field": "amount", "op": "greater_or_equal", "value": "2500.00"}]},
                "then": [{"do": "require_dual_control"}, {"do": "route_to", "queue": "special"}],
            },
            "When account open for is less than 30 days and amount is at least 2,500.00 "
            "→ two people, queue Special review",
        ),
        (
            {
                "when": {"all": [{"field": "amount", "op": "more_than_times",
                                  "value": {"times": "5", "field": "average_90"}},
                                 {"any": [{"field": "flags", "op": "has_any", "value": ["velocity", "serial_gap"]},
                                          {"not": {"field": "payee", "op": "in_list", "value": "known_bad"}}]}]},
                "then": [{"do": "add_flag", "code": "x", "title": "Ours"}],
                "scope": {"item_types": ["on_us"], "account_types": ["business"], "queues": ["special"]},
                "effective_from": "2026-12-01", "effective_until": None,
            },
            "From 1 Dec 2026, for on-us checks of business accounts in Special review: when amount is more than 5 × "
            "usual check and (flags include any of “Velocity” or “serial gap” or not (payee is on the list Known bad "
            "payees)) → flag “Ours”",
        ),
        (
            {"when": {"any": [{"field": "payee", "op": "is_missing"}, {"field": "business_date", "op": "between",
                                                                       "value": ["2026-01-01", "2026-02-01"]}]},
             "then": [{"do": "skip_review"}]},
            "When payee is not known or business date is between 1 Jan 2026 and 1 Feb 2026 → no review",
        ),
        (
            {"when": {"field": "duplicate_days_ago", "op": "less", "value": 1}, "then": [{"do": "blind"}]},
            "When seen before is less than 1 day ago → second person chooses unseen",
        ),
        (
            {"when": {"field": "checks_7d", "op": "changed_by_factor",
                      "value": {"times": "3", "field": "checks_week_before"}}, "then": [{"do": "require_note"}]},
            "When checks in 7 days differs at least 3 × from checks in the week before → note required",
        ),
        ({"when": {"all": [{"field": "amount", "op": "equals"}, {}]}, "then": []}, "When amount is … and … → …"),
    ],
)  # fmt: skip
def test_sentences_read_as_english(rule: dict[str, Any], text: str) -> None:
    assert in_words(sentence(rule, NAMES)) == text


def test_every_operator_of_every_field_is_in_the_catalogue_of_words() -> None:
    for field in FIELDS.values():
        for op in field.operators:
            node = {"field": field.name, "op": op.value}
            assert in_words(sentence({"when": node, "then": []})).startswith(f"When {field.label} ")
    assert set(WANTS) == set(Operator)


def test_what_was_found_is_said_as_people_read_it_and_an_account_number_is_masked() -> None:
    found = {
        "account_number": ("123456789", "•••• 6789"), "amount": (Decimal("7500.00"), "7,500.00"),
        "flags": (frozenset({"velocity", "serial_gap"}), "“serial gap”, “Velocity”"),
        "missing_sides": (frozenset(), "none"),
        "payee": ("Ann", "“Ann”"), "balance": (None, NOT_KNOWN), "payroll": (False, "no"),
        "business_date": (date(2026, 12, 1), "1 Dec 2026"), "account_age_days": (1, "1 day"),
    }  # fmt: skip
    said = {name: found_words(FIELDS[name], value, NAMES) for name, (value, _) in found.items()}
    assert said == {name: words for name, (_, words) in found.items()}


def test_every_threshold_has_its_words_and_no_other_has() -> None:
    assert set(THRESHOLDS) == set(Thresholds.model_fields)


def test_thresholds_read_as_people_write_them_and_say_what_a_change_means() -> None:
    values = {
        ("dual_control_amount", "7500.00"): "7,500.00", ("sla_hours", "4"): "4 h", ("stale_months", 6): "6 months",
        ("view_both_sides", False): "off", ("unusual_amount_factor", "5"): "5 ×",
        ("advisory_confidence", "0.70"): "0.7", ("duplicate_window_days", 180): "180 days",
        ("serial_gap", "x"): "x",
    }  # fmt: skip
    assert {key: shown(*key) for key in values} == values
    assert effect("dual_control_amount", "5000.00", "7500.00") == "Fewer checks need a second person."
    assert effect("dual_control_amount", "5000.00", "2500") == "More checks need a second person."
    assert effect("dual_control_amount", "5000.00", "5000") == ""
    assert effect("dual_control_amount", "5000.00", "many") == ""


@pytest.mark.parametrize("typed", ["1e999999999", "1e-999999999", "NaN", "sNaN", "-Infinity"])
def test_a_number_that_nobody_could_write_out_is_shown_as_it_was_typed(typed: str) -> None:
    assert shown("dual_control_amount", typed) == shown("sla_hours", typed) == typed
    assert effect("sla_hours", "4", typed) == ""
    rule = {"name": "Odd", "when": {"field": "amount", "op": "greater", "value": typed}, "then": []}
    assert f" {typed} " in in_words(sentence(rule))


def test_what_a_switch_means_is_said() -> None:
    assert effect("view_both_sides", False, True) == "Nobody decides without having seen both sides."
    assert {words.unit for words in THRESHOLDS.values()} == set(Unit)
