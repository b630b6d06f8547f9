"""The files that came in, and what was found in them: read by key in pages, the same speed at any number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, tuple_

from console.access.permissions import Permission, require
from console.actor import Actor
from db.engine import transaction
from db.models import FileFinding, FileReceived, User

PAGE = 50
MAX_PAGE = 200


@dataclass(frozen=True)
class FileKey:
    """Where a page of files ended."""

    received_at: datetime
    id: UUID


@dataclass(frozen=True)
class ReceivedFile:
    """A file that was imported or refused. `received_by` is None where a command or a job brought it.

    `amount` is in dollars, the sum of records 25 and 31. `findings` counts all of them, those not kept too.
    """

    id: UUID
    name: str
    sha256: bytes
    size: int
    status: str
    received_at: datetime
    received_by: str | None
    origin: str | None
    destination: str | None
    checks: int
    returns: int
    credits: int
    images_stored: int
    images_displayable: int
    amount: Decimal
    findings: int


@dataclass(frozen=True)
class FilePage:
    """Files, the latest first, and the key to go on from; None at the end."""

    rows: tuple[ReceivedFile, ...]
    next: FileKey | None


@dataclass(frozen=True)
class FindingKey:
    """Where a page of findings ended."""

    record: int
    offset: int
    id: UUID


@dataclass(frozen=True)
class FindingRow:
    """Something odd in a file. `record` counts from 1, `offset` is a byte of the file; `item_id` names the check
    that it concerns, None where it concerns the file."""

    id: UUID
    item_id: UUID | None
    record: int
    offset: int
    field: str
    problem: str
    found: str
    expected: str


@dataclass(frozen=True)
class FindingPage:
    """Findings in the order of the file, and the key to go on from; None at the end. `kept` is how many exist."""

    rows: tuple[FindingRow, ...]
    next: FindingKey | None
    kept: int


@dataclass(frozen=True)
class Received:
    """What came since a moment. `amount` is in dollars."""

    files: int
    refused: int
    checks: int
    returns: int
    amount: Decimal
    findings: int


async def list_files(actor: Actor, *, after: FileKey | None = None, limit: int = PAGE) -> FilePage:
    """One page of the files, the next one with the `next` of the page before. Raises NotAllowed."""
    require(actor, Permission.FILE_READ)
    query = _files(actor)
    if after is not None:
        later = and_(FileReceived.received_at == after.received_at, FileReceived.id > after.id)
        query = query.where(FileReceived.received_at <= after.received_at)
        query = query.where(or_(FileReceived.received_at < after.received_at, later))
    limit = max(1, min(limit, MAX_PAGE))
    query = query.order_by(FileReceived.received_at.desc(), FileReceived.id).limit(limit + 1)
    async with transaction(actor) as session:
        rows = tuple(_file(row) for row in await session.execute(query))
    more, rows = len(rows) > limit, rows[:limit]
    return FilePage(rows, FileKey(rows[-1].received_at, rows[-1].id) if more else None)


async def count_files(actor: Actor) -> int:
    """How many files came in, ever. Raises NotAllowed."""
    require(actor, Permission.FILE_READ)
    query = select(func.count()).select_from(FileReceived).where(FileReceived.institution_id == actor.institution_id)
    async with transaction(actor) as session:
        return (await session.execute(query)).scalar_one()


async def find_file(actor: Actor, file_id: UUID) -> ReceivedFile | None:
    """A file by its id; None where there is none. Raises NotAllowed."""
    require(actor, Permission.FILE_READ)
    async with transaction(actor) as session:
        row = (await session.execute(_files(actor).where(FileReceived.id == file_id))).first()
    return _file(row) if row else None


async def list_findings(
    actor: Actor, file_id: UUID, *, after: FindingKey | None = None, limit: int = PAGE
) -> FindingPage:
    """One page of a file's findings, the next one with the `next` of the page before. Raises NotAllowed."""
    require(actor, Permission.FILE_READ)
    key = tuple_(FileFinding.record, FileFinding.offset, FileFinding.id)
    of_file = and_(FileFinding.institution_id == actor.institution_id, FileFinding.file_id == file_id)
    query = select(FileFinding).where(of_file)
    if after is not None:
        query = query.where(key > tuple_(after.record, after.offset, after.id))
    limit = max(1, min(limit, MAX_PAGE))
    query = query.order_by(FileFinding.record, FileFinding.offset, FileFinding.id).limit(limit + 1)
    async with transaction(actor) as session:
        found = [_finding(row) for row in await session.scalars(query)]
        kept = (await session.execute(select(func.count()).select_from(FileFinding).where(of_file))).scalar_one()
    rows = tuple(found[:limit])
    more = len(found) > limit
    return FindingPage(rows, FindingKey(rows[-1].record, rows[-1].offset, rows[-1].id) if more else None, kept)


async def received_since(actor: Actor, moment: datetime) -> Received:
    """The figures above the list, from `moment` on. Raises NotAllowed."""
    require(actor, Permission.FILE_READ)
    refused = FileReceived.status == "refused"
    query = select(
        func.count().filter(~refused),
        func.count().filter(refused),
        func.coalesce(func.sum(FileReceived.checks), 0),
        func.coalesce(func.sum(FileReceived.returns), 0),
        func.coalesce(func.sum(FileReceived.amount), 0),
        func.coalesce(func.sum(FileReceived.findings).filter(~refused), 0),
    ).where(FileReceived.institution_id == actor.institution_id, FileReceived.received_at >= moment)
    async with transaction(actor) as session:
        files, failed, checks, returns, amount, findings = (await session.execute(query)).one()
    return Received(files, failed, int(checks), int(returns), Decimal(amount), int(findings))


def _files(actor: Actor) -> Select[FileReceived, str]:
    # The institution is named beside row-level security, so that the planner can use the index that begins with it.
    return (
        select(FileReceived, User.display_name)
        .outerjoin(User, User.id == FileReceived.received_by)
        .where(FileReceived.institution_id == actor.institution_id)
    )


def _file(found: Any) -> ReceivedFile:
    row: FileReceived = found.FileReceived
    return ReceivedFile(
        row.id,
        row.name,
        row.sha256,
        row.size,
        row.status,
        row.received_at,
        found.display_name,
        row.origin,
        row.destination,
        row.checks,
        row.returns,
        row.credits,
        row.images_stored,
        row.images_displayable,
        row.amount,
        row.findings,
    )


def _finding(row: FileFinding) -> FindingRow:
    return FindingRow(row.id, row.item_id, row.record, row.offset, row.field, row.problem, row.found, row.expected)
