"""What became of a rule's condition, in words: which parts came, went or say something else. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from console.policy.fields import FIELDS
from console.policy.operators import WANTS, WORDS, Operator, Wants
from console.policy.sentences import Names, in_words, node_parts, value_words

_GROUPS: Final = {"all": "every one of its parts must hold", "any": "one of its parts is enough"}

_HOLD_MANY: Final = frozenset(op for op, wants in WANTS.items() if wants is Wants.SEVERAL)


def condition_changes(before: Any, after: Any, names: Names) -> list[str]:
    """The changes from one condition to the other, from the outside in; none: they say the same."""
    if _same(before, after):
        return []
    kind, other = _group(before), _group(after)
    if kind and other:
        changed = [] if kind == other else [f"{_GROUPS[other]}; before, {_GROUPS[kind]}"]
        return changed + _children(before[kind], after[other], names, ordered=not changed)
    if _is(before, "not") and _is(after, "not"):
        return [f"not: {line}" for line in condition_changes(before["not"], after["not"], names)]
    if _is(before, "field") and _is(after, "field") and (several := _several(before, after, names)):
        return [several]
    return [f"{_words(after, names)}; was: {_words(before, names)}"]


def _children(before: Sequence[Any], after: Sequence[Any], names: Names, *, ordered: bool) -> list[str]:
    gone, come = _without(before, after), _without(after, before)
    if not gone and not come:
        return ["its parts stand in another order"] if ordered else []
    found = []
    for one in come:
        old = next((other for other in gone if _alike(other, one)), None)
        if old is None:
            found.append(f"condition added: {_words(one, names)}")
        else:
            gone.remove(old)
            found += condition_changes(old, one, names)
    return found + [f"condition removed: {_words(one, names)}" for one in gone]


def _several(before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> str | None:
    """Values that came to, or went from, one of those conditions that hold many; None: it is no such change."""
    field, op = FIELDS.get(str(after.get("field"))), after.get("op")
    if field is None or (before.get("field"), before.get("op")) != (after.get("field"), op):
        return None
    if op not in _HOLD_MANY:
        return None
    old, new = before.get("value") or (), after.get("value") or ()
    come = [value_words(field, one, names) for one in new if one not in old]
    gone = [value_words(field, one, names) for one in old if one not in new]
    said = [f"{', '.join(come)} added"] if come else []
    said += [f"{', '.join(gone)} taken out"] if gone else []
    return f"{field.label} {WORDS[Operator(op)]}: {'; '.join(said) or 'in another order'}"


def _alike(one: Any, other: Any) -> bool:
    """Whether the one may have been made the other: the same field, or a group of some kind."""
    if _is(one, "field") or _is(other, "field"):
        return _is(one, "field") and _is(other, "field") and one["field"] == other["field"]
    return bool(_group(one)) == bool(_group(other))


def _without(these: Sequence[Any], those: Sequence[Any]) -> list[Any]:
    """What is in the first and not in the second; what is there twice counts twice."""
    left = [_text(one) for one in those]
    found = []
    for one in these:
        if _text(one) in left:
            left.remove(_text(one))
        else:
            found.append(one)
    return found


def _group(node: Any) -> str | None:
    return next((kind for kind in _GROUPS if _is(node, kind)), None)


def _is(node: Any, kind: str) -> bool:
    return isinstance(node, Mapping) and kind in node


def _same(one: Any, other: Any) -> bool:
    return _text(one) == _text(other)


def _text(node: Any) -> str:
    return json.dumps(node, sort_keys=True, default=str)


def _words(node: Any, names: Names) -> str:
    text = in_words(node_parts(node, names))
    return text[:1].lower() + text[1:]
