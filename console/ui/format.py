"""How values read on screen. Text only: no markup, no component."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

MINUS: Final = "−"


def money(amount: Decimal) -> str:
    """``Decimal("6100.04")`` as ``6,100.04``: two decimals, thousands separated, a true minus sign.

    Raises ``ValueError`` when ``amount`` has a fraction of a cent: rounding money is not a matter of display.
    """
    if amount != amount.quantize(Decimal("0.01")):
        raise ValueError(f"{amount} has a fraction of a cent")
    return f"{amount:,.2f}".replace("-", MINUS)


def count(number: int) -> str:
    """``21480`` as ``21,480``."""
    return f"{number:,}".replace("-", MINUS)


def initials(name: str) -> str:
    """At most two letters for a person: ``Maria Reyes`` and ``m.reyes`` are both ``MR``."""
    words = [word for word in name.replace(".", " ").replace("_", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    picked = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return picked.upper()


def epoch_ms(moment: datetime) -> int:
    """A moment for the browser's clock, in milliseconds since 1970 (UTC). ``moment`` must know its zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be counted down to")
    return int(moment.timestamp() * 1000)


def zone_letters(moment: datetime) -> str:
    """How people name the zone of a local moment: ``ET`` for Eastern time whatever the season, else as it is."""
    name = moment.strftime("%Z")
    return name[0] + name[2] if len(name) == 3 and name[1] in "SD" and name[2] == "T" else name


def clock(moment: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """A moment as the institution's clocks show it: ``Tue 23:59`` within a week, ``24 Nov 23:59`` farther away."""
    local = moment.astimezone(zone)
    near = abs(moment - now) < timedelta(days=6)
    return local.strftime("%a %H:%M") if near else f"{local.day} {local:%b %H:%M}"


def in_full(moment: datetime, zone: ZoneInfo) -> str:
    """A moment with everything said: ``Tuesday 24 November 2026, 23:59 EST``."""
    local = moment.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M %Z}"


def day(given: date) -> str:
    """``3 Nov 2026``."""
    return f"{given.day} {given:%b %Y}"


def handling_time(milliseconds: int) -> str:
    """How long people took: ``41 s``, ``3:05 min`` from two minutes on, ``2.5 h`` from two hours on."""
    seconds = round(milliseconds / 1000)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60}:{seconds % 60:02} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
