"""Amounts as they stand on a check: figures and words."""

from decimal import Decimal
from typing import Final

_ONES: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def _below_thousand(number: int) -> str:
    parts = []
    if number >= 100:
        parts.append(f"{_ONES[number // 100]} hundred")
        number %= 100
    if number >= 20:
        parts.append(_TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else ""))
    elif number:
        parts.append(_ONES[number])
    return " ".join(parts)


def dollars_in_words(number: int) -> str:
    """Whole dollars in English words, 0 to 999,999,999, lower case.

    Raises ValueError outside that range.
    """
    if not 0 <= number < 1_000_000_000:
        raise ValueError(f"cannot write {number} in words")
    if number == 0:
        return _ONES[0]
    parts = []
    for size, name in ((1_000_000, "million"), (1_000, "thousand")):
        if number >= size:
            parts.append(f"{_below_thousand(number // size)} {name}")
            number %= size
    if number:
        parts.append(_below_thousand(number))
    return " ".join(parts)


def legal_amount(amount: Decimal) -> str:
    """The legal line: `Four thousand five hundred thirty-two and 07/100`."""
    cents = int(amount.scaleb(2))
    return f"{dollars_in_words(cents // 100).capitalize()} and {cents % 100:02d}/100"


def courtesy_amount(amount: Decimal) -> str:
    """The amount in figures: `4,532.07`."""
    return f"{amount:,.2f}"
