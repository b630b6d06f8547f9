"""The second engine: conditions as one SQL expression over all items. SQLAlchemy core; every value is a parameter.

It means what `explain.py` means: NULL is its missing, and AND, OR and NOT are its `all`, `any` and `not`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Numeric,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    collate,
    func,
    literal_column,
    not_,
    or_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from console.policy.conditions import AllOf, AnyNode, AnyOf, Condition, Multiple, Not, conditions_of
from console.policy.explain import Lists
from console.policy.fields import FIELDS, FLAGS
from console.policy.operators import WANTS, FieldType, Operator, Wants
from console.policy.values import folded

Truth = ColumnElement[bool]
Column = ColumnElement[Any]

_SQL_TYPES: Final = {
    # Whole numbers too: a serial has more digits than bigint holds.
    **dict.fromkeys((FieldType.MONEY, FieldType.NUMBER, FieldType.INTEGER), Numeric),
    **dict.fromkeys((FieldType.TEXT, FieldType.CHOICE), Text),
    FieldType.YES_NO: Boolean,
    FieldType.DATE: Date,
    FieldType.SET: JSONB,
}
_MISSING: Final[Truth] = literal_column("null::boolean", Boolean)
_NEVER: Final[Truth] = literal_column("false", Boolean)


@dataclass(frozen=True)
class Columns:
    """What a condition is asked of: a column for each field, and one that is true or false for each built-in flag.

    `answers` are of conditions that were asked already, by `meaning_of`.
    """

    fields: ReadOnlyColumnCollection[str, Any]
    flags: Mapping[str, Truth]
    answers: Mapping[Hashable, Truth] = field(default_factory=dict)


def fact(facts: Column, name: str) -> Column:
    """A field's value out of the `facts` column, in its own type; NULL where it is missing."""
    kind = FIELDS[name].type
    if kind is FieldType.SET:
        return facts[name]
    value = facts[name].astext
    return (value if kind in {FieldType.TEXT, FieldType.CHOICE} else cast(value, _SQL_TYPES[kind])).label(name)


def fields_of(nodes: Collection[AnyNode]) -> Iterator[str]:
    """The kept fields that these conditions read, each once, in the catalogue's order."""
    used: set[str] = set()
    for node in nodes:
        for one in conditions_of(node):
            used.add(one.field)
            if isinstance(one.wanted, Multiple):
                used.add(one.wanted.field)
    return (name for name in FIELDS if name in used and name != FLAGS.name)


def meaning_of(node: AnyNode, lists: Lists) -> Hashable:
    """The same for nodes that say the same of every item, as far as flags are the same."""
    named = sorted({str(one.value) for one in conditions_of(node) if WANTS[one.op] is Wants.LIST})
    return node.model_dump_json(), tuple((key, lists.get(key)) for key in named)


def truth_of(node: AnyNode, columns: Columns, lists: Lists) -> Truth:
    """The node as one expression: true, false, or NULL where that cannot be said."""
    match node:
        case AllOf():
            return and_(*(truth_of(part, columns, lists) for part in node.all))
        case AnyOf():
            return or_(*(truth_of(part, columns, lists) for part in node.any))
        case Not():
            return not_(truth_of(node.part, columns, lists))
        case _ if node.field == FLAGS.name:
            return _of_flags(node, columns.flags)
        case _ if columns.answers and (answer := columns.answers.get(meaning_of(node, lists))) is not None:
            return answer
        case _:
            return _condition(node, columns.fields, lists)


def _of_flags(condition: Condition, flags: Mapping[str, Truth]) -> Truth:
    """Flags are never missing: each is raised or not."""
    wanted: tuple[str, ...] = condition.wanted or ()  # type: ignore[assignment]  # words, or nothing
    some = [flags.get(code, _NEVER) for code in wanted]
    match condition.op:
        case Operator.HAS_ANY:
            return or_(_NEVER, *some)
        case Operator.HAS_NONE:
            return not_(or_(_NEVER, *some))
        case Operator.HAS_ALL:
            return and_(*some)
        case Operator.IS_EMPTY:
            return not_(or_(_NEVER, *flags.values()))
        case Operator.IS_NOT_EMPTY:
            return or_(_NEVER, *flags.values())
        case Operator.IS_MISSING:
            return _NEVER
        case _:
            return not_(_NEVER)


