"""The operators of conditions: which field types each one is for, and what value it wants. Plain data, no I/O."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class FieldType(StrEnum):
    """What a fact can be. Money is dollars; a choice is one of few words, a set any number of them."""

    MONEY = "money"
    NUMBER = "number"
    INTEGER = "integer"
    TEXT = "text"
    CHOICE = "choice"
    YES_NO = "yes_no"
    DATE = "date"
    SET = "set"


class Wants(StrEnum):
    """What stands beside an operator: nothing, one value, several, two ends, a multiple of a field, a list's key."""

    NOTHING = "nothing"
    ONE = "one"
    SEVERAL = "several"
    RANGE = "range"
    MULTIPLE = "multiple"
    LIST = "list"


class Operator(StrEnum):
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    GREATER = "greater"
    GREATER_OR_EQUAL = "greater_or_equal"
    LESS = "less"
    LESS_OR_EQUAL = "less_or_equal"
    # Both ends included.
    BETWEEN = "between"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    IN_LIST = "in_list"
    NOT_IN_LIST = "not_in_list"
    # A multiple of another field: {"times": "5", "field": "average_90"}.
    AT_LEAST_TIMES = "at_least_times"
    MORE_THAN_TIMES = "more_than_times"
    AT_MOST_TIMES = "at_most_times"
    LESS_THAN_TIMES = "less_than_times"
    # So many times as much as another field, or so many times less.
    CHANGED_BY_FACTOR = "changed_by_factor"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"
    HAS_NONE = "has_none"
    IS_EMPTY = "is_empty"
    IS_NOT_EMPTY = "is_not_empty"
    # The only two that say something of a missing value.
    IS_MISSING = "is_missing"
    IS_PRESENT = "is_present"


WANTS: Final[dict[Operator, Wants]] = {
    **dict.fromkeys(Operator, Wants.ONE),
    Operator.BETWEEN: Wants.RANGE,
    **dict.fromkeys((Operator.IN, Operator.NOT_IN), Wants.SEVERAL),
    **dict.fromkeys((Operator.HAS_ANY, Operator.HAS_ALL, Operator.HAS_NONE), Wants.SEVERAL),
    **dict.fromkeys((Operator.IN_LIST, Operator.NOT_IN_LIST), Wants.LIST),
    **dict.fromkeys(
        (
            Operator.AT_LEAST_TIMES,
            Operator.MORE_THAN_TIMES,
            Operator.AT_MOST_TIMES,
            Operator.LESS_THAN_TIMES,
            Operator.CHANGED_BY_FACTOR,
        ),
        Wants.MULTIPLE,
    ),
    **dict.fromkeys(
        (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY, Operator.IS_MISSING, Operator.IS_PRESENT), Wants.NOTHING
    ),
}

WORDS: Final[dict[Operator, str]] = {
    Operator.EQUALS: "is",
    Operator.NOT_EQUALS: "is not",
    Operator.GREATER: "is more than",
    Operator.GREATER_OR_EQUAL: "is at least",
    Operator.LESS: "is less than",
    Operator.LESS_OR_EQUAL: "is at most",
    Operator.BETWEEN: "is between",
    Operator.IN: "is one of",
    Operator.NOT_IN: "is none of",
    Operator.CONTAINS: "contains",
    Operator.STARTS_WITH: "begins with",
    Operator.ENDS_WITH: "ends with",
    Operator.IN_LIST: "is on the list",
    Operator.NOT_IN_LIST: "is not on the list",
    Operator.AT_LEAST_TIMES: "is at least",
    Operator.MORE_THAN_TIMES: "is more than",
    Operator.AT_MOST_TIMES: "is at most",
    Operator.LESS_THAN_TIMES: "is less than",
    Operator.CHANGED_BY_FACTOR: "differs at least",
    # Of several, as flags are.
    Operator.HAS_ANY: "include any of",
    Operator.HAS_ALL: "include all of",
    Operator.HAS_NONE: "include none of",
    Operator.IS_EMPTY: "are empty",
    Operator.IS_NOT_EMPTY: "are not empty",
    Operator.IS_MISSING: "is not known",
    Operator.IS_PRESENT: "is known",
}

_PRESENCE: Final = (Operator.IS_MISSING, Operator.IS_PRESENT)
_ORDERED: Final = (
    Operator.EQUALS,
    Operator.NOT_EQUALS,
    Operator.GREATER,
    Operator.GREATER_OR_EQUAL,
    Operator.LESS,
    Operator.LESS_OR_EQUAL,
    Operator.BETWEEN,
)
_OF_NUMBERS: Final = (
    *_ORDERED,
    Operator.AT_LEAST_TIMES,
    Operator.MORE_THAN_TIMES,
    Operator.AT_MOST_TIMES,
    Operator.LESS_THAN_TIMES,
    Operator.CHANGED_BY_FACTOR,
    *_PRESENCE,
)
_OF_WORDS: Final = (Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN)

OPERATORS: Final[dict[FieldType, tuple[Operator, ...]]] = {
    FieldType.MONEY: _OF_NUMBERS,
    FieldType.NUMBER: _OF_NUMBERS,
    FieldType.INTEGER: _OF_NUMBERS,
    FieldType.TEXT: (
        *_OF_WORDS,
        Operator.CONTAINS,
        Operator.STARTS_WITH,
        Operator.ENDS_WITH,
        Operator.IN_LIST,
        Operator.NOT_IN_LIST,
        *_PRESENCE,
    ),
    FieldType.CHOICE: (*_OF_WORDS, *_PRESENCE),
    FieldType.YES_NO: (Operator.EQUALS, *_PRESENCE),
    FieldType.DATE: (*_ORDERED, *_PRESENCE),
    FieldType.SET: (
        Operator.HAS_ANY,
        Operator.HAS_ALL,
        Operator.HAS_NONE,
        Operator.IS_EMPTY,
        Operator.IS_NOT_EMPTY,
        *_PRESENCE,
    ),
}

# Types whose values are numbers, so that one can be a multiple of another.
NUMERIC: Final = frozenset({FieldType.MONEY, FieldType.NUMBER, FieldType.INTEGER})
