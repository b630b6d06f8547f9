"""What several conditions together leave of one field: a span of numbers, some words, missing or not. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from console.policy.conditions import Multiple, Wanted
from console.policy.fields import Field
from console.policy.operators import FieldType, Operator
from console.policy.values import folded

# Fields whose numbers cannot lie outside of these, whatever the bank.
NATURAL: Final[dict[str, tuple[Decimal | None, Decimal | None]]] = {
    "amount": (Decimal(0), None),
    "received_hour": (Decimal(0), Decimal(23)),
    "serial_distance": (Decimal(0), None),
}
# Of each pair one holds, unless a value is missing.
OPPOSITE: Final = {
    one: other
    for pair in (
        (Operator.EQUALS, Operator.NOT_EQUALS),
        (Operator.GREATER, Operator.LESS_OR_EQUAL),
        (Operator.GREATER_OR_EQUAL, Operator.LESS),
        (Operator.IN, Operator.NOT_IN),
        (Operator.IN_LIST, Operator.NOT_IN_LIST),
        (Operator.AT_LEAST_TIMES, Operator.LESS_THAN_TIMES),
        (Operator.MORE_THAN_TIMES, Operator.AT_MOST_TIMES),
        (Operator.HAS_ANY, Operator.HAS_NONE),
        (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY),
        (Operator.IS_MISSING, Operator.IS_PRESENT),
    )
    for one, other in (pair, pair[::-1])
}
_ORDERED: Final = frozenset({FieldType.MONEY, FieldType.NUMBER, FieldType.INTEGER, FieldType.DATE})
_BY_LETTERS: Final[dict[Operator, Callable[[str, str], bool]]] = {
    Operator.CONTAINS: lambda found, wanted: wanted in found,
    Operator.STARTS_WITH: str.startswith,
    Operator.ENDS_WITH: str.endswith,
}


class Bounds:
    """Fed with conditions on one field; `impossible` once no value, and no missing one, keeps them all."""

    def __init__(self, field: Field, empty_lists: frozenset[str] = frozenset()) -> None:
        self.field, self._empty_lists = field, empty_lists
        self._said: set[tuple[Operator, Wanted, bool]] = set()
        self._missing: bool | None = None
        self._never = False
        # Numbers and days: both ends, and whether each belongs to it.
        low, high = NATURAL.get(field.name, (None, None))
        self._low: tuple[Any, bool] | None = None if low is None else (low, True)
        self._high: tuple[Any, bool] | None = None if high is None else (high, True)
        # Words: those that it can be, None: any; and those that it is not.
        self._among: frozenset[Any] | None = _choices(field)
        self._not: set[Any] = set()
        # Sets of words: what it has, and what it lacks.
        self._has: set[str] = set()
        self._lacks: set[str] = set()
        self._filled: bool | None = None

    def add(self, op: Operator, wanted: Wanted, holds: bool = True) -> None:
        """One condition more that holds, or that is asked and does not."""
        self._said.add((op, wanted, holds))
        missing = op is Operator.IS_MISSING
        if self._missing is not None and self._missing is not missing:
            self._never = True
        self._missing = missing
        if op in {Operator.IS_MISSING, Operator.IS_PRESENT} or isinstance(wanted, Multiple):
            return
        if op in {Operator.IN_LIST, Operator.NOT_IN_LIST}:
            self._never |= op is Operator.IN_LIST and wanted in self._empty_lists
        elif self.field.type in _ORDERED:
            self._add_number(op, wanted)
        elif self.field.type is FieldType.SET:
            self._add_set(op, wanted)
        else:
            self._add_word(op, wanted, holds)

    @property
    def impossible(self) -> bool:
        """Whether nothing keeps all of it."""
        if self._never or any(self._denied(*one) for one in self._said):
            return True
        if self._missing:
            return False
        if self._low and self._high and (
            self._low[0] > self._high[0] or (self._low[0] == self._high[0] and not (self._low[1] and self._high[1]))
        ):  # fmt: skip
            return True
        if (point := self._point()) is not None and point in self._not:
            return True
        if self._among is not None and not self._words():
            return True
        return bool(self._has & self._lacks) or (bool(self._has) and self._filled is False)

    def _denied(self, op: Operator, wanted: Wanted, holds: bool) -> bool:
        """Whether the very opposite of what was said is said as well."""
        opposite = OPPOSITE.get(op)
        return (op, wanted, not holds) in self._said or (
            opposite is not None and (opposite, wanted, True) in self._said
        )

    def entails(self, op: Operator, wanted: Wanted, holds: bool = True) -> bool:
        """Whether the condition is true of whatever keeps all of this."""
        if (op, wanted, holds) in self._said:
            return True
        if op is Operator.IS_MISSING:
            return self._missing is True
        if self._missing is not False:
            return False
        if op is Operator.IS_PRESENT:
            return True
        if isinstance(wanted, Multiple) or op in {Operator.IN_LIST, Operator.NOT_IN_LIST}:
            return False
        if self.field.type in _ORDERED:
            return self._entails_number(op, wanted)
        if self.field.type is FieldType.SET:
            return self._entails_set(op, wanted)
        return self._entails_word(op, wanted, holds)

    def _add_number(self, op: Operator, wanted: Any) -> None:
        match op:
            case Operator.NOT_EQUALS:
                self._not.add(wanted)
            case Operator.EQUALS:
                self._above(wanted, True)
                self._below(wanted, True)
            case Operator.BETWEEN:
                self._above(wanted[0], True)
                self._below(wanted[1], True)
            case Operator.GREATER | Operator.GREATER_OR_EQUAL:
                self._above(wanted, op is Operator.GREATER_OR_EQUAL)
            case Operator.LESS | Operator.LESS_OR_EQUAL:
                self._below(wanted, op is Operator.LESS_OR_EQUAL)

    def _above(self, value: Any, itself: bool) -> None:
        if self.field.type is FieldType.INTEGER and not itself:
            value, itself = value + 1, True
        if self._low is None or (value, not itself) > (self._low[0], not self._low[1]):
            self._low = (value, itself)

    def _below(self, value: Any, itself: bool) -> None:
        if self.field.type is FieldType.INTEGER and not itself:
            value, itself = value - 1, True
        if self._high is None or (value, itself) < self._high:
            self._high = (value, itself)

    def _point(self) -> Decimal | date | None:
        if self._low and self._high and self._low == self._high and self._low[1]:
            return self._low[0]  # type: ignore[no-any-return]
        return None

    def _entails_number(self, op: Operator, wanted: Any) -> bool:
        match op:
            case Operator.EQUALS:
                return bool(self._point() == wanted)
            case Operator.NOT_EQUALS:
                return wanted in self._not or self._is_above(wanted, False) or self._is_below(wanted, False)
            case Operator.BETWEEN:
                return self._is_above(wanted[0], True) and self._is_below(wanted[1], True)
            case Operator.GREATER | Operator.GREATER_OR_EQUAL:
                return self._is_above(wanted, op is Operator.GREATER_OR_EQUAL)
            case _:
                return self._is_below(wanted, op is Operator.LESS_OR_EQUAL)

    def _is_above(self, value: Any, itself: bool) -> bool:
        return self._low is not None and (
            self._low[0] > value or (self._low[0] == value and (itself or not self._low[1]))
        )

    def _is_below(self, value: Any, itself: bool) -> bool:
        return self._high is not None and (
            self._high[0] < value or (self._high[0] == value and (itself or not self._high[1]))
        )

    def _add_word(self, op: Operator, wanted: Any, holds: bool) -> None:
        words = _words_of(self.field, wanted)
        if op in {Operator.EQUALS, Operator.IN}:
            self._among = words if self._among is None else self._among & words
        elif op in {Operator.NOT_EQUALS, Operator.NOT_IN}:
            self._not |= words
        elif self._among is not None:
            (letters,) = words
            self._among = frozenset(one for one in self._among if _BY_LETTERS[op](one, letters) is holds)

    def _words(self) -> frozenset[Any]:
        """What it can still be; only where that is one of few."""
        among = (self._among or frozenset()) - self._not
        letters = [(op, wanted, holds) for op, wanted, holds in self._said if op in _BY_LETTERS]
        return frozenset(
            one
            for one in among
            if all(_BY_LETTERS[op](one, folded(str(wanted))) is holds for op, wanted, holds in letters)
        )

    def _entails_word(self, op: Operator, wanted: Any, holds: bool) -> bool:
        words = _words_of(self.field, wanted)
        if op in {Operator.NOT_EQUALS, Operator.NOT_IN} and words <= self._not:
            return True
        if self._among is None:
            return False
        can_be = self._words()
        match op:
            case Operator.EQUALS | Operator.IN:
                return can_be <= words
            case Operator.NOT_EQUALS | Operator.NOT_IN:
                return not can_be & words
            case _:
                (letters,) = words
                return all(_BY_LETTERS[op](one, letters) is holds for one in can_be)

    def _add_set(self, op: Operator, wanted: Any) -> None:
        match op:
            case Operator.HAS_ALL:
                self._has |= set(wanted)
            case Operator.HAS_ANY if len(wanted) == 1:
                self._has |= set(wanted)
            case Operator.HAS_NONE:
                self._lacks |= set(wanted)
        filled = op in {Operator.HAS_ANY, Operator.HAS_ALL, Operator.IS_NOT_EMPTY}
        if filled or op is Operator.IS_EMPTY:
            self._never |= self._filled is not None and self._filled is not filled
            self._filled = filled
        any_of = [set(words) for one, words, _ in self._said if one is Operator.HAS_ANY]  # type: ignore[arg-type]
        self._never |= any(words <= self._lacks for words in any_of)

    def _entails_set(self, op: Operator, wanted: Any) -> bool:
        match op:
            case Operator.IS_EMPTY:
                return self._filled is False
            case Operator.IS_NOT_EMPTY:
                return self._filled is True
            case Operator.HAS_ALL:
                return set(wanted) <= self._has
            case Operator.HAS_NONE:
                return set(wanted) <= self._lacks or self._filled is False
            case _:
                return bool(self._has & set(wanted)) or any(
                    set(words) <= set(wanted)  # type: ignore[arg-type]
                    for one, words, _ in self._said
                    if one is Operator.HAS_ANY
                )


def _choices(field: Field) -> frozenset[Any] | None:
    if field.type is FieldType.YES_NO:
        return frozenset({True, False})
    # What a catalogue of later offers besides cannot have been written into a condition of now.
    return frozenset(field.choices) if field.type is FieldType.CHOICE and field.choices else None


def _words_of(field: Field, wanted: Any) -> frozenset[Any]:
    words = wanted if isinstance(wanted, tuple) else (wanted,)
    return frozenset(map(folded, words) if field.type is FieldType.TEXT else words)