def _condition(condition: Condition, fields: ReadOnlyColumnCollection[str, Any], lists: Lists) -> Truth:
    column: Column = fields[condition.field]
    op, wanted = condition.op, condition.wanted
    if op is Operator.IS_MISSING:
        return column.is_(None)
    if op is Operator.IS_PRESENT:
        return column.is_not(None)
    if isinstance(wanted, Multiple):
        return _TIMES[op](column, _value(wanted.times), fields[wanted.field])
    match FIELDS[condition.field].type:
        case FieldType.SET:
            return _of_set(column, op, wanted)
        case FieldType.TEXT:
            return _of_text(func.lower(collate(column, "C")), op, wanted, lists)
        case _:
            return _plain(column, op, wanted)


def _of_set(column: Column, op: Operator, wanted: Any) -> Truth:
    match op:
        case Operator.IS_EMPTY:
            return func.jsonb_array_length(column, type_=Integer) == 0
        case Operator.IS_NOT_EMPTY:
            return func.jsonb_array_length(column, type_=Integer) > 0
        case Operator.HAS_ALL:
            every: Truth = column.bool_op("?&")(_value(wanted))
            return every
        case _:
            found: Truth = column.bool_op("?|")(_value(wanted))
            return found if op is Operator.HAS_ANY else not_(found)


def _of_text(column: Column, op: Operator, wanted: Any, lists: Lists) -> Truth:
    match op:
        case Operator.IN_LIST | Operator.NOT_IN_LIST:
            held = lists.get(wanted)
            if held is None:
                return _MISSING
            # NULL is on an empty list neither more nor less than on a full one; PostgreSQL says false of it.
            found = column == any_(_value(tuple(sorted(held)))) if held else and_(column.is_(None), _MISSING)
            return found if op is Operator.IN_LIST else not_(found)
        case Operator.CONTAINS:
            return func.strpos(column, _value(folded(wanted))) > 0
        case Operator.STARTS_WITH:
            return func.starts_with(column, _value(folded(wanted)))
        case Operator.ENDS_WITH:
            return func.right(column, len(wanted)) == _value(folded(wanted))
        case _:
            return _plain(column, op, tuple(map(folded, wanted)) if isinstance(wanted, tuple) else folded(wanted))


def _plain(column: Column, op: Operator, wanted: Any) -> Truth:
    match op:
        case Operator.BETWEEN:
            return column.between(_value(wanted[0]), _value(wanted[1]))
        case Operator.IN:
            return column == any_(_value(wanted))
        case Operator.NOT_IN:
            return not_(column == any_(_value(wanted)))
        case _:
            return _COMPARE[op](column, _value(wanted))


_COMPARE: Final[dict[Operator, Callable[[Column, Column], Truth]]] = {
    Operator.EQUALS: lambda found, wanted: found == wanted,
    Operator.NOT_EQUALS: lambda found, wanted: found != wanted,
    Operator.GREATER: lambda found, wanted: found > wanted,
    Operator.GREATER_OR_EQUAL: lambda found, wanted: found >= wanted,
    Operator.LESS: lambda found, wanted: found < wanted,
    Operator.LESS_OR_EQUAL: lambda found, wanted: found <= wanted,
}
# Of a value, how many times, and of what.
_TIMES: Final[dict[Operator, Callable[[Column, Column, Column], Truth]]] = {
    Operator.AT_LEAST_TIMES: lambda found, times, base: found >= base * times,
    Operator.MORE_THAN_TIMES: lambda found, times, base: found > base * times,
    Operator.AT_MOST_TIMES: lambda found, times, base: found <= base * times,
    Operator.LESS_THAN_TIMES: lambda found, times, base: found < base * times,
    Operator.CHANGED_BY_FACTOR: lambda found, times, base: or_(found >= base * times, found * times <= base),
}


def _value(value: Any) -> Column:
    """A value as a parameter of its type."""
    match value:
        case tuple():
            return bindparam(None, list(value), ARRAY(Text))
        case bool():
            return bindparam(None, value, Boolean)
        case int() | Decimal():
            return bindparam(None, Decimal(value), Numeric)
        case date():
            return bindparam(None, value, Date)
        case _:
            return bindparam(None, value, Text)
