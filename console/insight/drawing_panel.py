"""Charts as the reports have them: a day after the other, or bars across, one for each name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from console.insight.sheets import Share
from console.ui.charts import axis, draw_chart

HEIGHT: Final = 190
# So many bars across have room; of more, the first are drawn and the table has all.
MOST_ACROSS: Final = 8


def draw_days(label: str, days: Iterable[date], series: list[dict[str, Any]], **y: Any) -> None:
    """Draw a chart by day."""
    options = {
        "grid": {"left": 2, "right": 8, "top": 28, "bottom": 2, "containLabel": True},
        "xAxis": axis(type="category", data=[f"{day.day} {day:%b}" for day in days], splitLine={"show": False}),
        "yAxis": axis(type="value", minInterval=1, **y),
        "series": series,
    }
    draw_chart(f"{label}; the table below says the same", options, HEIGHT)


def draw_across(label: str, names: Sequence[str], series: list[dict[str, Any]], **x: Any) -> None:
    """Draw bars across, the first name on top."""
    options: dict[str, Any] = {
        "grid": {"left": 2, "right": 18, "top": 28 if len(series) > 1 else 6, "bottom": 2, "containLabel": True},
        "xAxis": axis(type="value", minInterval=1, **x),
        "yAxis": axis(type="category", inverse=True, data=[_short(name) for name in names]),
        "series": [one | {"barMaxWidth": 18} for one in series],
    }
    if len(series) == 1:
        options["legend"] = {"show": False}
    draw_chart(f"{label}; the table below says the same", options, HEIGHT)


def percent(part: int, whole: int) -> float | None:
    """A share as a chart draws it."""
    found = Share(part, whole).percent
    return None if found is None else float(found)


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"
