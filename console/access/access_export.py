"""The access report, and a campaign's outcome, as files: CSV for spreadsheets, PDF for the binder."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from console import csv_cells
from console.access import pdf_table
from console.access.access_report import Chosen, ReportLine, every_line
from console.access.access_review_list import Line, Review, every_line_of, read_review
from console.access.permissions import Permission, require
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.institution import InstitutionFacts, institution_of
from db.engine import transaction
from db.replica import read_aside

NOBODY: Final = "the console"
_TIMEOUT_MS: Final = 30_000


class Format(StrEnum):
    CSV = "csv"
    PDF = "pdf"


class TooLongForPdf(Exception):
    """The table has more lines than a PDF is made of."""

    def __init__(self, lines: int) -> None:
        super().__init__(
            f"This has {lines:,} lines, and a PDF takes at most {pdf_table.MAXIMUM_ROWS:,}: choose CSV or fewer lines."
        )


@dataclass(frozen=True)
class File:
    """A file to hand over: its name and media type hold nothing that a user wrote."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class _Column:
    head: str
    # Relative width in the PDF; 0: only in the CSV, where there is room.
    width: int


_REPORT: Final = (
    _Column("Person", 4),
    _Column("Username", 3),
    _Column("Role", 3),
    _Column("Up to", 3),
    _Column("Queues and types", 3),
    _Column("Since", 3),
    _Column("Granted by", 4),
    _Column("Last used", 3),
    _Column("Permissions", 0),
)
_OUTCOME: Final = (
    _Column("Person", 4),
    _Column("Username", 3),
    _Column("Role", 3),
    _Column("Since", 3),
    _Column("Granted by", 4),
    _Column("Last used", 3),
    _Column("Outcome", 2),
    _Column("Decided by", 4),
    _Column("Decided", 3),
    _Column("Note", 5),
)


async def export_report(actor: Actor, chosen: Chosen, format_: Format) -> File:
    """The report as a file; who took it is audited. Raises NotAllowed, CodeNeeded or TooLongForPdf."""
    require(actor, Permission.ACCESS_REPORT_READ)
    require_fresh_code(actor)
    institution = await institution_of(actor)

    async def read(session: AsyncSession) -> list[ReportLine]:
        return [line async for line in every_line(session, actor, chosen)]

    lines = await read_aside(actor, read, statement_timeout_ms=_TIMEOUT_MS, snapshot=True)
    rows = [_report_row(line, institution.zone) for line in lines]
    file = await _file("access-report", "Who can do what", (), _REPORT, rows, institution, format_)
    after = {"format": format_, "lines": len(rows), "role": chosen.role, "person": chosen.person}
    await _audit(actor, "access_report", actor.institution_id, after)
    return file


async def export_review(actor: Actor, review_id: UUID, format_: Format) -> File:
    """A campaign's lines and outcomes as a file; who took it is audited.

    Raises NotAllowed, ReviewNotFound, CodeNeeded or TooLongForPdf.
    """
    require(actor, Permission.ACCESS_REPORT_READ)
    require_fresh_code(actor)
    institution = await institution_of(actor)
    review = await read_review(actor, review_id)

    async def read(session: AsyncSession) -> list[Line]:
        return [line async for line in every_line_of(session, review_id)]

    lines = await read_aside(actor, read, statement_timeout_ms=_TIMEOUT_MS, snapshot=True)
    rows = [_outcome_row(line, institution.zone) for line in lines]
    facts = _facts(review, institution.zone)
    file = await _file("access-review", f"Access review: {review.name}", facts, _OUTCOME, rows, institution, format_)
    await _audit(actor, "access_review", review_id, {"format": format_, "lines": len(rows)})
    return file


