"""What one version of the policy has otherwise than another, in words: a line a change. No I/O.

Works on documents as plain JSON: an old version may lack what came later, and a draft may be unfinished.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from console.policy.condition_difference import condition_changes
from console.policy.sentences import Names, action_words, in_words, scope_words, sentence
from console.policy.threshold_words import THRESHOLDS, Unit, shown

Document = Mapping[str, Any]
_SUMMED_UP: Final = 4


class ChangeKind(StrEnum):
    THRESHOLD = "threshold"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True)
class Change:
    """One change. `words` says it in a line; `details` says more of a rule: what it is, or what became otherwise.

    `key` is the threshold's name or the rule's id.
    """

    kind: ChangeKind
    key: str
    words: str
    details: tuple[str, ...] = ()


def differences(before: Document, after: Document, names: Names | None = None) -> tuple[Change, ...]:
    """The changes from one document to the other: thresholds, then rules in the order of `after`, then removed ones."""
    names = names or Names()
    was, now = _by_id(before), _by_id(after)
    changes = _thresholds(before.get("thresholds", {}), after.get("thresholds", {}))
    moved = _moved([one for one in was if one in now], [one for one in now if one in was])
    for key, rule in now.items():
        if key not in was:
            words = f"Rule “{_name(rule)}” added"
            changes.append(Change(ChangeKind.ADDED, key, words, (in_words(sentence(rule, names)),)))
            continue
        if details := _rule_changes(was[key], rule, names):
            words = f"Rule “{_name(was[key])}” changed"
            changes.append(Change(ChangeKind.CHANGED, key, words, tuple(details)))
        if key in moved:
            places = f"from place {list(was).index(key) + 1} to {list(now).index(key) + 1}"
            changes.append(Change(ChangeKind.MOVED, key, f"Rule “{_name(rule)}” moved {places}"))
    for key, rule in was.items():
        if key not in now:
            words = f"Rule “{_name(rule)}” removed"
            changes.append(Change(ChangeKind.REMOVED, key, words, (in_words(sentence(rule, names)),)))
    return tuple(changes)


def summary(changes: Sequence[Change]) -> str:
    """The changes in one line, the first of them: `Two people from 5,000.00 to 7,500.00; rule “New account” added`."""
    if not changes:
        return "Nothing differs"
    lines = [change.words if place == 0 else _lower(change.words) for place, change in enumerate(changes)]
    more = [f"{len(lines) - _SUMMED_UP} more"] if len(lines) > _SUMMED_UP else []
    return "; ".join([*lines[:_SUMMED_UP], *more])


def _thresholds(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    known = [name for name in THRESHOLDS if name in before or name in after]
    return [
        Change(ChangeKind.THRESHOLD, name, _threshold(name, before.get(name), after.get(name)))
        for name in known
        if _value(name, before.get(name)) != _value(name, after.get(name))
    ]


def _value(name: str, value: Any) -> str | None:
    """The value as it is shown: `5000` and `5000.00` dollars are one."""
    return None if value is None else shown(name, value)


def _threshold(name: str, before: Any, after: Any) -> str:
    words, old, new = THRESHOLDS[name], _value(name, before), _value(name, after)
    if words.unit is Unit.YES_NO:
        return f"{words.label}: now {new or 'unset'}"
    if old is None or new is None:
        return f"{words.label}: {f'now {new}' if old is None else f'no more {old}'}"
    # “Two people from” goes on by itself.
    return f"{words.label} {old} to {new}" if words.label.endswith(" from") else f"{words.label}: from {old} to {new}"


def _rule_changes(before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> list[str]:
    found = []
    if _name(before) != _name(after):
        found.append(f"now called “{_name(after)}”")
    if before.get("enabled", True) != after.get("enabled", True):
        found.append("turned on" if after.get("enabled", True) else "turned off")
    found += condition_changes(before.get("when"), after.get("when"), names)
    found += _actions(before.get("then") or (), after.get("then") or (), names)
    old, new = (scope_words(rule, names) or "for all checks, without an end" for rule in (before, after))
    return found if old == new else [*found, f"holds {new}; was {old}"]


def _actions(before: Sequence[Any], after: Sequence[Any], names: Names) -> list[str]:
    gone = [one for one in before if one not in after]
    come = [one for one in after if one not in before]
    found = []
    for one in come:
        same = next((old for old in gone if old.get("do") == one.get("do")), None)
        if same is None:
            found.append(f"also: {action_words(one, names)}")
        else:
            gone.remove(same)
            found.append(f"{action_words(one, names)}, was {action_words(same, names)}")
    return found + [f"no more: {action_words(one, names)}" for one in gone]


def _moved(before: Sequence[str], after: Sequence[str]) -> frozenset[str]:
    """The fewest ids that must have been moved to make the one order of the other."""
    places = {key: place for place, key in enumerate(before)}
    tails: list[int] = []
    chains: list[list[str]] = []
    for key in after:
        at = bisect_left(tails, places[key])
        chain = [*(chains[at - 1] if at else []), key]
        tails[at : at + 1], chains[at : at + 1] = [places[key]], [chain]
    return frozenset(after) - frozenset(chains[-1] if chains else ())


def _by_id(document: Document) -> dict[str, Mapping[str, Any]]:
    return {rule["id"]: rule for rule in document.get("rules") or ()}


def _name(rule: Mapping[str, Any]) -> str:
    return str(rule.get("name") or "without a name")


def _lower(words: str) -> str:
    """Inside a sentence; a name of one's own, such as SLA, stays as it is."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
