"""What the linter finds: all of a version's findings as a list, and one of them as a line beside what it is about."""

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
            self._body = Still().classes("crc-lint")
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


def findings_node(findings: Sequence[Finding]) -> Node | None:
    """Findings beside the rule or the threshold that they are about; None: there are none."""
    return node("ul", *(_said(one) for one in findings), class_="crc-lint") if findings else None


def finding_words(findings: Sequence[Finding]) -> str:
    """How many there are of each severity: `1 fault, 2 doubts`."""
    counts = {kind: sum(one.severity is kind for one in findings) for kind in Severity}
    return ", ".join(f"{n} {kind.value}{'' if n == 1 else 's'}" for kind, n in counts.items() if n)


def _rules(count: int) -> str:
    return "the one rule that is enabled" if count == 1 else f"the {count} rules that are enabled"


def _line(one: Finding, names: dict[str, str]) -> Node:
    about = THRESHOLDS[str(one.keys[-1])].label if one.rule_id is None else names.get(one.rule_id, one.rule_id)
    return _said(one, node("strong", about), ". ")


def _said(one: Finding, *before: Node) -> Node:
    sign, word, tone = _SIGNS[one.severity]
    mark = node("i", sign, class_="q-icon material-icons-outlined", aria_hidden="true")
    said = node("span", f"Linter, {word}: ", class_="crc-unseen")
    return node("li", mark, node("span", said, *before, one.words), data_tone=tone)
