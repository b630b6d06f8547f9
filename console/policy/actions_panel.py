"""What a rule does: an action a line, each with its own inputs, and a button for each action that can be added."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.policy.actions import ACTIONS
from console.policy.editing import Path
from console.policy.rule_form import Node, RuleForm
from console.ui.pieces import ActionButton, Text, icon

_LEVELS: Final = {"critical": "critical", "high": "high", "medium": "medium", "low": "low"}
# What an action holds before anybody has chosen: nothing that would do harm by being forgotten.
_FRESH: Final[dict[str, Node]] = {
    "set_priority": {"priority": "high"},
    "set_risk_level": {"level": "high"},
    "add_flag": {"code": "", "title": ""},
}
_SEVERAL_TIMES: Final = {"add_flag"}


def draw_actions(form: RuleForm) -> None:
    """Everything under “then”."""
    actions = form.value(("then",)) or []
    for place, action in enumerate(actions):
        _draw(form, ("then", place), action)
    there = {action.get("do") for action in actions}
    left = {do: words for do, words in ACTIONS.items() if do not in there or do in _SEVERAL_TIMES}
    with Element("div").classes("crc-options") as box:
        box.props["role"] = "group"
        box.props["aria-label"] = "Add an action"
        box.props["data-focus"] = form.cursor(("then",))
        for do, words in left.items():
            cursor = ("then", len(actions))
            add = partial(form.add, ("then",), {"do": do} | _FRESH.get(do, {}), words, cursor)
            ActionButton(words, add, icon_name="add")
    _faults(form, ("then",))


def slug(title: str) -> str:
    """A flag's code from its title."""
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:60]


def _draw(form: RuleForm, path: Path, action: Node) -> None:
    words = ACTIONS.get(action.get("do", ""), "an unknown action")
    with Element("div").classes("crc-action") as box:
        box.props["role"] = "group"
        box.props["aria-label"] = words
        Text(words, classes="crc-action-name")
        match action.get("do"):
            case "set_priority":
                _choice(form, (*path, "priority"), "Priority", _LEVELS)
            case "set_risk_level":
                _choice(form, (*path, "level"), "Risk level", _LEVELS)
            case "route_to":
                _choice(form, (*path, "queue"), "Queue", dict(form.vocabulary.queues))
            case "set_sla_hours":
                hours = _text(form, (*path, "hours"), "SLA hours", 8)
                hours.props("inputmode=decimal suffix=h input-class=crc-policy-number")
            case "add_flag":
                _flag(form, path)
            case _:
                Element("span").classes("crc-gap")
        with Element("button").classes("crc-tool") as button:
            button.props["type"] = "button"
            button.props["aria-label"] = f"Take out: {words}"
            button.props["title"] = "Take out"
            button.props["data-focus"] = form.cursor(path)
            icon("close")
        button.on("click", lambda _: form.take_out(path, words, ("then",)), [])
        _faults(form, path, below=True)


def _flag(form: RuleForm, path: Path) -> None:
    code = form.value((*path, "code")) or ""
    follows = code in {"", slug(form.value((*path, "title")) or "")}
    title = _text(form, (*path, "title"), "Title of the flag", 80)
    field = _text(form, (*path, "code"), "Code of the flag", 60)

    def also_code(given: str) -> None:
        # Until somebody writes a code of their own it follows the title.
        if follows and field.value != slug(given):
            field.set_value(slug(given))

    title.on_value_change(lambda event: also_code(str(event.value or "")))


def _text(form: RuleForm, path: Path, label: str, most: int) -> ui.input:
    value = form.value(path)
    box = ui.input(
        label, value="" if value is None else str(value),
        on_change=lambda event: form.put(path, str(event.value or ""), label.lower(), typing=True),
    )  # fmt: skip
    box.props(f"dense outlined autocomplete=off maxlength={most} data-focus={form.cursor(path)}")
    return box


def _choice(form: RuleForm, path: Path, label: str, options: dict[str, str]) -> None:
    value = form.value(path)
    if value and value not in options:
        options = options | {value: f"{value} (closed)"}
    box = ui.select(options, value=value, on_change=lambda event: form.put(path, event.value, label.lower()))
    box.props(f"dense outlined options-dense data-focus={form.cursor(path)}")
    box.props["aria-label"] = label


def _faults(form: RuleForm, path: Path, *, below: bool = False) -> None:
    words: Any = Text("", tag="p", classes="crc-wrong")
    words.props["role"] = "alert"

    def refresh() -> None:
        words.set_text(" ".join(dict.fromkeys(one.message for one in form.faults(path, below=below))))

    form.parts.append(refresh)
    refresh()
