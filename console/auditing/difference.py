"""What an entry says was changed: each value that is not what it was, by its name. No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_MISSING: Final = object()


@dataclass(frozen=True)
class Change:
    """A value: its name, what it was and what it became, as text; None: there was none, or is none any more."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Difference:
    """Every value that differs, in the order of their names, and how many are the same before and after."""

    changes: tuple[Change, ...]
    same: int


def difference(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Difference:
    """What differs between the two, whatever lies within each other told apart by its path."""
    was, became = dict(_values(before or {})), dict(_values(after or {}))
    names = sorted(was.keys() | became.keys())
    differing = [name for name in names if was.get(name, _MISSING) != became.get(name, _MISSING)]
    changes = tuple(Change(_name(one), _text(was, one), _text(became, one)) for one in differing)
    return Difference(changes, len(names) - len(changes))


def _values(given: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in given.items():
        if isinstance(value, Mapping) and value:
            yield from _values(value, (*path, key))
        else:
            yield (*path, key), value


def _name(path: tuple[str, ...]) -> str:
    return " › ".join(part.replace("_", " ") for part in path)


def _text(values: Mapping[tuple[str, ...], Any], path: tuple[str, ...]) -> str | None:
    if path not in values:
        return None
    value = values[path]
    if value is None or value in ([], {}, ""):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(one, (str, int)) for one in value):
        return ", ".join(map(str, value))
    return str(value) if isinstance(value, (str, int)) else json.dumps(value, ensure_ascii=False, sort_keys=True)
