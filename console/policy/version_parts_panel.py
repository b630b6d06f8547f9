"""The parts of a version's page that only show: thresholds, rules as sentences, what differs, and its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from console.policy.difference import Change, ChangeKind
from console.policy.sentence_panel import sentence_node
from console.policy.sentences import Names
from console.policy.threshold_words import GROUPS, shown
from console.policy.version_list import Step
from console.policy.version_words import moment, step_words
from console.ui.still import Node, node

_TAGS: Final = {ChangeKind.ADDED: ("new", "ok"), ChangeKind.CHANGED: ("changed", "warning"),
                ChangeKind.MOVED: ("moved", "warning")}  # fmt: skip


def threshold_nodes(document: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Node]:
    """Every threshold with its value, and the other version's where that differs."""
    values, others = document.get("thresholds", {}), other.get("thresholds", {})
    for group, thresholds in GROUPS.items():
        known = {name: words for name, words in thresholds.items() if name in values}
        if not known:
            continue
        rows = []
        for name, words in known.items():
            was = shown(name, others[name]) if name in others else None
            now = shown(name, values[name])
            differs = was is not None and was != now
            rows.append(
                node(
                    "div",
                    node("dt", words.label, node("small", f"was {was}") if differs else None),
                    node("dd", now),
                    data_changed="true" if differs else None,
                )
            )
        yield node("h3", group)
        yield node("dl", *rows, class_="crc-version-thresholds")


def rule_nodes(document: Mapping[str, Any], changes: Sequence[Change], names: Names) -> Iterable[Node]:
    """Every rule as a sentence, marked where it differs from the other version."""
    kinds = {change.key: change.kind for change in reversed(changes) if change.kind in _TAGS}
    rules = document.get("rules", ())
    if not rules:
        yield node("p", "No rules: the thresholds alone decide.", class_="crc-version-none")
    for place, rule in enumerate(rules, 1):
        off = rule.get("enabled") is False
        tag, tone = _TAGS.get(kinds.get(rule["id"], ChangeKind.REMOVED), ("", ""))
        yield node(
            "article",
            node(
                "div",
                node("h3", f"{place} · {rule.get('name') or 'without a name'}"),
                node("span", tag, class_="crc-tag", data_tone=tone) if tag else None,
                node("span", "off", class_="crc-tag") if off else None,
                class_="crc-rule-head",
            ),
            sentence_node(rule, names),
            class_="crc-rule",
            data_off="true" if off else "false",
        )


def change_nodes(changes: Sequence[Change]) -> Iterable[Node]:
    """What differs, a line a change, with its details."""
    if not changes:
        yield node("p", "Nothing differs.", class_="crc-version-none")
        return
    lines = []
    for change in changes:
        details = [node("li", detail) for detail in change.details]
        lines.append(
            node("li", node("strong", change.words), node("ul", *details) if details else None,
                 data_kind=change.kind.value)
        )  # fmt: skip
    yield node("ul", *lines, class_="crc-version-changes")


def step_nodes(steps: Sequence[Step], zone: ZoneInfo) -> Iterable[Node]:
    """What was done with the version, the newest first."""
    lines = [
        node("li", node("span", step_words(step)), node("small", moment(step.at, zone))) for step in reversed(steps)
    ]
    yield node("ol", *lines, class_="crc-version-steps") if lines else node("p", "Nothing yet.", class_="crc-soft")
