"""What the linter finds in a version, with the rule that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nicegui.element import Element

from console.policy.findings import Finding, Severity, Statistics
from console.policy.model import PolicyDocument
from console.policy.threshold_words import THRESHOLDS
from console.ui.pieces import Text, panel
from console.ui.still import Node, Still, node

_SIGNS: Final = {Severity.FAULT: ("error", "fault", "breach"), Severity.DOUBT: ("warning", "doubt", "warning")}


class LintPanel:
    """The linter's column; `show` draws what it found."""

    def __init__(self) -> None:
        with panel("Linter", classes="crc-lab-lint"), Element("div").classes("crc-part"):
            self._body = Still()
            self._told = Text("", tag="p", classes="crc-soft")

    def show(self, document: PolicyDocument, findings: Sequence[Finding], statistics: Statistics) -> None:
        """Show these findings; `statistics` is what they were held against."""
        names = {rule.id: rule.name for rule in document.rules}
        rules = sum(rule.enabled for rule in document.rules)
        if findings:
            self._body.show([node("ul", *(_line(one, names) for one in findings))])
        else:
            none = "There is no rule that is enabled." if not rules else f"Nothing is wrong with {_rules(rules)}."
            self._body.show([node("p", node("span", "✓ ", aria_hidden="true"), none, data_tone="ok")])
        looked = f"Held against {statistics.named}." if statistics.items else "There is no history to hold it against."
        self._told.set_text(looked)


def _rules(count: int) -> str:
    return "the one rule that is enabled" if count == 1 else f"the {count} rules that are enabled"


def _line(one: Finding, names: dict[str, str]) -> Node:
    sign, word, tone = _SIGNS[one.severity]
    about = THRESHOLDS[str(one.keys[-1])].label if one.rule_id is None else names.get(one.rule_id, one.rule_id)
    mark = node("i", sign, class_="q-icon material-icons-outlined", aria_hidden="true")
    said = node("span", f"{word}: ", class_="crc-unseen")
    return node("li", mark, node("span", said, node("strong", about), ". ", one.words), data_tone=tone)
