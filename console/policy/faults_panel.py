"""What is to be corrected before a draft can be saved: a list whose lines lead to the inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui.element import Element

from console.policy.editor_state import EditorState
from console.policy.faults import Fault
from console.policy.rule_form import focus_name
from console.policy.threshold_words import THRESHOLDS
from console.ui.still import Still, node

# More are shown once some are corrected.
MOST = 20


def show_faults(box: Element, state: EditorState, go: Callable[[str | None, str], Any] | None) -> None:
    """Show the faults in this element; `go(rule_id, cursor)` leads to an input, of a rule or of a threshold."""
    faults = state.faults[:MOST]
    box.clear()
    if not faults:
        return

    def act(place: str) -> None:
        fault = faults[int(place)]
        if go:
            go(_rule_of(state, fault), focus_name(fault.keys))

    words = "1 thing is" if len(state.faults) == 1 else f"{len(state.faults)} things are"
    lines = []
    for place, one in enumerate(faults):
        text = f"{_where(one)}: {one.message}"
        line = node("button", text, type="button", class_="crc-link", data_act=str(place)) if go else text
        lines.append(node("li", line))
    with box:
        shown = Still(on_act=act).classes("crc-faults")
        shown.props["role"] = "status"
        shown.show([node("strong", f"{words} to be corrected before this can be saved:"), node("ul", *lines)])


def _where(fault: Fault) -> str:
    """A threshold as its input is called; anything else by the way to it."""
    match fault.keys:
        case ("thresholds", str(name)) if name in THRESHOLDS:
            return THRESHOLDS[name].label
    return fault.where


def _rule_of(state: EditorState, fault: Fault) -> str | None:
    if fault.keys[:1] != ("rules",) or len(fault.keys) < 2 or not isinstance(fault.keys[1], int):
        return None
    rule: dict[str, Any] = state.rules[fault.keys[1]] if fault.keys[1] < len(state.rules) else {}
    found: str | None = rule.get("id")
    return found
