"""The first engine: conditions evaluated in Python for one item, with an explanation. No I/O.

Three values, as in SQL: what is asked of a missing fact is neither true nor false but missing (None), and so is its
`not`. `all` is false where a part is false, else missing where one is; `any` is true where a part is true. A rule
fires only where its condition is true. `compile.py` is the second engine; a property test proves that both agree.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Context
from typing import Any, Final, NamedTuple

from console.policy.conditions import Condition, Multiple
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


def test_of(condition: Condition, lists: Lists) -> Test:
    """A condition as a function of an item's facts."""
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
