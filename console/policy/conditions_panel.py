"""The condition of a rule as a tree of inputs: all, any, not, and single conditions, each with its tools."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.policy.editing import Path, new_condition
from console.policy.fields import FIELDS
from console.policy.operators import WANTS, WORDS, Operator, Wants
from console.policy.rule_form import Node, RuleForm
from console.policy.values_panel import draw_value
from console.ui.pieces import ActionButton, Text, icon

_KINDS: Final = {"all": "All of these hold", "any": "At least one holds"}
_FIELDS: Final = {one.name: f"{one.label} ({one.unit})" if one.unit else one.label for one in FIELDS.values()}
_TIMES: Final = " × another field"
# What was typed, unless an option of the list is marked: then Enter takes that one by itself.
_TYPED: Final = """(event) => {
  if (!document.querySelector(".q-menu .q-manual-focusable--focused")) emit(event.target.value);
}"""


def draw_conditions(form: RuleForm) -> None:
    """Everything under “when”."""
    _draw(form, ("when",), form.value(("when",)) or {})


def _draw(form: RuleForm, path: Path, node: Node) -> None:
    for kind in _KINDS:
        if isinstance(node.get(kind), list):
            _group(form, path, node, kind)
            return
    if "not" in node:
        _negation(form, path, node)
    else:
        _condition(form, path, node)


def _group(form: RuleForm, path: Path, node: Node, kind: str) -> None:
    with Element("div").classes("crc-group") as box:
        box.props["role"] = "group"
        box.props["aria-label"] = _KINDS[kind]
        box.props["data-kind"] = kind

        def switch(other: str) -> None:
            form.replace(path, {other: form.value((*path, kind))}, "all or any", path)

        with Element("div").classes("crc-group-head"):
            choice = ui.select(_KINDS, value=kind, on_change=lambda event: switch(event.value))
            choice.props(f"dense outlined options-dense data-focus={form.cursor(path)}")
            choice.props["aria-label"] = "What must hold"
            Element("span").classes("crc-gap")
            _tools(form, path, node)
        for place, part in enumerate(node[kind]):
            _draw(form, (*path, kind, place), part if isinstance(part, dict) else {})
        last = (*path, kind, len(node[kind]))
        with Element("div").classes("crc-row"):
            add = partial(form.add, (*path, kind))
            ActionButton("Condition", lambda: add(new_condition(), "a condition", (*last, "field")), icon_name="add")
            other = "any" if kind == "all" else "all"
            first = (*last, other, 0, "field")
            ActionButton("Group", lambda: add({other: [new_condition()]}, "a group", first), icon_name="add")
        _faults(form, path, own=("", kind))


def _negation(form: RuleForm, path: Path, node: Node) -> None:
    with Element("div").classes("crc-group") as box:
        box.props["role"] = "group"
        box.props["aria-label"] = "This does not hold"
        box.props["data-kind"] = "not"
        with Element("div").classes("crc-group-head"):
            Text("This does not hold", classes="crc-strong")
            Element("span").classes("crc-gap")
            _tools(form, path, node)
        part = node["not"]
        _draw(form, (*path, "not"), part if isinstance(part, dict) else {})


def _condition(form: RuleForm, path: Path, node: Node) -> None:
    field = FIELDS.get(node.get("field", ""))
    with Element("div").classes("crc-condition") as box:
        box.props["role"] = "group"
        box.props["aria-label"] = f"Condition on {field.label}" if field else "Condition"
        chosen = ui.select(
            _FIELDS, with_input=True, value=field.name if field else None,
            on_change=lambda event: _choose_field(form, path, event.value),
        )  # fmt: skip
        chosen.classes("crc-policy-field").props(
            f"dense outlined options-dense input-debounce=0 data-focus={form.cursor((*path, 'field'))}"
        )
        chosen.props["aria-label"] = "Field"
        chosen.on("keydown.enter", lambda event: _take_first(form, path, event.args), js_handler=_TYPED)
        if field:
            chosen.props["title"] = f"{field.description} Source: {field.source}."
            words = {one.value: _words(one) for one in field.operators}
            op = ui.select(
                words, value=node.get("op") if node.get("op") in words else None,
                on_change=lambda event: _choose_operator(form, path, event.value),
            )  # fmt: skip
            op.props(f"dense outlined options-dense data-focus={form.cursor((*path, 'op'))}")
            op.props["aria-label"] = f"{field.label}: operator"
            draw_value(form, path, node)
        _tools(form, path, node)
        _faults(form, path)


def _take_first(form: RuleForm, path: Path, typed: object) -> None:
    """Enter after a search takes the first field that fits, as the list shows it."""
    text = str(typed).strip().lower()
    found = [name for name, label in _FIELDS.items() if text and text in label.lower()]
    exact = [name for name in found if FIELDS[name].label == text]
    if found:
        _choose_field(form, path, (exact or found)[0])


def _words(op: Operator) -> str:
    return WORDS[op] + (_TIMES if WANTS[op] is Wants.MULTIPLE else "")


def _choose_field(form: RuleForm, path: Path, name: str | None) -> None:
    now = form.value(path)
    if name is None or name == now.get("field"):
        return
    field, before = FIELDS[name], FIELDS.get(now.get("field", ""))
    op = now.get("op") if now.get("op") in field.operators else field.operators[0].value
    node: Node = {"field": name, "op": op}
    same = before is not None and before.type is field.type and before.choices == field.choices
    if same and "value" in now and op == now.get("op"):
        node["value"] = now["value"]
    form.replace(path, node, "the field", (*path, "op"))


def _choose_operator(form: RuleForm, path: Path, op: str | None) -> None:
    now = form.value(path)
    if op is None or op == now.get("op"):
        return
    node: Node = {"field": now["field"], "op": op}
    before = now.get("op")
    if "value" in now and before in list(Operator) and WANTS[Operator(before)] is WANTS[Operator(op)]:
        node["value"] = now["value"]
    stands_alone = WANTS[Operator(op)] is Wants.NOTHING
    form.replace(path, node, "the operator", (*path, "op" if stands_alone else "value"))


def _tools(form: RuleForm, path: Path, node: Node) -> None:
    """What can be done with a node as a whole. The one under a `not` moves and goes with it."""
    inside_not = path[-1] == "not"
    in_list = isinstance(path[-1], int)
    negated = "not" in node
    with Element("div").classes("crc-tools"):
        if not inside_not:
            _tool("block", "Not", partial(_negate, form, path), pressed=negated)
        if not negated:
            _tool("data_object", "Put into a group", partial(_put_into_group, form, path))
        if in_list:
            _tool("arrow_upward", "Move up", partial(_move, form, path, -1))
            _tool("arrow_downward", "Move down", partial(_move, form, path, 1))
            _tool("close", "Take out", partial(form.take_out, path, "a condition", path[:-2]))


def _negate(form: RuleForm, path: Path) -> None:
    # As it is now: its inputs have changed it since it was drawn.
    node = form.value(path) or {}
    form.replace(path, node.get("not", {"not": node}), "a negation", path)


def _put_into_group(form: RuleForm, path: Path) -> None:
    node = form.value(path) or {}
    form.replace(path, {"any": [node]} if _in_all(path) else {"all": [node]}, "a group", path)


def _move(form: RuleForm, path: Path, by: int) -> None:
    count = len(form.value(path[:-1]))
    target = min(max(int(path[-1]) + by, 0), count - 1)
    if target != path[-1]:
        form.move(path, by, "the order", (*path[:-1], target, "field"))


def _in_all(path: Path) -> bool:
    return len(path) > 1 and path[-2] == "all"


def _tool(sign: str, words: str, work: Callable[[], Any], *, pressed: bool | None = None) -> None:
    with Element("button").classes("crc-tool") as button:
        button.props["type"] = "button"
        button.props["aria-label"] = words
        button.props["title"] = words
        if pressed is not None:
            button.props["aria-pressed"] = "true" if pressed else "false"
        icon(sign)
    button.on("click", lambda _: work(), [])


def _faults(form: RuleForm, path: Path, own: tuple[str, ...] = ("", "field", "op", "value")) -> None:
    """What is wrong with this node itself; its parts say it of themselves."""
    words = Text("", tag="p", classes="crc-wrong")
    words.props["role"] = "alert"

    def refresh() -> None:
        found = [fault for key in own for fault in form.faults((*path, key) if key else path)]
        words.set_text(" ".join(dict.fromkeys(one.message for one in found)))

    form.parts.append(refresh)
    refresh()
