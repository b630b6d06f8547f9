"""The charts of the work: what comes in, is decided, is late and is open."""

from __future__ import annotations

from typing import Final

from console.insight import report_sheets
from console.insight.acts import ACTS, Acts
from console.insight.ageing import Ages
from console.insight.definitions import Report
from console.insight.drawing_panel import draw_across, draw_days, percent
from console.insight.overview import Overview
from console.insight.report_panel import Export, ReportPanel
from console.review.states import Act
from console.ui.charts import bars, line
from console.ui.page import ConsolePage

_COLOURS: Final = {
    Act.PAY: "ok", Act.RETURN: "flag", Act.REJECT: "breach", Act.HOLD: "warning", Act.ESCALATE: "two",
    Act.ASK: "ink-soft",
}  # fmt: skip
_UNDECIDED: Final = "Nothing was decided on these days."


class WorkCharts:
    """Draws its panels where it is made."""

    def __init__(self, page: ConsolePage, export: Export) -> None:
        self._throughput = ReportPanel(page, Report.THROUGHPUT, export)
        self._acts = ReportPanel(page, Report.ACTIONS, export)
        self._sla = ReportPanel(page, Report.SLA, export)
        self._queues = ReportPanel(page, Report.SLA_QUEUES, export)
        self._breaches = ReportPanel(page, Report.BREACHES, export)
        self._ageing = ReportPanel(page, Report.AGEING, export)
        self.of_overview = (self._throughput, self._sla, self._queues, self._breaches)
        self.of_acts, self.of_ageing = (self._acts,), (self._ageing,)

    def show_overview(self, found: Overview) -> None:
        """Throughput, attainment and breaches."""
        self._show_throughput(found)
        self._show_attainment(found)
        self._show_queues(found)
        due = found.now.due
        series = [
            bars("SLA breached", [one.breached for one in due], "warning"),
            bars("return deadline missed", [one.missed for one in due], "breach"),
        ]
        self._breaches.show(
            report_sheets.breaches(found),
            lambda: draw_days("SLA breaches and missed return deadlines by day", (one.day for one in due), series),
            empty="" if found.now.breaches or found.now.missed else "No deadline passed on these days.",
        )

    def show_acts(self, found: Acts) -> None:
        """Decisions by action."""
        series = [
            bars(act.value, [found.on(day, act) for day in found.days], _COLOURS[act], stack="acts")
            for act in ACTS
            if found.total(act)
        ]
        self._acts.show(
            report_sheets.actions(found),
            lambda: draw_days("Decisions by action and day", found.days, series),
            empty="" if series else "Nobody decided anything on these days.",
        )

    def show_ageing(self, found: Ages) -> None:
        """What is open, by age."""
        series = [bars("open", [one.items for one in found], "accent")]
        self._ageing.show(
            report_sheets.ageing(found),
            lambda: draw_across("Open now, by age", [one.label for one in found], series),
            empty="" if any(one.items for one in found) else "Nothing is open.",
        )

    def _show_throughput(self, found: Overview) -> None:
        days, whole = found.now.work.by_day(), found.now.work.whole
        series = [
            bars("received", [one.received for one in days.values()], "line-strong"),
            bars("decided", [one.decided for one in days.values()], "accent"),
        ]
        self._throughput.show(
            report_sheets.throughput(found),
            lambda: draw_days("Received and decided by day", days, series),
            empty="" if whole.received or whole.decided else "Nothing came in and nothing was decided on these days.",
        )

    def _show_attainment(self, found: Overview) -> None:
        days = found.now.work.by_day()
        shares = [percent(one.in_time, one.decided) for one in days.values()]
        series = [line("in time, %", shares, "ok", connectNulls=True)]
        self._sla.show(
            report_sheets.attainment(found),
            lambda: draw_days("Share decided in time, by day", days, series, max=100),
            empty="" if found.now.work.whole.decided else _UNDECIDED,
        )

    def _show_queues(self, found: Overview) -> None:
        queues = found.now.work.by_queue()
        shown = [(queue.name, queues[queue.key]) for queue in found.scope.queues if queue.key in queues]
        series = [bars("in time, %", [percent(one.in_time, one.decided) for _, one in shown], "ok")]
        self._queues.show(
            report_sheets.attainment_by_queue(found),
            lambda: draw_across("Share decided in time, by queue", [name for name, _ in shown], series, max=100),
            empty="" if found.now.work.whole.decided else _UNDECIDED,
        )
