"""What a condition lets through: whether anything at all, and whether all of it is let through by another. No I/O.

A tree becomes branches, each a list of conditions that hold together (`all` over `any`, with `not` pushed inward; in
three values a `not` holds where its part is false, and never where it is missing). Both answers err on one side:
`can_hold` says no only where nothing can, `implies` says yes only where it always does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from console.policy.bounds import OPPOSITE, Bounds
from console.policy.conditions import AllOf, AnyNode, AnyOf, Not, Wanted
from console.policy.fields import FIELDS
from console.policy.operators import FieldType, Operator

# A tree with more branches is believed to let something through, and to imply nothing.
MAX_BRANCHES: Final = 128


@dataclass(frozen=True)
class Literal:
    """One condition inside a branch. `holds` False: it is asked and does not hold, of an operator without opposite."""

    field: str
    op: Operator
    wanted: Wanted = None
    holds: bool = True


Branch = tuple[Literal, ...]


class _TooMany(Exception):
    pass


class Reach:
    """The branches of a tree, with what is known of every field in each of them.

    `beside` holds in every branch: a rule's scope. `empty_lists`: keys of lists that hold nothing, or are not there.
    """

    def __init__(
        self, node: AnyNode, beside: Iterable[Literal] = (), empty_lists: frozenset[str] = frozenset()
    ) -> None:
        self.node, self.beside = node, tuple(beside)
        try:
            branches = [(*self.beside, *branch) for branch in _branches(node, True)]
            self.known = True
        except _TooMany:
            branches, self.known = [self.beside], False
        self._all = [bounds_of(branch, empty_lists) for branch in branches]
        self.possible = [bounds for bounds in self._all if not any(one.impossible for one in bounds.values())]

    @property
    def can_hold(self) -> bool:
        """Whether it may be true of some item."""
        return bool(self.possible)

    def clash(self) -> str | None:
        """A field on which it fails, where it can hold of no item."""
        for bounds in self._all:
            for name, one in bounds.items():
                if one.impossible:
                    return name
        return None

    def implies(self, other: Reach) -> bool:
        """Whether the other is true wherever this one is, for certain."""
        return self.known and self.can_hold and all(
            _entails(bounds, other.node, True) and all(_holds(bounds, one) for one in other.beside)
            for bounds in self.possible
        )  # fmt: skip

    def implies_node(self, node: AnyNode) -> bool:
        """Whether this tree is true wherever this one is, for certain."""
        return self.known and self.can_hold and all(_entails(bounds, node, True) for bounds in self.possible)


def bounds_of(branch: Iterable[Literal], empty_lists: frozenset[str] = frozenset()) -> dict[str, Bounds]:
    """What a branch says of each field that it names."""
    found: dict[str, Bounds] = {}
    for one in branch:
        bounds = found.setdefault(one.field, Bounds(FIELDS[one.field], empty_lists))
        bounds.add(one.op, one.wanted, one.holds)
    return found


def _branches(node: AnyNode, holds: bool) -> list[Branch]:
    match node:
        case AllOf():
            return _together(node.all, holds) if holds else _either(node.all, holds)
        case AnyOf():
            return _either(node.any, holds) if holds else _together(node.any, holds)
        case Not():
            return _branches(node.part, not holds)
        case _:
            return [(one,) for one in literals(node.field, node.op, node.wanted, holds)]


def literals(field: str, op: Operator, wanted: Wanted, holds: bool) -> list[Literal]:
    """A condition as it stands, or its opposite: any one of these."""
    if holds:
        return [Literal(field, op, wanted)]
    match op:
        case Operator.BETWEEN:
            low, high = wanted  # type: ignore[misc,str-unpack]  # two ends
            return [Literal(field, Operator.LESS, low), Literal(field, Operator.GREATER, high)]
        case Operator.HAS_ALL:
            return [Literal(field, Operator.HAS_NONE, (word,)) for word in wanted]  # type: ignore[union-attr]
        case Operator.EQUALS if FIELDS[field].type is FieldType.YES_NO:
            return [Literal(field, Operator.EQUALS, not wanted)]
        case _ if op in OPPOSITE:
            return [Literal(field, OPPOSITE[op], wanted)]
        case _:
            return [Literal(field, op, wanted, False)]


def _either(parts: Iterable[AnyNode], holds: bool) -> list[Branch]:
    return _bounded([branch for part in parts for branch in _branches(part, holds)])


def _together(parts: Iterable[AnyNode], holds: bool) -> list[Branch]:
    found: list[Branch] = [()]
    for part in parts:
        found = _bounded([(*branch, *more) for branch in found for more in _branches(part, holds)])
    return found


def _bounded(branches: list[Branch]) -> list[Branch]:
    if len(branches) > MAX_BRANCHES:
        raise _TooMany
    return branches


def _entails(bounds: dict[str, Bounds], node: AnyNode, holds: bool) -> bool:
    """Whether the tree (with `holds` False: its `not`) is true wherever these bounds are kept."""
    match node:
        case AllOf():
            parts = (_entails(bounds, part, holds) for part in node.all)
            return all(parts) if holds else any(parts)
        case AnyOf():
            parts = (_entails(bounds, part, holds) for part in node.any)
            return any(parts) if holds else all(parts)
        case Not():
            return _entails(bounds, node.part, not holds)
        case _:
            return any(_holds(bounds, one) for one in literals(node.field, node.op, node.wanted, holds))


def _holds(bounds: dict[str, Bounds], one: Literal) -> bool:
    found = bounds.get(one.field)
    return found is not None and found.entails(one.op, one.wanted, one.holds)
