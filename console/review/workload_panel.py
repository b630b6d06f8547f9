"""The team's work: a row for each person, and what they decided today as bars by queue."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Final

from nicegui.element import Element

from console.review.workload import Workload, decided_by_queue
from console.ui.charts import axis, bars, draw_chart
from console.ui.format import count, handling_time
from console.ui.pieces import Text, panel

_HEADINGS = ("Person", "Holds", "Assigned", "Decided today", "Median")
# One for each queue, in their order.
_COLOURS: Final = ("accent", "flag", "two", "ok", "warning", "ink-soft")


class WorkloadPanel:
    """Shows the team's work; `show` draws it anew."""

    def __init__(self) -> None:
        with panel("The team's work", aside="today"):
            self._body = Element("div").classes("crc-part")

    def show(self, people: Sequence[Workload]) -> None:
        """Draw these people's work."""
        self._body.clear()
        with self._body:
            if not people:
                Text("Nobody holds, was given or has decided a check today.", tag="p", classes="crc-soft")
                return
            _draw_table(people)
            if any(person.decided for person in people):
                _draw_chart(people)


def _draw_table(people: Sequence[Workload]) -> None:
    with Element("div").classes("crc-matrix crc-workload") as box, Element("table"):
        box.props["tabindex"] = "0"
        box.props["role"] = "region"
        box.props["aria-label"] = "Work by person"
        with Element("thead"), Element("tr"):
            for heading in _HEADINGS:
                Text(heading, tag="th").props["scope"] = "col"
        with Element("tbody"):
            for person in people:
                _draw_row(person)


def _draw_row(person: Workload) -> None:
    with Element("tr") as row:
        row.props["title"] = "\n".join(
            f"{one.queue}: holds {one.held}, assigned {one.assigned}, decided {one.decided}" for one in person.shares
        )
        Text(person.name, tag="th").props["scope"] = "row"
        for number in (person.held, person.assigned, person.decided):
            Text(count(number), tag="td")
        Text("—" if person.median_ms is None else handling_time(person.median_ms), tag="td")


def _draw_chart(people: Sequence[Workload]) -> None:
    """Bars, stacked by queue. The table above says the same in figures."""
    names = [person.name for person in people if person.decided]
    series = [
        bars(queue, [decided.get(name, 0) for name in names], colour, stack="decided")
        for (queue, decided), colour in zip(decided_by_queue(people).items(), cycle(_COLOURS), strict=False)
    ]
    options = {
        "grid": {"left": 8, "right": 16, "top": 30, "bottom": 4, "containLabel": True},
        "xAxis": axis(type="value", minInterval=1),
        "yAxis": axis(type="category", inverse=True, data=names),
        "series": series,
    }
    draw_chart("Decided today, by person and queue", options, 70 + 26 * len(names)).classes("crc-workload-chart")
