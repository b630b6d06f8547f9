"""A document while it is being changed: each change by a path, with undo and redo over the whole document. No I/O.

The document is plain JSON and may be unfinished. No change touches what was there before: it copies along its path,
so that a step of the history costs a handful of small objects and not two hundred rules.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final

Path = tuple[str | int, ...]
Document = dict[str, Any]

# Steps that can be taken back.
MOST_STEPS: Final = 200


@dataclass(frozen=True)
class _Step:
    label: str
    before: Document
    after: Document
    # What is typed into one field, letter by letter, is one step.
    typed_into: Path | None


class Editing:
    """A document and the way back. `document` must not be changed in place."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._done: list[_Step] = []
        self._undone: list[_Step] = []

    @property
    def undoes(self) -> str | None:
        """What `undo` would take back, in words; None: nothing."""
        return self._done[-1].label if self._done else None

    @property
    def redoes(self) -> str | None:
        """What `redo` would do again, in words; None: nothing."""
        return self._undone[-1].label if self._undone else None

    def undo(self) -> bool:
        """Take the last step back; whether there was one."""
        return self._step(self._done, self._undone, lambda step: step.before)

    def redo(self) -> bool:
        """Do again what was taken back last; whether there was anything."""
        return self._step(self._undone, self._done, lambda step: step.after)

    def change(self, document: Document, label: str, *, typed_into: Path | None = None) -> None:
        """Have this document from now on; `label` says what was done. What changes nothing is no step."""
        if document == self.document:
            return
        last = self._done[-1] if self._done and not self._undone else None
        before = self.document
        if last and typed_into is not None and last.typed_into == typed_into:
            before = last.before
            self._done.pop()
        self._undone.clear()
        self.document = document
        if document != before:
            self._done.append(_Step(label, before, document, typed_into))
            del self._done[:-MOST_STEPS]

    def put(self, path: Path, value: Any, label: str, *, typing: bool = False) -> None:
        """Set what stands at a path. `typing`: further changes there belong to the same step."""
        self.change(put(self.document, path, value), label, typed_into=path if typing else None)

    def rest(self) -> None:
        """What is typed next is a step of its own."""
        if self._done:
            last = self._done[-1]
            self._done[-1] = _Step(last.label, last.before, last.after, None)

    def _step(self, source: list[_Step], target: list[_Step], document: Callable[[_Step], Document]) -> bool:
        if not source:
            return False
        step = source.pop()
        target.append(_Step(step.label, step.before, step.after, None))
        self.document = document(step)
        return True


def at(document: Any, path: Path) -> Any:
    """What stands at a path; None: nothing does."""
    here = document
    for part in path:
        if isinstance(here, dict):
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and 0 <= part < len(here):
            here = here[part]
        else:
            return None
    return here


def put(document: Any, path: Path, value: Any) -> Any:
    """The document with this value at a path. Raises LookupError where the path leads nowhere."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(document, dict):
        if rest and first not in document:
            raise LookupError(f"nothing at {first!r}")
        return {**document, first: put(document.get(first), rest, value)}
    if isinstance(document, list) and isinstance(first, int) and 0 <= first < len(document):
        return [put(one, rest, value) if place == first else one for place, one in enumerate(document)]
    raise LookupError(f"nothing at {first!r}")


def insert(document: Any, path: Path, place: int, value: Any) -> Any:
    """The document with a value put into the list at a path, before `place`."""
    several = list(at(document, path) or [])
    several.insert(place, value)
    return put(document, path, several)


def take_out(document: Any, path: Path) -> Any:
    """The document without what stands at a path, which leads into a list or to a key."""
    holder = at(document, path[:-1])
    if isinstance(holder, list):
        return put(document, path[:-1], [one for place, one in enumerate(holder) if place != path[-1]])
    return put(document, path[:-1], {key: one for key, one in holder.items() if key != path[-1]})


def move(document: Any, path: Path, by: int) -> Any:
    """The document with an entry of a list moved; at an end of the list it stays."""
    several = list(at(document, path[:-1]))
    place = int(path[-1])
    target = min(max(place + by, 0), len(several) - 1)
    several.insert(target, several.pop(place))
    return put(document, path[:-1], several)


def new_rule() -> dict[str, Any]:
    """A rule to be filled in."""
    return {
        "id": f"r-{token_hex(6)}",
        "name": "",
        "enabled": True,
        "when": {"all": [new_condition()]},
        "then": [],
        "scope": {"item_types": [], "account_types": [], "queues": []},
        "effective_from": None,
        "effective_until": None,
    }


def new_condition() -> dict[str, Any]:
    """A condition to be filled in; every check has an amount."""
    return {"field": "amount", "op": "greater_or_equal"}


def duplicate_of(rule: dict[str, Any]) -> dict[str, Any]:
    """The same rule as another one."""
    return deepcopy(rule) | {"id": f"r-{token_hex(6)}", "name": f"{rule.get('name', '')} (copy)"[:80]}
