"""The institution's business hours as arrays, so that SQL counts them as `console.review.clocks` does.

Hours count as they are set now, also of days before they were changed.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from console.insight.periods import days_from, midnight
from console.review.clocks import Hours

# A check that has waited longer counts from here.
LOOK_BACK: Final = timedelta(days=800)


def day_of(moment: str) -> str:
    """SQL for the place of a moment's day in the `calendar`; 0: it lies before."""
    return f"width_bucket({moment}, cast(:day_starts as timestamptz[]))"


def elapsed(start: str, end: str) -> str:
    """SQL for the business seconds (double precision) between the moments in two columns, with the parameters of
    `calendar`; beside each stands its `day_of`, in a column that is named after it with `_day`."""
    return f"({_passed(end)} - {_passed(start)})"


def calendar(last: date, office: Hours) -> dict[str, Any]:
    """The parameters of `elapsed`, for moments up to the end of the day `last`."""
    starts, opens, lasts, passed = _calendar(last, office)
    return {"day_starts": starts, "day_opens": opens, "day_seconds": lasts, "day_passed": passed}


def _passed(moment: str) -> str:
    """Business seconds from the calendar's first day on: those of earlier days, and of the day itself."""
    day = f"{moment}_day"
    opened = f"date_part('epoch', {moment} - (cast(:day_opens as timestamptz[]))[{day}])"
    return (
        f"coalesce((cast(:day_passed as float8[]))[{day}]"
        f" + least(greatest({opened}, 0), (cast(:day_seconds as float8[]))[{day}]), 0)"
    )


@lru_cache(maxsize=16)
def _calendar(last: date, office: Hours) -> tuple[list[Any], ...]:
    days = days_from(last - LOOK_BACK, last)
    seconds, passed, total = [], [], 0.0
    for day in days:
        opens, closes = office.at(day, office.opens_at), office.at(day, office.closes_at)
        passed.append(total)
        seconds.append((closes - opens).total_seconds() if office.is_banking_day(day) else 0.0)
        total += seconds[-1]
    return [midnight(day, office) for day in days], [office.at(day, office.opens_at) for day in days], seconds, passed
