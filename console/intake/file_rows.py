"""A file's own rows: that it was imported or refused, and what was found in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.intake.survey import Survey
from console.intake.x9.records import Finding
from db.models import FileFinding, FileReceived

# Findings kept per file; the file's row counts all of them.
MAX_FINDINGS = 10_000


def file_row(
    actor: Actor, file_id: UUID, name: str, survey: Survey, status: str, images: tuple[int, int] = (0, 0)
) -> FileReceived:
    """The row of a file, imported or refused."""
    imported = status == "imported"
    totals = survey.totals
    return FileReceived(
        id=file_id,
        institution_id=actor.institution_id,
        name=name,
        sha256=survey.sha256,
        size=survey.size,
        status=status,
        received_at=datetime.now(UTC),
        received_by=actor.user_id,
        framing=survey.framing,
        encoding=survey.encoding,
        origin=survey.header.origin_name or survey.header.origin_routing if survey.header else None,
        destination=survey.header.destination_name or survey.header.destination_routing if survey.header else None,
        checks=totals.checks if imported else 0,
        returns=totals.returns if imported else 0,
        credits=totals.credits if imported else 0,
        images_stored=images[0],
        images_displayable=images[1],
        amount=_dollars(totals.amount_cents) if imported else 0,
        findings=findings_total(survey, images),
    )


def findings_total(survey: Survey, images: tuple[int, int]) -> int:
    """All findings of a file: the reader's, and one for each view stored that cannot be displayed."""
    stored, displayable = images
    return survey.findings_total + stored - displayable


async def write_findings(
    session: AsyncSession, actor: Actor, file_id: UUID, findings: Iterable[Finding], items: dict[int, UUID]
) -> None:
    """Write the findings of a file, at most MAX_FINDINGS of them."""
    rows = [
        {
            "id": uuid4(),
            "institution_id": actor.institution_id,
            "file_id": file_id,
            "item_id": items.get(finding.item) if finding.item is not None else None,
            "record": finding.record,
            "offset": finding.offset,
            "field": finding.field,
            "problem": finding.problem,
            "found": finding.found,
            "expected": finding.expected,
        }
        for finding in islice(findings, MAX_FINDINGS)
    ]
    session.add_all(FileFinding(**row) for row in rows)
    await session.flush()


def _dollars(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
