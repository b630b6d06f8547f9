"""Values of conditions and facts: from JSON into Python and back, each by its field's type. No I/O.

Amounts and numbers travel as text, so that no number of JSON is ever an amount; whole numbers as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from console.policy.operators import FieldType

# Bounds of what anybody may write into a condition.
MAX_TEXT: Final = 200
MAX_VALUES: Final = 200
_MAX_DIGITS: Final = 20
_MAX_PLACES: Final = 6
_TOO_LARGE: Final = Decimal(10) ** (_MAX_DIGITS - _MAX_PLACES)
_WRITTEN_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Value = Decimal | int | str | bool | date | frozenset[str]


class BadValue(ValueError):
    """A value is not of its type; the message says what is wanted."""


def wanted_value(kind: FieldType, value: object) -> Value:
    """One value that a person wrote into a condition. Raises BadValue."""
    match kind:
        case FieldType.MONEY:
            return _decimal(value, 2, "an amount in dollars, such as 7500.00")
        case FieldType.NUMBER:
            return _decimal(value, _MAX_PLACES, "a number, such as 2.5")
        case FieldType.INTEGER:
            return _whole(value)
        case FieldType.YES_NO:
            if not isinstance(value, bool):
                raise BadValue("Say yes or no (true or false).")
            return value
        case FieldType.DATE:
            return _date(value)
        case _:
            return _text(value)


def as_json(value: Value) -> Any:
    """A value as it is stored: the way back."""
    match value:
        case bool() | int() | str():
            return value
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return sorted(value)


def fact_from_json(kind: FieldType, value: Any) -> Value | None:
    """A stored fact; None: it is missing."""
    if value is None:
        return None
    match kind:
        case FieldType.MONEY | FieldType.NUMBER:
            return Decimal(value)
        case FieldType.DATE:
            return date.fromisoformat(value)
        case FieldType.SET:
            return frozenset(value)
        case _:
            return value  # type: ignore[no-any-return]  # as the intake wrote it


def _decimal(value: object, places: int, wanted: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)) or len(str(value)) > 2 * _MAX_DIGITS:
        raise BadValue(f"Write {wanted}, as text.")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise BadValue(f"Write {wanted}.") from None
    # Compared as it is: to work with a number of a thousand million digits is an error.
    if not number.is_finite() or not -_TOO_LARGE < number < _TOO_LARGE:
        raise BadValue(f"Write {wanted}.")
    exact = number.quantize(Decimal(1).scaleb(-places))
    if exact != number:
        raise BadValue(f"Write {wanted}: {places} decimals at the most.")
    # One text for one value: 7500 and 7500.00 are the same policy.
    if places == 2:
        return exact
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**_MAX_DIGITS:
        raise BadValue("Write a whole number.")
    return value


def _date(value: object) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _WRITTEN_DATE.fullmatch(value):
        raise BadValue("Write a date as 2026-12-31.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadValue("This day does not exist.") from None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT:
        raise BadValue(f"Write 1 to {MAX_TEXT} characters.")
    if not storable(value):
        raise BadValue("This text has characters that cannot be stored.")
    return value


def storable(value: str) -> bool:
    """Whether the database can hold this text: no NUL, no half of a surrogate pair."""
    return not any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in value)


def several(kind: FieldType, values: object, *, exactly: int | None = None) -> Sequence[Value]:
    """A list of values, each of the type. Raises BadValue with the position of what is wrong."""
    if not isinstance(values, (list, tuple, set, frozenset)):
        raise BadValue("Write a list of values.")
    if exactly is not None and len(values) != exactly:
        raise BadValue(f"Write {exactly} values: from and to.")
    if not 1 <= len(values) <= MAX_VALUES:
        raise BadValue(f"Write 1 to {MAX_VALUES} values.")
    found = []
    for position, value in enumerate(values, 1):
        try:
            found.append(wanted_value(kind, value))
        except BadValue as error:
            raise BadValue(f"Value {position}: {error}") from error
    return found


def folded(value: str) -> str:
    """Text as it is compared: A to Z as a to z and nothing else changed, because this is the one folding that Python
    and PostgreSQL (`lower(… collate "C")`) do alike."""
    return value.lower() if value.isascii() else value.translate(_ASCII_LOWER)


_ASCII_LOWER: Final = {letter: letter + 32 for letter in range(ord("A"), ord("Z") + 1)}