def reach_text(line: ReportLine) -> str:
    """The queues and item types to which a role and its holder are bound, as text."""
    parts = [
        f"{name}: {', '.join(sorted(keys))}"
        for reach, name in ((line.grant, ""), (line.bounds, "own "))
        for name, keys in ((f"{name}queues", reach.queues), (f"{name}types", reach.item_types))
        if keys is not None
    ]
    return "; ".join(parts) or "all"


def limit_text(line: ReportLine) -> str:
    """The largest amount of a final decision under this role, as text; empty where it decides nothing."""
    if Permission.ITEM_DECIDE not in line.grant.permissions:
        return ""
    limits = [limit for limit in (line.grant.amount_limit, line.bounds.amount_limit) if limit is not None]
    return f"{min(limits):,.2f}" if limits else "no limit"


def moment_text(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment on the institution's clock, which sorts as text; "never" for none."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else "never"


def _report_row(line: ReportLine, zone: ZoneInfo) -> tuple[str, ...]:
    return (
        line.display_name,
        line.username,
        line.role_name,
        limit_text(line),
        reach_text(line),
        moment_text(line.granted_at, zone),
        line.granted_by or NOBODY,
        moment_text(line.last_used_at, zone),
        " ".join(sorted(line.grant.permissions)),
    )


def _outcome_row(line: Line, zone: ZoneInfo) -> tuple[str, ...]:
    return (
        line.display_name,
        line.username,
        line.role_name,
        moment_text(line.granted_at, zone),
        line.granted_by or NOBODY,
        moment_text(line.last_used_at, zone),
        line.outcome or "to decide",
        line.decided_by or "",
        moment_text(line.decided_at, zone) if line.decided_at else "",
        line.note or "",
    )


def _facts(review: Review, zone: ZoneInfo) -> tuple[str, ...]:
    end = f"closed {moment_text(review.closed_at, zone)}" if review.closed_at else f"{review.left} lines to decide"
    return (
        f"Started {moment_text(review.started_at, zone)} by {review.started_by or 'the console'}, "
        f"due {review.due_on:%Y-%m-%d}, {end}.",
        f"{review.lines} lines: {review.confirmed} confirmed, {review.revoked} revoked.",
    )


async def _file(
    name: str,
    title: str,
    facts: tuple[str, ...],
    columns: tuple[_Column, ...],
    rows: list[tuple[str, ...]],
    institution: InstitutionFacts,
    format_: Format,
) -> File:
    now = datetime.now(UTC).astimezone(institution.zone)
    file_name = f"{name}-{now:%Y-%m-%d}.{format_}"
    if format_ is Format.CSV:
        return File(file_name, "text/csv; charset=utf-8", _csv(columns, rows))
    if len(rows) > pdf_table.MAXIMUM_ROWS:
        raise TooLongForPdf(len(rows))
    shown = [place for place, column in enumerate(columns) if column.width]
    made = f"Made {now:%Y-%m-%d %H:%M %Z}"
    document = pdf_table.Document(
        title=title,
        facts=(f"{institution.name}. Times are those of {institution.zone.key}.", *facts, f"{len(rows)} lines."),
        heads=tuple(columns[place].head for place in shown),
        widths=tuple(columns[place].width for place in shown),
        rows=tuple(tuple(row[place] for place in shown) for row in rows),
        made_at=now,
        foot=f"{title}. {made}. Confidential.",
    )
    return File(file_name, "application/pdf", await pdf_table.render(document))


def _csv(columns: Iterable[_Column], rows: Iterable[tuple[str, ...]]) -> bytes:
    out = io.StringIO()
    # RFC 4180; the byte order mark tells spreadsheets that it is UTF-8.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.head for column in columns])
    writer.writerows(csv_cells.row(row) for row in rows)
    return out.getvalue().encode("utf-8-sig")


async def _audit(actor: Actor, kind: str, object_id: UUID, after: dict[str, object]) -> None:
    async with transaction(actor) as session:
        await record(session, actor, Event.ACCESS_REPORT_EXPORTED, kind, object_id, after=after)
