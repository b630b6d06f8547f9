"""The input for what a field is compared with: by the field's type and by what the operator wants."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.policy.editing import Path
from console.policy.fields import FIELDS, Field
from console.policy.operators import NUMERIC, WANTS, FieldType, Operator, Wants
from console.policy.rule_form import Node, RuleForm
from console.policy.sentences import Names, value_words
from console.policy.values import MAX_TEXT

_UNITS: Final = {"dollars": "", "hour of the day": "h"}


def draw_value(form: RuleForm, path: Path, node: Node) -> None:
    """The inputs for the value of the condition at a path; none where its operator stands alone."""
    field, op = FIELDS.get(node.get("field", "")), node.get("op")
    if field is None or op not in list(Operator):
        return
    value, there = node.get("value"), (*path, "value")
    match WANTS[Operator(op)]:
        case Wants.ONE:
            _one(form, there, field, value, field.label)
        case Wants.SEVERAL:
            _several(form, there, field, value if isinstance(value, list) else [])
        case Wants.RANGE:
            ends = value if isinstance(value, list) and len(value) == 2 else [None, None]
            with Element("div").classes("crc-policy-ends crc-whole"):
                for place, word in enumerate(("from", "to")):
                    _one(form, there, field, ends[place], f"{field.label}, {word}", end=place)
        case Wants.LIST:
            _list(form, there, value)
        case Wants.MULTIPLE:
            with Element("div").classes("crc-policy-ends crc-whole"):
                _multiple(form, there, field, value if isinstance(value, dict) else {})


def typed_value(field: Field, typed: object) -> Any:
    """What was typed, as a condition has it; None: nothing. What is none of its type stays as typed, and is a fault."""
    if typed is None or isinstance(typed, bool):
        return typed
    text = str(typed)
    if field.type in NUMERIC:
        text = text.strip().replace(",", "").lstrip("$")
        if field.type is FieldType.INTEGER and text.lstrip("-").isdecimal() and text.isascii():
            return int(text)
    return text or None


def _one(form: RuleForm, path: Path, field: Field, value: Any, label: str, *, end: int | None = None) -> None:
    put = partial(_put_end, form, path, field, end) if end is not None else partial(_put, form, path, field)
    name = form.cursor(path if end is None else (*path, end))
    if field.type is FieldType.YES_NO:
        _select(name, label, {True: "yes", False: "no"}, value, put)
    elif field.choices:
        _select(name, label, _choices(form, field), value, put)
    elif field.name == "account_type" and form.vocabulary.account_types:
        _select(name, label, {one: one for one in form.vocabulary.account_types}, value, put)
    else:
        _input(name, label, field, value, put)


def _input(name: str, label: str, field: Field, value: Any, put: Callable[[Any], None]) -> None:
    shown = "" if value is None else str(value)
    box = ui.input(value=shown, on_change=lambda event: put(event.value))
    box.props(f"dense outlined autocomplete=off maxlength={MAX_TEXT} data-focus={name}")
    box.props["aria-label"] = f"{label}: value"
    if field.type is FieldType.DATE:
        box.props("type=date")
    elif field.type in NUMERIC:
        box.props("inputmode=decimal input-class=crc-policy-number")
        if unit := _UNITS.get(field.unit, field.unit):
            box.props["suffix"] = unit


def _several(form: RuleForm, path: Path, field: Field, value: list[Any]) -> None:
    label = f"{field.label}: values"

    def put(chosen: Any) -> None:
        several = [str(one) for one in chosen or ()]
        if several:
            form.put(path, several, field.label)
        else:
            form.leave_out(path, field.label)

    if field.choices:
        options = _choices(form, field)
        known = [one for one in value if one in options]
        chosen = ui.select(options, multiple=True, value=known, on_change=lambda event: put(event.value))
        chosen.props(f"dense outlined use-chips options-dense data-focus={form.cursor(path)}")
        chosen.props["aria-label"] = label
    else:
        chips = ui.input_chips(value=[str(one) for one in value], on_change=lambda event: put(event.value))
        chips.props(f"dense outlined data-focus={form.cursor(path)} maxlength={MAX_TEXT}")
        chips.props["aria-label"] = f"{label}, each with Enter"


def _list(form: RuleForm, path: Path, value: Any) -> None:
    lists = dict(form.vocabulary.lists)
    if value and value not in lists:
        lists[value] = f"{value} (no such list)"
    _select(form.cursor(path), "List", lists, value, lambda chosen: form.put(path, chosen, "the list"))


def _multiple(form: RuleForm, path: Path, field: Field, value: Node) -> None:
    others = {
        one.name: one.label
        for one in FIELDS.values()
        if one.numeric and one.name != field.name
        and (one.type is field.type or FieldType.MONEY not in {one.type, field.type})
    }  # fmt: skip
    times = FIELDS["times_usual"]

    def put(key: str, given: Any) -> None:
        now = form.value(path)
        form.put(path, {"times": None, "field": None} | (now if isinstance(now, dict) else {}) | {key: given},
                 field.label, typing=key == "times")  # fmt: skip

    _input(form.cursor(path), f"{field.label}, times", times, value.get("times"),
           lambda typed: put("times", typed_value(times, typed)))  # fmt: skip
    _select(form.cursor((*path, "field")), "of which field", others, value.get("field"), lambda one: put("field", one))


def _select(name: str, label: str, options: dict[Any, str], value: Any, put: Callable[[Any], None]) -> None:
    box = ui.select(options, value=value if value in options else None, on_change=lambda event: put(event.value))
    box.props(f"dense outlined options-dense data-focus={name}")
    box.props["aria-label"] = label


def _choices(form: RuleForm, field: Field) -> dict[Any, str]:
    names = Names(flags=form.vocabulary.flags)
    return {one: value_words(field, one, names) for one in field.choices}


def _put(form: RuleForm, path: Path, field: Field, typed: Any) -> None:
    value = typed_value(field, typed)
    if value is None:
        form.leave_out(path, field.label)
    else:
        form.put(path, value, field.label, typing=True)


def _put_end(form: RuleForm, path: Path, field: Field, end: int, typed: Any) -> None:
    now = form.value(path)
    ends = list(now) if isinstance(now, list) and len(now) == 2 else [None, None]
    ends[end] = typed_value(field, typed)
    form.put(path, ends, field.label, typing=True)
