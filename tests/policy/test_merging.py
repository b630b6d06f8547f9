"""Two people's changes of one draft, and what an editor says of its document."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.policy.changed_parts import changed_parts, rules_of
from console.policy.checking import Checker
from console.policy.drafting import OpenedDraft, SavedDraft
from console.policy.editing import put, take_out
from console.policy.editor_state import EditorState, typed_threshold
from console.policy.faults import InvalidDocument, read_document
from console.policy.merging import merged
from console.policy.model import Thresholds

THRESHOLDS = Thresholds(dual_control_amount="5000.00", high_priority_amount="10000.00", sla_hours="4")


def rule(key: str, name: str = "A rule", value: object = "40.00") -> dict[str, Any]:
    when = {"field": "amount", "op": "less", "value": value}
    return {"id": key, "name": name, "when": when, "then": [{"do": "require_note"}]}


def document(*rules: dict[str, Any], **thresholds: object) -> dict[str, Any]:
    values = {"thresholds": THRESHOLDS.model_dump(mode="json") | thresholds, "rules": list(rules)}
    return read_document(values).model_dump(mode="json")


BASE = document(rule("a"), rule("b"), rule("c"))


def without(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {**values, "rules": [one for one in values["rules"] if one["id"] not in keys]}


def test_changes_of_different_parts_are_both_kept() -> None:
    mine = put(put(BASE, ("thresholds", "stale_months"), 9), ("rules", 1, "name"), "Mine")
    mine = {**mine, "rules": [*mine["rules"], rule("mine")]}
    theirs = put(without(BASE, "c"), ("thresholds", "warning_minutes"), 45)
    theirs = {**theirs, "rules": [rule("theirs"), *theirs["rules"]]}
    both = merged(BASE, mine, theirs)
    assert both is not None
    assert (both["thresholds"]["stale_months"], both["thresholds"]["warning_minutes"]) == (9, 45)
    assert [(one["id"], one["name"]) for one in both["rules"]] == [
        ("theirs", "A rule"), ("a", "A rule"), ("b", "Mine"), ("mine", "A rule")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (put(BASE, ("thresholds", "stale_months"), 9), put(BASE, ("thresholds", "stale_months"), 7)),
        (put(BASE, ("rules", 0, "name"), "Mine"), put(BASE, ("rules", 0, "name"), "Theirs")),
        (put(BASE, ("rules", 0, "name"), "Mine"), without(BASE, "a")),
        ({**BASE, "rules": BASE["rules"][::-1]}, {**BASE, "rules": [*BASE["rules"][1:], BASE["rules"][0]]}),
    ],
)
def test_changes_of_the_same_part_are_not_merged(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert merged(BASE, mine, theirs) is None
    assert merged(BASE, theirs, mine) is None


@st.composite
def changes(draw: st.DrawFn, who: str) -> dict[str, Any]:
    now = deepcopy(BASE)
    for what in draw(st.sets(st.sampled_from(["stale_months", "undo_seconds", "a", "b", "c", "order", "add"]))):
        if what in now["thresholds"]:
            now["thresholds"][what] = draw(st.integers(1, 9))
        elif what == "order":
            now["rules"] = draw(st.permutations(now["rules"]))
        elif what == "add":
            now["rules"].insert(draw(st.integers(0, len(now["rules"]))), rule(f"{who}-new"))
        elif draw(st.booleans()):
            now = without(now, what)
        else:
            now["rules"] = [one | {"name": who} if one["id"] == what else one for one in now["rules"]]
    return now


@given(changes("me"), changes("them"))
def test_what_is_merged_has_every_change_of_both(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    both = merged(BASE, mine, theirs)
    if both is None:
        return
    for one in (mine, theirs):
        parts = changed_parts(BASE, one)
        assert all(both["thresholds"][name] == one["thresholds"][name] for name in parts.thresholds)
        assert all(rules_of(both)[key] == rules_of(one)[key] for key in (*parts.added, *parts.changed))
        assert not rules_of(both).keys() & set(parts.removed)
    assert set(rules_of(both)) <= set(rules_of(mine)) | set(rules_of(theirs))
    assert len(both["rules"]) == len(rules_of(both))


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A document with faults in some places."""
    values = deepcopy(BASE)
    if draw(st.booleans()):
        values["thresholds"]["sla_hours"] = draw(st.sampled_from(["", "x", "-1"]))
    for one in values["rules"]:
        fault = draw(st.sampled_from([None, None, "name", "value", "then", "dates"]))
        if fault == "name":
            one["name"] = ""
        elif fault == "value":
            one["when"] = take_out(one["when"], ("value",)) if draw(st.booleans()) else {"any": [{"field": "amount"}]}
        elif fault == "then":
            one["then"] = []
        elif fault == "dates":
            one["effective_from"], one["effective_until"] = "2026-12-02", "2026-12-01"
    return values


@given(spoilt())
def test_checking_piece_by_piece_finds_what_reading_the_whole_finds(values: dict[str, Any]) -> None:
    checker = Checker()
    checked = checker.check(values)
    assert checker.check(values) == checked
    try:
        assert checked.normal == read_document(values).model_dump(mode="json")
        assert checked.faults == ()
        assert not checked.usable.left_out
    except InvalidDocument as error:
        assert set(checked.faults) == set(error.faults)
        assert checked.usable.left_out


def opened(values: dict[str, Any]) -> OpenedDraft:
    now = datetime.now(UTC)
    return OpenedDraft(uuid4(), 2, "draft", 1, values, "Anna", now, "Anna", None, None, None)


def test_an_editor_knows_what_is_unsaved_and_goes_on_from_what_was_saved() -> None:
    state = EditorState(opened(BASE))
    assert not state.unsaved and not state.changes.count
    state.set_threshold("dual_control_amount", "$7,500")
    state.settle()
    assert state.unsaved and state.changes.thresholds == ("dual_control_amount",)
    sent = state.document
    state.put(("rules", 0, "name"), "Typed meanwhile", "the name", typing=True)
    state.was_saved(SavedDraft(2, datetime.now(UTC), sent), sent)
    assert (state.revision, state.unsaved) == (2, True)
    assert state.undo()
    state.settle()
    assert not state.unsaved


def test_what_others_saved_can_be_left_again_by_undo() -> None:
    state = EditorState(opened(BASE))
    state.set_threshold("stale_months", "9")
    state.begin_again(put(BASE, ("thresholds", "stale_months"), 7), 5)
    assert (state.revision, state.unsaved, state.document["thresholds"]["stale_months"]) == (5, False, 7)
    assert state.undo()
    state.settle()
    assert state.unsaved and state.document["thresholds"]["stale_months"] == 9


def test_thresholds_are_kept_as_typed_where_they_are_no_numbers() -> None:
    typed = {
        ("dual_control_amount", "$7,500"): "7500.00", ("dual_control_amount", "7.505"): "7.505",
        ("stale_months", "6"): 6, ("stale_months", "6.5"): "6.5", ("sla_hours", " 2.5 "): "2.5",
        ("view_both_sides", True): True, ("stale_months", "six"): "six",
    }  # fmt: skip
    assert {key: typed_threshold(*key) for key in typed} == typed
