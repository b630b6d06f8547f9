"""A document that is being changed: whatever is done can be taken back, and done again."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.policy.editing import MOST_STEPS, Editing, at, duplicate_of, insert, move, new_rule, put, take_out
from console.policy.faults import InvalidDocument, read_rule


def document() -> dict[str, Any]:
    rules = [
        {"id": f"r-{n}", "name": f"Rule {n}", "when": {"all": [{"field": "amount"}]}, "then": []} for n in range(4)
    ]
    return {"thresholds": {"sla_hours": "4"}, "rules": rules}


@st.composite
def acts(draw: st.DrawFn) -> list[tuple[str, int, str]]:
    kind = st.sampled_from(["threshold", "name", "move", "out", "add", "nested"])
    return draw(st.lists(st.tuples(kind, st.integers(0, 9), st.sampled_from(["1", "2", "x"])), max_size=12))


def do(editing: Editing, kind: str, number: int, text: str) -> None:
    now = editing.document
    place = number % len(now["rules"]) if now["rules"] else None
    if kind == "threshold":
        editing.put(("thresholds", "sla_hours"), text, "SLA", typing=number % 2 == 0)
    elif kind == "add":
        editing.change(insert(now, ("rules",), number, {"id": text, "name": text, "when": {"all": [{}]}}), "add")
    elif place is None:
        return
    elif kind == "name":
        editing.put(("rules", place, "name"), text, "name", typing=True)
    elif kind == "move":
        editing.change(move(now, ("rules", place), number - 5), "move")
    elif kind == "out":
        editing.change(take_out(now, ("rules", place)), "out")
    else:
        editing.put(("rules", place, "when", "all", 0, "value"), text, "value")


@given(acts())
def test_all_can_be_taken_back_and_done_again_and_nothing_before_is_touched(steps: list[tuple[str, int, str]]) -> None:
    first = document()
    kept = deepcopy(first)
    editing = Editing(first)
    for step in steps:
        do(editing, *step)
    last = deepcopy(editing.document)
    taken_back = 0
    while editing.undo():
        taken_back += 1
    assert editing.document == kept == first
    assert editing.undoes is None
    done_again = 0
    while editing.redo():
        done_again += 1
    assert (editing.document, done_again) == (last, taken_back)


def test_what_is_typed_into_one_field_is_one_step_until_it_rests() -> None:
    editing = Editing(document())
    for typed in ("7", "75", "750"):
        editing.put(("thresholds", "sla_hours"), typed, "SLA", typing=True)
    editing.put(("rules", 0, "name"), "N", "name", typing=True)
    editing.put(("rules", 0, "name"), "Ne", "name", typing=True)
    editing.rest()
    editing.put(("rules", 0, "name"), "New", "name", typing=True)
    names = []
    while editing.undoes:
        names.append(
            (editing.undoes, editing.document["rules"][0]["name"], editing.document["thresholds"]["sla_hours"])
        )
        editing.undo()
    assert names == [("name", "New", "750"), ("name", "Ne", "750"), ("SLA", "Rule 0", "750")]


def test_what_is_typed_back_to_what_was_is_no_step() -> None:
    editing = Editing(document())
    editing.put(("thresholds", "sla_hours"), "40", "SLA", typing=True)
    editing.put(("thresholds", "sla_hours"), "4", "SLA", typing=True)
    assert editing.undoes is None


def test_a_change_after_an_undo_forgets_what_was_undone() -> None:
    editing = Editing(document())
    editing.put(("thresholds", "sla_hours"), "8", "SLA")
    assert editing.undo()
    assert editing.redoes == "SLA"
    editing.put(("rules", 1, "name"), "Other", "name")
    assert editing.redoes is None
    assert not editing.redo()


def test_the_history_is_bounded() -> None:
    editing = Editing(document())
    for number in range(MOST_STEPS + 30):
        editing.put(("thresholds", "sla_hours"), str(number), "SLA")
    steps = 0
    while editing.undo():
        steps += 1
    assert steps == MOST_STEPS
    assert editing.document["thresholds"]["sla_hours"] == "29"


def test_paths_lead_into_the_document_and_nowhere_else() -> None:
    now = document()
    assert at(now, ("rules", 1, "name")) == "Rule 1"
    assert at(now, ("rules", 9, "name")) is at(now, ("rules", "name")) is at(now, ("none", "x")) is None
    assert [one["id"] for one in move(now, ("rules", 3), -9)["rules"]] == ["r-3", "r-0", "r-1", "r-2"]
    assert "when" not in take_out(now, ("rules", 0, "when"))["rules"][0]
    for path in (("rules", 9), ("none", "x"), ("thresholds", "sla_hours", "x")):
        with pytest.raises(LookupError):
            put(now, path, 1)


def test_what_is_wrong_is_said_of_the_part_and_not_of_what_holds_it() -> None:
    rule = new_rule() | {"name": "A", "when": {"all": [{"any": [{"field": "amount", "op": "less"}]}]}}
    with pytest.raises(InvalidDocument) as refused:
        read_rule(rule)
    assert [one.keys for one in refused.value.faults] == [("when", "all", 0, "any", 0, "value"), ("then",)]


def test_new_and_duplicated_rules_have_ids_of_their_own() -> None:
    rule = new_rule()
    copy = duplicate_of(rule | {"name": "x" * 80})
    assert len({rule["id"], copy["id"], new_rule()["id"]}) == 3
    assert len(copy["name"]) == 80
    copy["when"]["all"].append({})
    assert len(rule["when"]["all"]) == 1
