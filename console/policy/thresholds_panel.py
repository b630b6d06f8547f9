"""The thresholds of a draft: each with its unit, what is active, the default, and what a change means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.policy.default import default_document
from console.policy.editing import at
from console.policy.editor_state import EditorState, typed_threshold
from console.policy.lint_panel import findings_node
from console.policy.threshold_words import GROUPS, THRESHOLDS, ThresholdWords, Unit, effect, shown
from console.settings import settings
from console.ui.pieces import Text
from console.ui.still import Node, Still, node

_SUFFIX: Final = {Unit.HOURS: "h", Unit.MINUTES: "min", Unit.SECONDS: "s", Unit.TIMES: "×"}
_WITHOUT: Final = {Unit.DOLLARS, Unit.CONFIDENCE}


def focus_name(name: str) -> str:
    """What the input of a threshold is called for the cursor."""
    return f"thresholds.{name}"


class ThresholdsPanel:
    """The column of thresholds; inputs where `may_edit`, words where not."""

    def __init__(self, state: EditorState, *, may_edit: bool) -> None:
        self._state = state
        self._defaults: Mapping[str, Any] = default_document(settings()).thresholds.model_dump(mode="json")
        self._rows: dict[str, _Row] = {}
        with Element("section").classes("crc-panel crc-policy-column") as section:
            section.props["aria-label"] = "Thresholds"
            with Element("div").classes("crc-panel-head"):
                Text("Thresholds", tag="h2")
            with Element("div").classes("crc-policy-scroll"):
                for group, members in GROUPS.items():
                    Text(group, tag="h3", classes="crc-policy-group")
                    for name, words in members.items():
                        self._rows[name] = _Row(state, name, words, self._defaults[name], may_edit=may_edit)

    def show(self) -> None:
        """Show the thresholds as they are now."""
        for row in self._rows.values():
            row.show()


class _Row:
    def __init__(self, state: EditorState, name: str, words: ThresholdWords, default: Any, *, may_edit: bool) -> None:
        self._state, self._name, self._words, self._default = state, name, words, default
        self._field: ui.input | ui.switch | None = None
        self._value: Text | None = None
        self._box = Element("div").classes("crc-policy-threshold")
        with self._box:
            self._said = Still(on_act=lambda _: self._reset())
            # Given here and not set later: what is set while the page is built reaches the browser once it is
            # connected, and would replace what somebody has typed by then.
            value = at(state.document, ("thresholds", name))
            if not may_edit:
                self._value = Text("", tag="strong")
            elif words.unit is Unit.YES_NO:
                self._field = ui.switch(value=value is True, on_change=lambda e: self._typed(bool(e.value)))
                self._field.props("dense")
            else:
                shown_first = _as_typed(words, value, "")
                self._field = ui.input(value=shown_first, on_change=lambda e: self._typed(str(e.value or "")))
                self._field.props("dense outlined autocomplete=off maxlength=20 input-class=crc-policy-number")
                self._field.props["inputmode"] = "decimal"
                if words.unit not in _WITHOUT:
                    self._field.props["suffix"] = _SUFFIX.get(words.unit, words.unit.value)
            if self._field is not None:
                self._field.props["data-focus"] = focus_name(name)
                unit = "dollars" if words.unit is Unit.DOLLARS else words.unit.value
                self._field.props["aria-label"] = f"{words.label}, {unit}" if unit else words.label
            self._found = Still()
        self._showing = False
        self.show()

    def show(self) -> None:
        """Show the value, what it was, and what is wrong with it."""
        value = at(self._state.document, ("thresholds", self._name))
        active = at(self._state.active, ("thresholds", self._name))
        faults = self._state.faults_at(("thresholds", self._name))
        change = effect(self._name, active, value)
        if self._value is not None:
            self._value.set_text(shown(self._name, value))
        if self._field is not None:
            self._set(value)
        self._box.props["data-changed"] = "true" if change or (value != active and faults) else "false"
        self._box.props["data-wrong"] = "true" if faults else "false"
        self._said.show(self._nodes(active, change, [one.message for one in faults]))
        found = findings_node(self._state.findings_of(None, self._name))
        self._found.show([found] if found else [])

    def _nodes(self, active: Any, change: str, faults: list[str]) -> list[Node]:
        then = f"active {shown(self._name, active)} · default {shown(self._name, self._default)}"
        back = node(
            "button", "Undo this", class_="crc-link", type="button", data_act="reset",
            aria_label=f"{self._words.label}: back to {shown(self._name, active)}",
        ) if change and self._field is not None else None  # fmt: skip
        return [
            node("span", self._words.label, class_="crc-policy-label", title=self._words.help),
            node("span", then, class_="crc-soft")
            if change or faults
            else node("span", self._hint(), class_="crc-soft"),
            *([node("span", change, " ", back, class_="crc-policy-effect")] if change else []),
            *[node("span", one, class_="crc-wrong", role="alert") for one in faults],
        ]

    def _hint(self) -> str:
        """What it means, and the default."""
        return f"{self._words.help} Default {shown(self._name, self._default)}."

    def _set(self, value: Any) -> None:
        if isinstance(self._field, ui.switch):
            wanted: Any = value is True
        else:
            wanted = _as_typed(self._words, value, str(self._field.value or "") if self._field else "")
        if self._field is not None and self._field.value != wanted:
            self._showing = True
            try:
                self._field.set_value(wanted)
            finally:
                self._showing = False

    def _typed(self, typed: str | bool) -> None:
        if not self._showing:
            self._state.set_threshold(self._name, typed)

    def _reset(self) -> None:
        self._state.reset_threshold(self._name)
        self.show()


def _as_typed(words: ThresholdWords, value: Any, present: str) -> str:
    """What stands in the field: as the person wrote it while that means the same."""
    name = next(key for key, one in THRESHOLDS.items() if one is words)
    if present and typed_threshold(name, present) == value:
        return present
    return shown(name, value).removesuffix(f" {_SUFFIX.get(words.unit, words.unit.value)}").strip()
