"""Takes an X9 file whole or refuses it whole. The one way in, for the command, the page and every job."""

from __future__ import annotations

import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

import anyio
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.images.store import image_store
from console.intake.file_rows import MAX_FINDINGS, file_row, findings_total, write_findings
from console.intake.file_terms import begin
from console.intake.images import store_views
from console.intake.report import ImportReport, ImportStatus, Progress, Stage
from console.intake.rows import write_items
from console.intake.spool import spooled
from console.intake.survey import Survey, intake_limits, survey
from console.intake.x9.records import Finding
from console.metrics import INTAKE_FILES, INTAKE_FINDINGS, INTAKE_ITEMS
from console.settings import settings
from db.engine import transaction
from db.models import FileReceived

# A file's rows are one transaction; each statement of it covers a batch of items.
_STATEMENT_TIMEOUT_MS = 60_000
_NAME_LENGTH = 200


async def import_file(actor: Actor, path: Path, name: str, progress: Progress | None = None) -> ImportReport:
    """Import the X9 file at `path`, known to people as `name`.

    Images go to the object store first, then all rows in one transaction: a failure anywhere leaves no row. The
    same bytes again are reported as a duplicate; what cannot be read is reported as refused, with every problem.
    Raises NotAllowed, StoreUnavailable, NoActivePolicy, OSError.
    """
    require(actor, Permission.FILE_IMPORT)
    progress = progress or Progress()
    name = "".join(letter for letter in name if letter.isprintable())[:_NAME_LENGTH] or "unnamed"
    limits = intake_limits(settings())
    found = await anyio.to_thread.run_sync(partial(survey, path, limits, progress))
    if found.error is not None:
        return await _refuse(actor, name, found)
    earlier = await _imported_before(actor, found.sha256)
    if earlier is None:
        with tempfile.TemporaryFile() as spool:
            progress.total = found.totals.checks + found.totals.returns
            images = await anyio.to_thread.run_sync(
                partial(store_views, path, limits, image_store(), actor.institution_id, spool, progress)
            )
            try:
                return await _write(actor, name, found, images, spool, progress)
            except IntegrityError:
                # Somebody imported the same bytes between our look and our commit.
                earlier = await _imported_before(actor, found.sha256)
                if earlier is None:
                    raise
    progress.stage = Stage.DONE
    return _duplicate(name, found, *earlier)


async def _write(
    actor: Actor, name: str, found: Survey, images: tuple[int, int], spool: IO[bytes], progress: Progress
) -> ImportReport:
    file_id = uuid4()
    async with transaction(actor, statement_timeout_ms=_STATEMENT_TIMEOUT_MS) as session:
        intake = await begin(session, actor, file_id)
        row = file_row(actor, file_id, name, found, "imported", images)
        session.add(row)
        await session.flush()
        ids, display = await write_items(session, intake, spooled(spool), progress)
        findings = (*found.findings, *display)[:MAX_FINDINGS]
        await write_findings(session, actor, file_id, findings, ids)
        report = _report(file_id, name, found, images, findings)
        await record(session, actor, Event.FILE_IMPORTED, "file", file_id, after=_summary(report) | intake.clearances())
        hint_items(session, actor.institution_id, [])
    progress.stage = Stage.DONE
    _count(report)
    return report


async def _refuse(actor: Actor, name: str, found: Survey) -> ImportReport:
    file_id = uuid4()
    report = _report(file_id, name, found, None, found.findings)
    async with transaction(actor) as session:
        session.add(file_row(actor, file_id, name, found, "refused"))
        await session.flush()
        await write_findings(session, actor, file_id, found.findings, {})
        await record(session, actor, Event.FILE_REFUSED, "file", file_id, after=_summary(report))
    _count(report)
    return report


async def _imported_before(actor: Actor, sha256: bytes) -> tuple[UUID, datetime] | None:
    async with transaction(actor) as session:
        query = select(FileReceived.id, FileReceived.received_at).where(
            FileReceived.sha256 == sha256, FileReceived.status == "imported"
        )
        row = (await session.execute(query)).first()
    return (row.id, row.received_at) if row else None


def _duplicate(name: str, found: Survey, file_id: UUID, imported_at: datetime) -> ImportReport:
    return ImportReport(
        name,
        found.sha256.hex(),
        ImportStatus.DUPLICATE,
        f"already imported on {imported_at:%Y-%m-%d %H:%M} UTC; nothing new was made",
        file_id=file_id,
        imported_at=imported_at,
        checks=found.totals.checks,
        returns=found.totals.returns,
        credits=found.totals.credits,
        amount_cents=found.totals.amount_cents,
    )


def _report(
    file_id: UUID, name: str, found: Survey, images: tuple[int, int] | None, findings: tuple[Finding, ...]
) -> ImportReport:
    """The report of a file with this row; `images` is None for one that was refused."""
    totals = found.totals
    taken = images is not None
    images = images or (0, 0)
    message = (
        f"{totals.checks} checks and {totals.returns} returns imported"
        if taken
        else f"refused whole, nothing was imported: {found.error}"
    )
    return ImportReport(
        name,
        found.sha256.hex(),
        ImportStatus.IMPORTED if taken else ImportStatus.REFUSED,
        message,
        file_id=file_id,
        checks=totals.checks if taken else 0,
        returns=totals.returns if taken else 0,
        credits=totals.credits if taken else 0,
        images_stored=images[0],
        images_displayable=images[1],
        amount_cents=totals.amount_cents if taken else 0,
        findings=findings,
        findings_total=findings_total(found, images),
    )


def _count(report: ImportReport) -> None:
    INTAKE_FILES.labels(report.status.value).inc()
    INTAKE_ITEMS.inc(report.checks + report.returns)
    INTAKE_FINDINGS.inc(report.findings_total)


def _summary(report: ImportReport) -> dict[str, object]:
    summary = report.as_json()
    del summary["findings"]
    return summary
