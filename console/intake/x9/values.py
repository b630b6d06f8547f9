"""Reading and checking single field values: numbers, dates, routing numbers, the MICR on-us field."""

from datetime import date
from functools import lru_cache

ON_US_SYMBOL = "/"
_PREFIX_RANGES = ((0, 12), (21, 32), (61, 72), (80, 80))
_SERIAL_DIGITS = 6


def printable(text: str) -> str:
    """The text with a replacement character for whatever cannot be printed.

    PostgreSQL takes no NUL in text, and a screen no control character.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def read_number(text: str) -> int | None:
    """The number in a numeric field, however it is justified; None when blank or not a number."""
    if not text.isdecimal():
        text = text.strip()
    return int(text) if text.isdecimal() else None


@lru_cache(maxsize=1024)
def read_date(text: str) -> date | None:
    """The date in a YYYYMMDD field; None when blank or no day of the calendar."""
    if len(text) != 8 or not text.isdecimal():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def check_digit(first_eight: str) -> str:
    """The ninth digit of an ABA routing number (ABA Key to Routing Numbers: weights 3, 7, 1, sum divisible by 10)."""
    weights = (3, 7, 1, 3, 7, 1, 3, 7)
    return str(-sum(w * int(d) for w, d in zip(weights, first_eight, strict=True)) % 10)


@lru_cache(maxsize=4096)
def routing_fault(routing: str) -> tuple[str, str] | None:
    """What is wrong with a routing number, and what was expected; None when it is valid.

    `routing` is the nine characters as read: eight digits and the check digit.
    """
    if len(routing) != 9 or not routing[:8].isdecimal():
        return "The routing number is not nine digits.", "nine digits"
    expected = routing[:8] + check_digit(routing[:8])
    if routing[8] == " ":
        return "The check digit of the routing number is missing.", expected
    if routing != expected:
        return "The check digit of the routing number is wrong.", expected
    if not any(low <= int(routing[:2]) <= high for low, high in _PREFIX_RANGES):
        return "No Federal Reserve district has routing numbers that begin like this.", "begins 00-12, 21-32, 61-72, 80"
    return None


def split_on_us(on_us: str) -> tuple[str, str | None]:
    """Account number and serial inside a MICR on-us field; the serial is None when the field holds one part only.

    The On-Us symbol closes the account, so what follows it is the serial (`20915353/111`). Some banks print the serial
    first (`111/20915353` or `0111/20915353/`): with two symbols the parts stand in that order, with one the part that
    is longer, and only when the other is no longer than a serial, is the account. Dashes and blanks are dropped.
    """
    parts = [part.replace("-", "").replace(" ", "") for part in on_us.split(ON_US_SYMBOL)]
    filled = [part for part in parts if part]
    if len(filled) < 2:
        return (filled[0] if filled else ""), None
    before, after = filled[0], filled[1]
    # Two symbols around the second part (`0111/20915353/`), or a short part before a longer one: the serial leads.
    closed = len(parts) > 2 and bool(parts[0]) and not parts[-1]
    if closed or (len(before) <= _SERIAL_DIGITS and len(after) > len(before)):
        return after, before
    return before, after


def plain_serial(serial: str) -> str:
    """A serial without blanks, dashes and leading zeros ("0" when it is all zeros, "" when there is none)."""
    digits = serial.replace("-", "").replace(" ", "").replace(ON_US_SYMBOL, "")
    return digits.lstrip("0") or digits[:1]
