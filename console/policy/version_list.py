"""The versions of an institution's policy as its pages show them: who wrote, approved and activated each, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from console.access.permissions import Permission, require
from console.actor import Actor
from console.policy.errors import VersionNotFound
from console.policy.lifecycle import VersionAct, VersionStatus
from db.engine import transaction
from db.models import PolicyContributor, PolicyStep, PolicyVersion, User

# Retired versions a page lists at a time.
RETIRED_SHOWN: Final = 25
# Versions among which one is chosen to compare with.
CHOICES: Final = 200
_LARGEST: Final = 2**31 - 1

_Query = Select[PolicyVersion, str, str, int, int, int, dict[str, Any]]
_author, _approver = aliased(User), aliased(User)
_from, _restored, _followed = aliased(PolicyVersion), aliased(PolicyVersion), aliased(PolicyVersion)


@dataclass(frozen=True)
class VersionRow:
    """A version in a list. Names None: the console itself. `based_on` and `restores` are the numbers of others."""

    id: UUID
    number: int
    status: VersionStatus
    revision: int
    note: str
    author: str | None
    created_at: datetime
    saved_at: datetime
    approver: str | None
    approved_at: datetime | None
    scheduled_for: datetime | None
    reevaluate: bool
    reevaluated_at: datetime | None
    activated_at: datetime | None
    retired_at: datetime | None
    based_on: int | None
    based_on_id: UUID | None
    restores: int | None
    document: dict[str, Any]
    # The one whose place it took, of one that was active; else what it was made from.
    before: int | None
    before_document: dict[str, Any] | None

    @property
    def was_active(self) -> bool:
        """Whether it judged checks, now or before."""
        return self.activated_at is not None


@dataclass(frozen=True)
class Step:
    """Something that was done with a version."""

    act: VersionAct
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class VersionShown:
    """A version by itself. `writers`: names of those who may not approve it; `wrote`: whether the looker is one."""

    row: VersionRow
    steps: tuple[Step, ...]
    writers: tuple[str, ...]
    wrote: bool
    active: VersionRow | None


@dataclass(frozen=True)
class Versions:
    """All versions that are not retired, newest first, and the last retired ones."""

    active: VersionRow | None
    others: tuple[VersionRow, ...]
    retired: tuple[VersionRow, ...]
    more: bool


async def list_versions(actor: Actor, before: int | None = None) -> Versions:
    """The versions; `before`: retired ones with a smaller number than this. Raises NotAllowed."""
    require(actor, Permission.POLICY_READ)
    async with transaction(actor) as session:
        living = await _rows(session, _query().where(PolicyVersion.status != "retired"))
        older = _query().where(PolicyVersion.status == "retired").limit(RETIRED_SHOWN + 1)
        if before is not None:
            older = older.where(PolicyVersion.number < before)
        retired = await _rows(session, older)
    active = next((row for row in living if row.status is VersionStatus.ACTIVE), None)
    others = tuple(row for row in living if row is not active)
    return Versions(active, others, tuple(retired[:RETIRED_SHOWN]), len(retired) > RETIRED_SHOWN)


async def read_version(actor: Actor, version_id: UUID) -> VersionShown:
    """One version with its history. Raises NotAllowed, VersionNotFound."""
    require(actor, Permission.POLICY_READ)
    async with transaction(actor) as session:
        row = await _one(session, PolicyVersion.id == version_id)
        if row is None:
            raise VersionNotFound
        steps = (
            select(PolicyStep, User.display_name)
            .outerjoin(User, User.id == PolicyStep.by_id)
            .where(PolicyStep.version_id == version_id)
            .order_by(PolicyStep.at, PolicyStep.id)
        )
        writers = (
            select(PolicyContributor.user_id, User.display_name)
            .join(User, User.id == PolicyContributor.user_id)
            .where(PolicyContributor.version_id == version_id)
            .order_by(PolicyContributor.since, User.display_name)
        )
        found = (await session.execute(writers)).all()
        return VersionShown(
            row,
            tuple(
                Step(VersionAct(one.act), name or one.by_name, one.at, one.reason)
                for one, name in await session.execute(steps)
            ),
            tuple(name for _, name in found),
            any(user_id == actor.user_id for user_id, _ in found),
            await _one(session, PolicyVersion.status == VersionStatus.ACTIVE.value),
        )


async def version_numbered(actor: Actor, number: int) -> UUID:
    """The id of the version with this number. Raises NotAllowed, VersionNotFound."""
    require(actor, Permission.POLICY_READ)
    found = None
    if 0 < number <= _LARGEST:
        async with transaction(actor) as session:
            found = await session.scalar(select(PolicyVersion.id).where(PolicyVersion.number == number))
    if found is None:
        raise VersionNotFound
    return found


async def read_numbers(actor: Actor) -> tuple[int, ...]:
    """The numbers of the last versions, newest first, for choosing one. Raises NotAllowed."""
    require(actor, Permission.POLICY_READ)
    query = select(PolicyVersion.number).order_by(PolicyVersion.number.desc()).limit(CHOICES)
    async with transaction(actor) as session:
        return tuple(await session.scalars(query))


async def _one(session: AsyncSession, *conditions: Any) -> VersionRow | None:
    found = await _rows(session, _query().where(*conditions))
    return found[0] if found else None


async def _rows(session: AsyncSession, query: _Query) -> Sequence[VersionRow]:
    return [
        VersionRow(
            one.id, one.number, VersionStatus(one.status), one.revision, one.note, author, one.created_at,
            one.saved_at, approver, one.approved_at, one.scheduled_for, one.reevaluate, one.reevaluated_at,
            one.activated_at, one.retired_at, based_on, one.based_on, restores, one.document, before, document,
        )
        for one, author, approver, based_on, restores, before, document in await session.execute(query)
    ]  # fmt: skip


def _query() -> _Query:
    return (
        select(
            PolicyVersion, _author.display_name, _approver.display_name, _from.number, _restored.number,
            func.coalesce(_followed.number, _from.number), func.coalesce(_followed.document, _from.document),
        )
        .outerjoin(_author, _author.id == PolicyVersion.created_by)
        .outerjoin(_approver, _approver.id == PolicyVersion.approved_by)
        .outerjoin(_from, _from.id == PolicyVersion.based_on)
        .outerjoin(_restored, _restored.id == PolicyVersion.restores)
        .outerjoin(_followed, _followed.retired_at == PolicyVersion.activated_at)
        .order_by(PolicyVersion.number.desc())
    )  # fmt: skip
