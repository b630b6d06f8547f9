"""The Reports page: how the work goes, as figures and charts, for the days that the address names."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from nicegui import ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.insight import reports
from console.insight.chosen import Chosen, chosen_of
from console.insight.definitions import Report
from console.insight.errors import ReportRefused, ReportTooLong
from console.insight.figures_panel import FiguresPanel
from console.insight.filter_panel import FilterPanel
from console.insight.headline import headlines
from console.insight.judgement_charts_panel import JudgementCharts
from console.insight.people_panel import PeoplePanel
from console.insight.periods import Period
from console.insight.report_export import export_report
from console.insight.report_panel import ReportPanel
from console.insight.scope import QueueFacts
from console.insight.work_charts_panel import WorkCharts
from console.ui.format import day
from console.ui.page import ConsolePage, console_page, show_to_people

PATH = "/reports"
show_to_people(ReportRefused)


@console_page(PATH, permission=Permission.REPORT_READ, title="Reports")
async def reports_page(page: ConsolePage) -> None:
    """The reports of the days, queue and type that the address names."""
    chosen = chosen_of(dict(page.client.request.query_params))
    ReportsPage(page, chosen, await reports.report_queues(page.actor))


@dataclass(frozen=True)
class _Part:
    """What is read at once, and the panels that it is shown in."""

    read: Callable[[Actor, Chosen], Awaitable[Any]]
    show: Callable[[Any], None]
    panels: Sequence[ReportPanel | FiguresPanel]

    def wait(self) -> None:
        for panel in self.panels:
            panel.wait()

    def fail(self) -> None:
        for panel in self.panels:
            panel.fail()


class ReportsPage:
    """One open Reports page. It is on screen at once and reads when it is; what is chosen later overtakes that."""

    def __init__(self, page: ConsolePage, chosen: Chosen, queues: tuple[QueueFacts, ...]) -> None:
        self._page = page
        self._asked = 0
        with page.frame("Reports", page.institution.name, path=PATH) as shell:
            self._days = shell.subtitle
            self._days.props["role"] = "status"
            self._filter = FilterPanel(chosen, queues, page.handler(self._changed))
            self._figures = FiguresPanel()
            with Element("div").classes("crc-reports"):
                self._work = WorkCharts(page, self._export)
                self._judgement = JudgementCharts(page, self._export)
                people = may(page.actor, Permission.REPORT_PEOPLE)
                self._people = PeoplePanel(page, self._export) if people else None
            self._parts = self._read_and_shown()
            ui.timer(0.05, lambda: page.refresh(self._read), once=True)

    async def _changed(self, actor: Actor) -> None:
        address = f"{PATH}?{urlencode(self._filter.chosen.query())}".rstrip("?")
        self._page.client.run_javascript(f"history.replaceState(history.state, '', {json.dumps(address)})")
        await self._read(actor)

    async def _read(self, actor: Actor) -> None:
        self._asked += 1
        asked, chosen = self._asked, self._filter.chosen
        for part in self._parts:
            part.wait()
        too_long: ReportTooLong | None = None
        try:
            for part in self._parts:
                try:
                    found = await part.read(actor, chosen)
                except ReportTooLong as error:
                    # Others may be quicker.
                    found, too_long = None, error
                if asked != self._asked:
                    return
                part.show(found) if found else part.fail()
        except BaseException:
            if asked == self._asked:
                for part in self._parts:
                    part.fail()
            raise
        if too_long:
            raise too_long

    def _read_and_shown(self) -> list[_Part]:
        """What is read, in the order in which it is shown."""
        work, judgement = self._work, self._judgement
        parts = [
            _Part(reports.read_overview, self._show_overview, (self._figures, *work.of_overview)),
            _Part(reports.read_acts, lambda reading: work.show_acts(reading.found), work.of_acts),
            _Part(reports.read_ageing, lambda reading: work.show_ageing(reading.found), work.of_ageing),
            _Part(
                reports.read_agreement, lambda reading: judgement.show_agreement(reading.found), judgement.of_agreement
            ),
            _Part(reports.read_advice, lambda reading: judgement.show_advice(reading.found), judgement.of_advice),
            _Part(reports.read_returns, lambda reading: judgement.show_returns(reading.found), judgement.of_returns),
            _Part(reports.read_flags, lambda reading: judgement.show_flags(reading.found), judgement.of_flags),
        ]
        if people := self._people:
            parts.append(_Part(reports.read_people, lambda reading: people.show(reading.found), (people.panel,)))
        return parts

    def _show_overview(self, reading: Any) -> None:
        self._days.set_text(f"{self._page.institution.name} · {_of(reading.period)}")
        self._figures.show(headlines(reading.found))
        self._work.show_overview(reading.found)

    async def _export(self, actor: Actor, report: Report) -> None:
        file = await export_report(actor, report, self._filter.chosen)
        with self._page.client:
            ui.download.content(file.content, file.name, file.media_type)


def _of(period: Period) -> str:
    """Which days, against which, as of when."""
    earlier = period.earlier.days
    local = period.now.astimezone(period.office.zone)
    return (
        f"{_days(period.first, period.last)}, against {_days(earlier[0], earlier[-1])}"
        + (f" up to {local:%H:%M}" if period.under_way else "")
        + f" · as of {local:%H:%M}"
    )


def _days(first: Any, last: Any) -> str:
    if first == last:
        return day(first)
    begins = f"{first.day} {first:%b}" if first.year == last.year else day(first)
    return f"{begins} – {day(last)}"
