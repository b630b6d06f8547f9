"""The rules of a draft: sentences, and one of them open in its builder.

What only shows is two elements whatever the number of rules: those above the open one, and those below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nicegui.element import Element

from console.policy.editing import duplicate_of, insert, move, new_rule, put, take_out
from console.policy.editor_state import EditorState
from console.policy.findings import Finding
from console.policy.lint_panel import finding_words, findings_node
from console.policy.model import MAX_RULES
from console.policy.rule_panel import RuleBuilder
from console.policy.sentence_panel import sentence_node, tool
from console.policy.vocabulary import Vocabulary
from console.ui.focus import focus
from console.ui.pieces import ActionButton, Text
from console.ui.still import Node, Still, node

_TOOLS: Final = (("up", "arrow_upward", "Move up"), ("down", "arrow_downward", "Move down"))


class RulesPanel:
    """The column of rules. `on_open(rule_id)` hears which rule is open now; None: none is."""

    def __init__(
        self, state: EditorState, vocabulary: Vocabulary, *, may_edit: bool, on_open: Callable[[str | None], Any]
    ) -> None:
        self._state, self._vocabulary, self._may_edit, self._on_open = state, vocabulary, may_edit, on_open
        self._open: str | None = None
        self._builder: RuleBuilder | None = None
        self._drawn: dict[str, tuple[Any, Node]] = {}
        with Element("section").classes("crc-panel crc-policy-column") as section:
            section.props["aria-label"] = "Rules"
            with Element("div").classes("crc-panel-head"):
                self._head = Text("", tag="h2")
                self._linted = Text("", classes="crc-soft")
                self._linted.props["role"] = "status"
                if may_edit:
                    self._add = ActionButton("Rule", self.add, icon_name="add")
                    self._add.props["aria-label"] = "Add a rule"
                    self._add.props["data-focus"] = "add-rule"
            self.faults = Element("div")
            with Element("div").classes("crc-policy-scroll"):
                self._above = Still(on_act=self._act)
                self._place = Element("div")
                self._below = Still(on_act=self._act)

    @property
    def open_rule(self) -> str | None:
        """The id of the rule that is open in its builder."""
        return self._open

    def show(self) -> None:
        """Show the rules as they are now, faults among them; the builder stays as it is."""
        rules = self._state.rules
        place = self._state.place_of(self._open) if self._open else None
        if self._open and place is None:
            self._close_builder()
        count = sum(rule.get("enabled") is not False for rule in rules)
        self._head.set_text(f"Rules · {count} on, {len(rules) - count} off" if rules else "Rules")
        findings = self._state.findings
        self._linted.set_text(f"Linter: {finding_words(findings)}" if findings else "")
        if self._may_edit:
            self._add.set_enabled(len(rules) < MAX_RULES)
        end = len(rules) if place is None else place
        self._above.show([self._rule(n, rule) for n, rule in enumerate(rules[:end])] if rules else [_nothing()])
        self._below.show([self._rule(n, rule) for n, rule in enumerate(rules[end + 1 :], end + 1)])
        if self._builder is not None and place is not None:
            self._builder.show(place)

    def redraw(self) -> None:
        """Show everything anew: the document is another one."""
        if self._open:
            place = self._state.place_of(self._open)
            if place is None:
                self._close_builder()
            else:
                self._draw_builder(place)
        self.show()

    def open(self, rule_id: str, cursor: str = "") -> None:
        """Open a rule in its builder, the cursor in the field named; in its name where none is."""
        place = self._state.place_of(rule_id)
        if place is None or not self._may_edit:
            return
        if self._open != rule_id:
            self._open = rule_id
            self._draw_builder(place)
            self._on_open(rule_id)
            self.show()
        focus(self._place.client, cursor or RuleBuilder.focus_name(place, ("name",)), near=bool(cursor))

    def close(self) -> None:
        """Fold the open rule; the cursor goes to its sentence."""
        was = self._open
        self._close_builder()
        self.show()
        if was:
            focus(self._place.client, f"open:{was}")

    def _close_builder(self) -> None:
        self._open, self._builder = None, None
        self._place.clear()
        self._on_open(None)

    def _draw_builder(self, place: int) -> None:
        self._place.clear()
        with self._place:
            self._builder = RuleBuilder(self._state, self._vocabulary, place, on_act=self._act)

    # --- what is done with whole rules -----------------------------------------------------------------------------

    def _act(self, act: str) -> None:
        what, _, rule_id = act.partition(":")
        place = self._state.place_of(rule_id)
        if what == "close":
            self.close()
        elif place is not None and what == "open":
            self.open(rule_id)
        elif place is not None and self._may_edit:
            self._change(what, place, rule_id)

    def _change(self, what: str, place: int, rule_id: str) -> None:
        state, rule = self._state, self._state.rules[place]
        name = rule.get("name") or "a rule"
        if what in {"up", "down"}:
            by = -1 if what == "up" else 1
            state.change(move(state.document, ("rules", place), by), f"moving “{name}”")
        elif what == "enable":
            on = rule.get("enabled") is False
            words = f"turning “{name}” {'on' if on else 'off'}"
            state.change(put(state.document, ("rules", place, "enabled"), on), words)
        elif what == "copy":
            state.change(insert(state.document, ("rules",), place + 1, duplicate_of(rule)), f"copying “{name}”")
        elif what == "delete":
            state.change(take_out(state.document, ("rules", place)), f"taking out “{name}”")
        self.redraw()
        if what == "copy":
            self.open(state.rules[place + 1]["id"])
        elif what == "delete":
            beside = state.rules[min(place, len(state.rules) - 1)] if state.rules else None
            focus(self._place.client, f"open:{beside['id']}" if beside else "add-rule")
        else:
            focus(self._place.client, act_name(what, rule_id))

    def add(self) -> None:
        """Add a rule at the end, and open it."""
        rule = new_rule()
        rules = self._state.rules
        self._state.change(insert(self._state.document, ("rules",), len(rules), rule), "adding a rule")
        self.redraw()
        self.open(rule["id"])

    # --- how a rule is shown ---------------------------------------------------------------------------------------

    def _rule(self, place: int, rule: dict[str, Any]) -> Node:
        """A folded rule; drawn anew only where something of it differs."""
        faults = len(self._state.faults_at(("rules", place), below=True))
        tag = self._tag(rule["id"])
        found = self._state.findings_of(rule["id"])
        looks = (place, rule, faults, tag, found)
        before = self._drawn.get(rule["id"])
        if before is None or before[0] != looks:
            self._drawn[rule["id"]] = looks, self._draw(place, rule, faults, tag, found)
        return self._drawn[rule["id"]][1]

    def _draw(
        self, place: int, rule: dict[str, Any], faults: int, tag: tuple[str, str] | None, found: tuple[Finding, ...]
    ) -> Node:
        rule_id, name = rule["id"], rule.get("name") or "Rule without a name"
        off = rule.get("enabled") is False
        title = f"{place + 1} · {name}"
        head = node("button", title, type="button", data_act=f"open:{rule_id}", aria_expanded="false")
        return node(
            "article",
            node(
                "div",
                node("h3", head if self._may_edit else title),
                node("span", "off", class_="crc-tag") if off else None,
                node("span", tag[0], class_="crc-tag", data_tone=tag[1]) if tag else None,
                node("span", "1 fault" if faults == 1 else f"{faults} faults", class_="crc-tag", data_tone="breach")
                if faults else None,
                self._tools(rule_id, name, off=off) if self._may_edit else None,
                class_="crc-rule-head",
            ),
            sentence_node(rule, self._vocabulary.names),
            findings_node(found),
            class_="crc-rule", data_off="true" if off else None, data_wrong="true" if faults else None,
        )  # fmt: skip

    def _tools(self, rule_id: str, name: str, *, off: bool) -> Node:
        tools = [
            *((what, icon, f"{words}: {name}") for what, icon, words in _TOOLS),
            ("enable", "toggle_off" if off else "toggle_on", f"Turn {'on' if off else 'off'}: {name}"),
        ]
        return node("div", *[tool(f"{what}:{rule_id}", icon, words) for what, icon, words in tools], class_="crc-tools")

    def _tag(self, rule_id: str) -> tuple[str, str] | None:
        changes = self._state.changes
        if rule_id in changes.added:
            return "new", "ok"
        return ("changed", "warning") if rule_id in changes.changed else None


def act_name(what: str, rule_id: str) -> str:
    """What the button of an act on a rule is called."""
    return f"{what}:{rule_id}"


def _nothing() -> Node:
    words = "No rules yet: the thresholds alone judge every check. A rule asks for more where its condition holds."
    return node("p", words, class_="crc-soft")
