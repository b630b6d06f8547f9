"""The first engine: conditions evaluated in Python for one item, with an explanation. No I/O.

Three values, as in SQL: what is asked of a missing fact is neither true nor false but missing (None), and so is its
`not`. `all` is false where a part is false, else missing where one is; `any` is true where a part is true. A rule
fires only where its condition is true. `compile.py` is the second engine; a property test proves that both agree.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Context
from operator import itemgetter
from typing import Any, Final, NamedTuple

from console.policy.conditions import AllOf, AnyNode, AnyOf, Condition, Multiple, Not, conditions_of
from console.policy.fields import FIELDS
from console.policy.operators import FieldType, Operator
from console.policy.values import Value, folded

Truth = bool | None
Facts = Mapping[str, Any]
# What each list holds, folded as text is compared.
Lists = Mapping[str, frozenset[str]]
Test = Callable[[Facts], Truth]


class ConditionFound(NamedTuple):
    """A condition, the value that was found (None: missing), and whether it holds (None: that cannot be said)."""

    condition: Condition
    value: Value | None
    truth: Truth


# What was found out of one item: a truth for each condition, in the order of a `Questions`.
Truths = Sequence[Truth]
Reading = Callable[[Truths], Truth]

# Products are exact, whatever this process's own context is.
_EXACT: Final = Context(prec=2000)
# The other comparisons are written out in `_plain`.
_COMPARE: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.EQUALS: operator.eq,
    Operator.NOT_EQUALS: operator.ne,
    Operator.BETWEEN: lambda found, ends: ends[0] <= found <= ends[1],
    Operator.IN: lambda found, wanted: found in wanted,
    Operator.NOT_IN: lambda found, wanted: found not in wanted,
    Operator.CONTAINS: lambda found, wanted: wanted in found,
    Operator.STARTS_WITH: str.startswith,
    Operator.ENDS_WITH: str.endswith,
    Operator.IN_LIST: lambda found, wanted: found in wanted,
    Operator.NOT_IN_LIST: lambda found, wanted: found not in wanted,
    Operator.HAS_ANY: lambda found, wanted: not wanted.isdisjoint(found),
    Operator.HAS_ALL: lambda found, wanted: wanted.issubset(found),
    Operator.HAS_NONE: lambda found, wanted: wanted.isdisjoint(found),
    Operator.IS_EMPTY: lambda found, _: not found,
    Operator.IS_NOT_EMPTY: lambda found, _: bool(found),
}
_Times = Callable[[Any, Any, Any], bool]
# Of a value, how many times, and of what.
_TIMES: Final[dict[Operator, _Times]] = {
    Operator.AT_LEAST_TIMES: lambda found, times, base: found >= _EXACT.multiply(base, times),
    Operator.MORE_THAN_TIMES: lambda found, times, base: found > _EXACT.multiply(base, times),
    Operator.AT_MOST_TIMES: lambda found, times, base: found <= _EXACT.multiply(base, times),
    Operator.LESS_THAN_TIMES: lambda found, times, base: found < _EXACT.multiply(base, times),
    Operator.CHANGED_BY_FACTOR: lambda found, times, base: (
        found >= _EXACT.multiply(base, times) or _EXACT.multiply(found, times) <= base
    ),
}


class Questions:
    """The conditions of many trees, made ready once. Each is asked once of an item, however many trees name it, and
    every one is asked, so that all of them can be explained."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._tests: list[Test] = []
        self._places: dict[tuple[str, str, str], int] = {}

    def add(self, node: AnyNode) -> Reading:
        """A tree; what is given back reads its truth off the answers."""
        match node:
            case AllOf():
                parts = _flat(node)
                return _all([self.add(part) for part in parts], self._all_places(parts))
            case AnyOf():
                parts = _flat(node)
                return _any([self.add(part) for part in parts], self._all_places(parts))
            case Not():
                part = self.add(node.part)
                return lambda truths: None if (truth := part(truths)) is None else not truth
            case _:
                return itemgetter(self._place(node))

    def ask(self, facts: Facts) -> list[Truth]:
        """The answers of one item."""
        return [test(facts) for test in self._tests]

    def explain(self, node: AnyNode, facts: Facts, truths: Truths) -> tuple[ConditionFound, ...]:
        """What was found for each condition of a tree that was added, in its order."""
        return tuple(ConditionFound(one, facts.get(one.field), truths[self._place(one)]) for one in conditions_of(node))

    def _place(self, condition: Condition) -> int:
        key = (condition.field, condition.op.value, repr(condition.value))
        if key not in self._places:
            self._places[key] = len(self._tests)
            self._tests.append(_condition(condition, self._lists))
        return self._places[key]

    def _all_places(self, parts: Sequence[AnyNode]) -> tuple[int, ...] | None:
        """Where the answers stand, if every part is a condition by itself."""
        conditions = [part for part in parts if isinstance(part, Condition)]
        return tuple(map(self._place, conditions)) if len(conditions) == len(parts) > 1 else None


