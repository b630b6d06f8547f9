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

from console.policy.conditions import AllOf, AnyNode, AnyOf, Condition, Multiple, Not
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


Found = list[ConditionFound]
Trace = Callable[[Facts, Found], Truth]

# Products are exact, whatever this process's own context is.
_EXACT: Final = Context(prec=2000)
_COMPARE: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.EQUALS: operator.eq,
    Operator.NOT_EQUALS: operator.ne,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
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
_TIMES: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.AT_LEAST_TIMES: operator.ge,
    Operator.MORE_THAN_TIMES: operator.gt,
    Operator.AT_MOST_TIMES: operator.le,
    Operator.LESS_THAN_TIMES: operator.lt,
}


def evaluator(node: AnyNode, lists: Lists) -> Test:
    """The node as a function of an item's facts, made once and called for many; stops as soon as the truth is known."""
    match node:
        case AllOf():
            return _all([evaluator(part, lists) for part in node.all])
        case AnyOf():
            return _any([evaluator(part, lists) for part in node.any])
        case Not():
            part = evaluator(node.part, lists)
            return lambda facts: None if (truth := part(facts)) is None else not truth
        case _:
            return _condition(node, lists)


def tracer(node: AnyNode, lists: Lists) -> Trace:
    """The same, which asks every condition and writes down what it found, in their order."""
    match node:
        case AllOf():
            return _all_traced([tracer(part, lists) for part in node.all])
        case AnyOf():
            return _any_traced([tracer(part, lists) for part in node.any])
        case Not():
            part = tracer(node.part, lists)
            return lambda facts, found: None if (truth := part(facts, found)) is None else not truth
        case _:
            return _traced(node, _condition(node, lists))


def _all(parts: list[Test]) -> Test:
    def test(facts: Facts) -> Truth:
        truth: Truth = True
        for part in parts:
            found = part(facts)
            if found is False:
                return False
            if found is None:
                truth = None
        return truth

    return test


def _any(parts: list[Test]) -> Test:
    def test(facts: Facts) -> Truth:
        truth: Truth = False
        for part in parts:
            found = part(facts)
            if found:
                return True
            if found is None:
                truth = None
        return truth

    return test


def _all_traced(parts: list[Trace]) -> Trace:
    def trace(facts: Facts, found: Found) -> Truth:
        truths = [part(facts, found) for part in parts]
        return False if False in truths else None if None in truths else True

    return trace


def _any_traced(parts: list[Trace]) -> Trace:
    def trace(facts: Facts, found: Found) -> Truth:
        truths = [part(facts, found) for part in parts]
        return True if True in truths else None if None in truths else False

    return trace


def _traced(condition: Condition, test: Test) -> Trace:
    name = condition.field

    def trace(facts: Facts, found: Found) -> Truth:
        truth = test(facts)
        found.append(ConditionFound(condition, facts.get(name), truth))
        return truth

    return trace


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
    return _plain(name, _COMPARE[op], wanted)


def _plain(name: str, compare: Callable[[Any, Any], bool], wanted: Any) -> Test:
    def test(facts: Facts) -> Truth:
        value = facts.get(name)
        return None if value is None else compare(value, wanted)

    return test


def _text(name: str, compare: Callable[[Any, Any], bool], wanted: Any) -> Test:
    def test(facts: Facts) -> Truth:
        value = facts.get(name)
        return None if value is None else compare(folded(value), wanted)

    return test


def _multiple(name: str, compare: Callable[[Any, Any], bool], wanted: Multiple) -> Test:
    times, other = wanted.times, wanted.field

    def test(facts: Facts) -> Truth:
        value, base = facts.get(name), facts.get(other)
        return None if value is None or base is None else compare(value, _EXACT.multiply(base, times))

    return test
