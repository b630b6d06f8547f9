"""How the values of a report read on screen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from console.insight.sheets import Share, Span, Value
from console.ui.format import count, day, handling_time, money

NONE: Final = "—"


def shown(value: Value) -> str:
    """A value as people read it."""
    match value:
        case None | Span(seconds=None):
            return NONE
        case Share(too_few=True):
            return f"too few ({value.part} of {value.whole})"
        case Share():
            return NONE if value.percent is None else f"{value.percent} %"
        case Span():
            return span(value)
        case Decimal():
            return money(value)
        case date():
            return f"{value:%a} {day(value)}"
        case int():
            return count(value)
    return value


def span(value: Span) -> str:
    """``5 min``, ``1.4 h`` of business time; else as people's own time reads."""
    seconds = value.seconds or 0
    if not value.hours:
        return handling_time(seconds * 1000)
    return f"{round(seconds / 60)} min" if seconds < 3600 else f"{Decimal(seconds) / 3600:.1f} h"