def _flat(node: AllOf | AnyOf) -> list[AnyNode]:
    """The parts of a group, with those of a group of the same kind in it: the truth is the same."""
    found: list[AnyNode] = []
    for part in node.all if isinstance(node, AllOf) else node.any:
        if isinstance(part, (AllOf, AnyOf)) and type(part) is type(node):
            found += _flat(part)
        else:
            found.append(part)
    return found


def evaluator(node: AnyNode, lists: Lists) -> Test:
    """One tree as a function of an item's facts."""
    questions = Questions(lists)
    reading = questions.add(node)
    return lambda facts: reading(questions.ask(facts))


def _all(parts: list[Reading], places: tuple[int, ...] | None) -> Reading:
    together = _together(parts, places)

    def read(truths: Truths) -> Truth:
        found = together(truths)
        return False if False in found else None if None in found else True

    return read


def _any(parts: list[Reading], places: tuple[int, ...] | None) -> Reading:
    together = _together(parts, places)

    def read(truths: Truths) -> Truth:
        found = together(truths)
        return True if True in found else None if None in found else False

    return read


def _together(parts: list[Reading], places: tuple[int, ...] | None) -> Callable[[Truths], Sequence[Truth]]:
    if places is not None:
        return itemgetter(*places)
    return lambda truths: [part(truths) for part in parts]


def _condition(condition: Condition, lists: Lists) -> Test:
    name, op, wanted = condition.field, condition.op, condition.wanted
    if op is Operator.IS_MISSING:
        return lambda facts: facts.get(name) is None
    if op is Operator.IS_PRESENT:
        return lambda facts: facts.get(name) is not None
    if isinstance(wanted, Multiple):
        return _multiple(name, _TIMES[op], wanted)
    if op in {Operator.IN_LIST, Operator.NOT_IN_LIST}:
        held = lists.get(str(wanted))
        # A list that there is not says nothing of anybody.
        return (lambda _: None) if held is None else _text(name, _COMPARE[op], held)
    kind = FIELDS[name].type
    if kind is FieldType.TEXT:
        return _text(name, _COMPARE[op], folded(wanted) if isinstance(wanted, str) else frozenset(map(folded, wanted)))  # type: ignore[arg-type]
    if isinstance(wanted, tuple) and op is not Operator.BETWEEN:
        wanted = frozenset(wanted)  # type: ignore[arg-type]  # words, of a choice or a set
    return _plain(name, op, wanted)


def _plain(name: str, op: Operator, wanted: Any) -> Test:
    """Written out for what is asked most: a comparison is a third of a call."""
    match op:
        case Operator.EQUALS if wanted is True:
            return lambda facts: facts.get(name)
        case Operator.EQUALS:
            return lambda facts: None if (value := facts.get(name)) is None else value == wanted
        case Operator.GREATER:
            return lambda facts: None if (value := facts.get(name)) is None else value > wanted
        case Operator.GREATER_OR_EQUAL:
            return lambda facts: None if (value := facts.get(name)) is None else value >= wanted
        case Operator.LESS:
            return lambda facts: None if (value := facts.get(name)) is None else value < wanted
        case Operator.LESS_OR_EQUAL:
            return lambda facts: None if (value := facts.get(name)) is None else value <= wanted
    compare = _COMPARE[op]
    return lambda facts: None if (value := facts.get(name)) is None else compare(value, wanted)


def _text(name: str, compare: Callable[[Any, Any], bool], wanted: Any) -> Test:
    def test(facts: Facts) -> Truth:
        value = facts.get(name)
        return None if value is None else compare(folded(value), wanted)

    return test


def _multiple(name: str, compare: _Times, wanted: Multiple) -> Test:
    times, other = wanted.times, wanted.field

    def test(facts: Facts) -> Truth:
        value, base = facts.get(name), facts.get(other)
        return None if value is None or base is None else compare(value, times, base)

    return test
