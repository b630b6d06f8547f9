"""A report as a CSV file, as its table stands on the page. Who took it is audited."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from console import csv_cells
from console.access.permissions import Permission, require
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.insight import report_sheets, reports
from console.insight.chosen import Chosen
from console.insight.definitions import Report
from console.insight.reports import Reading
from console.insight.sheets import Share, Sheet, Span, plain
from db.engine import transaction


@dataclass(frozen=True)
class ReportFile:
    """A file to hand over: its name holds nothing that a user wrote."""

    name: str
    content: bytes

    media_type: str = "text/csv; charset=utf-8"


Read = Callable[[Actor, Chosen], Awaitable[Reading[Any]]]

# Where each is read, and how it becomes a table.
_TABLES: Final[dict[Report, tuple[Read, Callable[[Any], Sheet]]]] = {
    Report.THROUGHPUT: (reports.read_overview, report_sheets.throughput),
    Report.ACTIONS: (reports.read_acts, report_sheets.actions),
    Report.SLA: (reports.read_overview, report_sheets.attainment),
    Report.SLA_QUEUES: (reports.read_overview, report_sheets.attainment_by_queue),
    Report.BREACHES: (reports.read_overview, report_sheets.breaches),
    Report.AGEING: (reports.read_ageing, report_sheets.ageing),
    Report.SECOND: (reports.read_agreement, report_sheets.second_people),
    Report.ADVICE: (reports.read_advice, report_sheets.advice),
    Report.OVERRIDES: (reports.read_advice, report_sheets.overrides),
    Report.RETURNS: (reports.read_returns, report_sheets.returns),
    Report.FLAGS: (reports.read_flags, report_sheets.flags),
    Report.PEOPLE: (reports.read_people, report_sheets.people),
}


async def export_report(actor: Actor, report: Report, chosen: Chosen) -> ReportFile:
    """The report's table as CSV, bounded as the report is; who took it is audited. Figures about people
    leave the console with a fresh code alone. Raises what reading it raises, and CodeNeeded."""
    require(actor, Permission.REPORT_READ)
    if report is Report.PEOPLE:
        require(actor, Permission.REPORT_PEOPLE)
        require_fresh_code(actor)
    read, tabled = _TABLES[report]
    reading = await read(actor, chosen)
    sheet, period = tabled(reading.found), reading.period
    after = {
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "queue": chosen.queue,
        "item_type": chosen.item_type,
        "lines": len(sheet.rows),
    }
    async with transaction(actor) as session:
        await record(session, actor, Event.REPORT_EXPORTED, "report", report.value, after=after)
    return ReportFile(f"{report.value}-{period.first}-to-{period.last}.csv", _csv(sheet))


def _csv(sheet: Sheet) -> bytes:
    out = io.StringIO()
    # RFC 4180; the byte order mark tells spreadsheets that it is UTF-8.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(csv_cells.row(_heads(sheet)))
    writer.writerows(csv_cells.row(plain(value) for value in row) for row in sheet.rows)
    return out.getvalue().encode("utf-8-sig")


def _heads(sheet: Sheet) -> list[str]:
    """The headings, with the unit where the page says it beside each value."""
    units = {Share: ", %", Span: ", seconds"}
    columns = list(zip(*sheet.rows, strict=True)) or [()] * len(sheet.heads)
    return [
        head + next((units[type(value)] for value in column if type(value) in units), "")
        for head, column in zip(sheet.heads, columns, strict=True)
    ]
