"""Which parts of a document differ from another one: for the audit trail, and for counting changes. No I/O.

Works on documents as plain JSON, because one that is being edited may be unfinished.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class ChangedParts:
    """What differs: names of thresholds, ids of rules, and whether rules that both have stand in another order."""

    thresholds: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    reordered: bool

    @property
    def count(self) -> int:
        """How many changes a person would count."""
        return len(self.thresholds) + len(self.added) + len(self.removed) + len(self.changed) + self.reordered


def changed_parts(before: Document, after: Document) -> ChangedParts:
    """What `after` has otherwise than `before`."""
    old, new = _thresholds(before), _thresholds(after)
    was, now = rules_of(before), rules_of(after)
    both_before = [one for one in was if one in now]
    both_after = [one for one in now if one in was]
    return ChangedParts(
        thresholds=tuple(name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)),
        added=tuple(one for one in now if one not in was),
        removed=tuple(one for one in was if one not in now),
        changed=tuple(one for one in both_after if was[one] != now[one]),
        reordered=both_before != both_after,
    )


def only(document: Document, parts: ChangedParts) -> dict[str, Any]:
    """The parts of a document that differ, so that an entry of the trail holds a change and not two hundred rules."""
    thresholds, rules = _thresholds(document), rules_of(document)
    touched = (*parts.added, *parts.removed, *parts.changed)
    found: dict[str, Any] = {
        "thresholds": {name: thresholds[name] for name in parts.thresholds if name in thresholds},
        "rules": {one: rules[one] for one in touched if one in rules},
    }
    if parts.reordered:
        found["order"] = list(rules)
    return found


def rules_of(document: Document) -> dict[str, Any]:
    """The rules by their ids, in their order."""
    return {rule["id"]: rule for rule in document.get("rules", ())}


def _thresholds(document: Document) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document.get("thresholds", {})
    return found
