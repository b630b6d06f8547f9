"""Policy versions in the database: the one that holds, one by its id, and steps of their lives inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.policy.errors import VersionNotFound
from console.policy.lifecycle import VersionAct, VersionStatus, next_status
from console.policy.model import PolicyDocument
from console.policy.version_errors import NotNow
from db.models import PolicyStep, PolicyVersion


class NoActivePolicy(Exception):
    """The institution has no active policy."""

    def __init__(self) -> None:
        super().__init__("This institution has no active policy. Run console.policy.create_default_policy() first.")


@dataclass(frozen=True)
class Policy:
    id: UUID
    number: int
    document: PolicyDocument


async def active_policy(session: AsyncSession) -> Policy:
    """The active policy of the transaction's institution. Raises NoActivePolicy."""
    row = (await session.execute(select(PolicyVersion).where(PolicyVersion.status == "active"))).scalar_one_or_none()
    if row is None:
        raise NoActivePolicy
    return _policy(row)


async def policy_version(session: AsyncSession, version_id: UUID) -> Policy:
    """The version with this id, whatever its status."""
    return _policy((await session.execute(select(PolicyVersion).where(PolicyVersion.id == version_id))).scalar_one())


def _policy(row: PolicyVersion) -> Policy:
    return Policy(row.id, row.number, PolicyDocument.model_validate(row.document))


async def one_change_at_a_time(session: AsyncSession, actor: Actor) -> None:
    """Until this transaction ends, nobody else numbers, approves or activates a version of this institution."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('policy ' || :institution, 0))"),
        {"institution": str(actor.institution_id)},
    )


async def locked_version(session: AsyncSession, version_id: UUID) -> PolicyVersion:
    """The version's row, locked until the end of the transaction. Raises VersionNotFound."""
    query = select(PolicyVersion).where(PolicyVersion.id == version_id).with_for_update()
    row = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise VersionNotFound
    return row


async def add_draft(
    session: AsyncSession,
    actor: Actor,
    document: dict[str, Any],
    *,
    based_on: UUID,
    note: str = "",
    restores: UUID | None = None,
) -> PolicyVersion:
    """A new draft with the next number, inside the caller's transaction, which has checked the permission."""
    await one_change_at_a_time(session, actor)
    last = (await session.execute(select(func.max(PolicyVersion.number)))).scalar_one()
    row = PolicyVersion(
        id=uuid4(),
        institution_id=actor.institution_id,
        number=(last or 0) + 1,
        status=VersionStatus.DRAFT.value,
        document=document,
        based_on=based_on,
        restores=restores,
        note=note,
        created_by=actor.user_id,
        saved_by=actor.user_id,
    )
    session.add(row)
    await session.flush()
    return row


async def take_step(session: AsyncSession, actor: Actor, row: PolicyVersion, act: VersionAct, reason: str = "") -> None:
    """Move a locked version by an act, and keep who did it and why. Raises NotNow where it cannot be done now."""
    status = next_status(VersionStatus(row.status), act)
    if status is None:
        raise NotNow(row.number, row.status, act)
    row.status = status.value
    note_step(session, actor, row, act, reason)
    await session.flush()


def note_step(session: AsyncSession, actor: Actor, row: PolicyVersion, act: VersionAct, reason: str = "") -> None:
    """Keep in a version's history what was done with it."""
    session.add(
        PolicyStep(
            id=uuid4(),
            institution_id=actor.institution_id,
            version_id=row.id,
            act=act.value,
            by_id=actor.user_id,
            by_name=actor.name,
            at=datetime.now(UTC),
            reason=reason,
        )
    )
