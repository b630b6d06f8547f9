"""A report on the page: its heading, a chart, and beneath it the same in figures, copied or taken as CSV."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import astuple

from nicegui.element import Element

from console.actor import Actor
from console.insight.definitions import REPORTS, Report
from console.insight.sheets import Sheet
from console.insight.values_panel import shown
from console.ui.charts import draw_table
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text, icon, panel

Export = Callable[[Actor, Report], Awaitable[None]]


class ReportPanel:
    """One report; `show` draws it anew."""

    def __init__(self, page: ConsolePage, report: Report, export: Export, *, classes: str = "") -> None:
        title, counts, says = astuple(REPORTS[report])

        async def take(actor: Actor) -> None:
            await export(actor, report)

        with panel(classes=f"crc-report {classes}".rstrip()) as section:
            section.props["aria-label"] = title
            with Element("div").classes("crc-panel-head"):
                Text(title, tag="h2").props["title"] = says
                Text(counts)
                button = ActionButton("CSV", page.handler(take), icon_name="download")
                button.props["aria-label"] = f"Export {title} as CSV"
            self._body = Element("div").classes("crc-report-body")
        self._body.props["aria-live"] = "polite"
        self.wait()

    def wait(self) -> None:
        """Say that it is being read."""
        self._waits = True
        self._say("hourglass_empty", "Reading …")

    def fail(self) -> None:
        """Say that it could not be read, if it is still awaited; the page says why."""
        if not self._waits:
            return
        self._say("error_outline", "Could not be read. Choose other days, or reload the page.")

    def show(self, sheet: Sheet, draw: Callable[[], object], *, empty: str = "", folded: bool = True) -> None:
        """Draw the chart and, `folded`, its table; `empty` says in their place why there is nothing."""
        self._waits = False
        if empty:
            self._say("inbox", empty)
            return
        self._body.clear()
        with self._body:
            draw()
            if folded:
                draw_table("As a table", sheet.heads, [[shown(value) for value in row] for row in sheet.rows])

    def _say(self, icon_name: str, words: str) -> None:
        self._body.clear()
        with self._body, Element("div").classes("crc-state"):
            icon(icon_name, classes="crc-state-icon")
            Text(words, tag="p")
