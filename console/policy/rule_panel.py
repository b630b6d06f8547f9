"""One rule, open: its name, when it holds, what it does, for which checks and since when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.policy.actions_panel import draw_actions
from console.policy.conditions_panel import draw_conditions
from console.policy.editing import Path
from console.policy.editor_state import EditorState
from console.policy.lint_panel import findings_node
from console.policy.rule_form import RuleForm, focus_name
from console.policy.sentence_panel import sentence_node, tool
from console.policy.vocabulary import Vocabulary
from console.ui.focus import focus
from console.ui.pieces import Text
from console.ui.still import Still, node

_ITEM_TYPES: Final = {"on_us": "on-us", "transit": "transit"}
_TOOLS: Final = (
    ("up", "arrow_upward", "Move up"),
    ("down", "arrow_downward", "Move down"),
    ("copy", "content_copy", "Duplicate"),
    ("delete", "delete", "Take out the rule"),
    ("close", "expand_less", "Fold"),
)


class RuleBuilder:
    """The builder of the rule at `place`. `on_act("up:r-1")` is told what is done with the rule as a whole."""

    def __init__(self, state: EditorState, vocabulary: Vocabulary, place: int, *, on_act: Callable[[str], Any]) -> None:
        self._state, self._on_act = state, on_act
        self._form = RuleForm(state, vocabulary, place, self._redraw)
        with Element("article").classes("crc-rule crc-rule-open") as self._box:
            self._head = Still(on_act=on_act)
            self._body = Element("div").classes("crc-builder")
        self._draw()

    def show(self, place: int) -> None:
        """Show the sentence and what is wrong as they are now; the inputs hold what was typed."""
        self._form.place = place
        self._show_head()
        for refresh in self._form.parts:
            refresh()

    def _redraw(self, cursor: Path) -> None:
        self._body.clear()
        self._draw()
        focus(self._body.client, self._form.cursor(cursor))

    def _draw(self) -> None:
        form = self._form
        form.parts.clear()
        self._show_head()
        with self._body:
            self._draw_name()
            Text("When", tag="h4")
            draw_conditions(form)
            Text("Then", tag="h4")
            draw_actions(form)
            Text("Only for", tag="h4")
            self._draw_scope()

    def _show_head(self) -> None:
        rule = self._form.value(()) or {}
        rule_id, off = rule.get("id", ""), rule.get("enabled") is False
        name = rule.get("name") or "New rule"
        tools = [*_TOOLS]
        tools.insert(2, ("enable", "toggle_off" if off else "toggle_on", "Turn on" if off else "Turn off"))
        self._box.props["data-off"] = "true" if off else "false"
        title = node("button", f"{self._form.place + 1} · {name}", type="button", data_act=f"close:{rule_id}",
                     aria_expanded="true")  # fmt: skip
        self._head.show(
            [
                node(
                    "div",
                    node("h3", title),
                    node("span", "off", class_="crc-tag") if off else None,
                    node("div", *[tool(f"{what}:{rule_id}", sign, f"{words}: {name}") for what, sign, words in tools],
                         class_="crc-tools"),
                    class_="crc-rule-head",
                ),
                sentence_node(rule, self._form.vocabulary.names),
                *([found] if (found := findings_node(self._state.findings_of(rule_id))) else []),
            ]
        )  # fmt: skip

    def _draw_name(self) -> None:
        form = self._form

        def put(given: Any) -> None:
            form.put(("name",), str(given or ""), "the name", typing=True)

        name = ui.input("Name", value=form.value(("name",)) or "", on_change=lambda event: put(event.value))
        name.props(f"dense outlined autocomplete=off maxlength=80 data-focus={form.cursor(('name',))}")
        self._faults(("name",))

    def _draw_scope(self) -> None:
        with Element("div").classes("crc-policy-pairs"):
            self._several(("scope", "item_types"), "Checks: all", _ITEM_TYPES)
            types = self._form.vocabulary.account_types
            self._several(("scope", "account_types"), "Accounts: all", {one: one for one in types})
            self._several(("scope", "queues"), "Queues: all", dict(self._form.vocabulary.queues))
        with Element("div").classes("crc-policy-pairs"):
            self._day(("effective_from",), "From")
            self._day(("effective_until",), "Until, included")
        self._faults(("scope",), below=True)
        self._faults(("effective_from",))
        self._faults(("effective_until",))

    def _several(self, path: Path, label: str, options: dict[str, str]) -> None:
        form = self._form
        chosen = list(form.value(path) or [])
        options = options | {one: one for one in chosen if one not in options}

        def put(values: Any) -> None:
            scope = {"item_types": [], "account_types": [], "queues": []} | (form.value(("scope",)) or {})
            form.put(("scope",), scope | {path[-1]: list(values or ())}, "the scope")

        box = ui.select(options, multiple=True, label=label, value=chosen, on_change=lambda event: put(event.value))
        box.props(f"dense outlined use-chips options-dense data-focus={form.cursor(path)}")

    def _day(self, path: Path, label: str) -> None:
        form = self._form

        def put(given: Any) -> None:
            form.put(path, given or None, "the dates", typing=True)

        box = ui.input(label, value=form.value(path) or "", on_change=lambda event: put(event.value))
        box.props(f"dense outlined stack-label type=date data-focus={form.cursor(path)}")

    def _faults(self, path: Path, *, below: bool = False) -> None:
        words = Text("", tag="p", classes="crc-wrong")
        words.props["role"] = "alert"

        def refresh() -> None:
            words.set_text(" ".join(dict.fromkeys(one.message for one in self._form.faults(path, below=below))))

        self._form.parts.append(refresh)
        refresh()

    @staticmethod
    def focus_name(place: int, path: Path) -> str:
        """What the input of a part of a rule is called for the cursor."""
        return focus_name(("rules", place, *path))
