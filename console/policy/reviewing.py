"""A draft goes to review, comes back, is approved by somebody who wrote no part of it, or is discarded.

The database repeats what matters: `guard_policy_version` knows the steps and the writers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_policy
from console.policy.activation import When, activate_within, schedule_within
from console.policy.lifecycle import VersionAct, VersionStatus
from console.policy.model import PolicyDocument
from console.policy.telling import tell_approvers, tell_writers
from console.policy.version_errors import NothingChanged, NotNow, OwnVersion, SeenOther
from console.policy.versions import active_policy, locked_version, one_change_at_a_time, take_step
from db.engine import transaction
from db.models import PolicyContributor, PolicyVersion, PolicyWorkingCopy


async def send_for_review(actor: Actor, version_id: UUID, revision: int, note: str) -> None:
    """Send a draft to review, as it was seen at `revision`; `note` says what it is for.

    Whoever sends it speaks for it, and so counts as one of its writers. What others changed of it and did not save
    stays theirs. Raises NotAllowed, VersionNotFound, NotNow, SeenOther, NothingChanged, InvalidPerson (no note).
    """
    require(actor, Permission.POLICY_EDIT)
    note = checked_reason(note)
    async with transaction(actor) as session:
        await one_change_at_a_time(session, actor)
        row = await locked_version(session, version_id)
        if row.status == VersionStatus.DRAFT and row.revision != revision:
            raise SeenOther(row.number)
        active = await active_policy(session)
        if PolicyDocument.model_validate(row.document) == active.document:
            raise NothingChanged(row.number, active.number)
        row.note = note
        await take_step(session, actor, row, VersionAct.SEND, note)
        await _count_as_writer(session, actor, row)
        await tell_approvers(session, actor, row)
        await _tell(session, actor, row, Event.POLICY_SENT, {"note": note, "revision": revision})


async def withdraw(actor: Actor, version_id: UUID, reason: str) -> None:
    """Make a draft again of a version that is in review, or approved and not active yet.

    Its date, and who approved it, are gone: what changes is approved again. Raises NotAllowed, VersionNotFound, NotNow,
    InvalidPerson (no reason).
    """
    require(actor, Permission.POLICY_EDIT)
    await _to_draft(actor, version_id, VersionAct.WITHDRAW, reason, Event.POLICY_WITHDRAWN)


async def send_back(actor: Actor, version_id: UUID, reason: str) -> None:
    """Make a draft again of what is in review, for its writers, with a reason.

    Raises NotAllowed, VersionNotFound, NotNow, InvalidPerson (no reason).
    """
    require(actor, Permission.POLICY_APPROVE)
    await _to_draft(actor, version_id, VersionAct.SEND_BACK, reason, Event.POLICY_SENT_BACK)


async def approve(actor: Actor, version_id: UUID, revision: int, when: When, *, reevaluate: bool) -> None:
    """Approve a version as it was seen at `revision`, and activate it now, at a moment, or by hand later on.

    With `reevaluate` what is open when it becomes active is judged anew by it. Asks for a fresh code. Raises
    NotAllowed, CodeNeeded, VersionNotFound, NotNow, OwnVersion, SeenOther, BadMoment, UnusableVersion.
    """
    require(actor, Permission.POLICY_APPROVE)
    require_fresh_code(actor)
    async with transaction(actor) as session:
        await one_change_at_a_time(session, actor)
        row = await locked_version(session, version_id)
        if row.status != VersionStatus.IN_REVIEW:
            raise NotNow(row.number, row.status, VersionAct.APPROVE)
        if row.revision != revision:
            raise SeenOther(row.number)
        if await _wrote(session, actor, row):
            raise OwnVersion(row.number)
        row.approved_by, row.approved_at, row.reevaluate = actor.user_id, datetime.now(UTC), reevaluate
        await take_step(session, actor, row, VersionAct.APPROVE)
        if when.at is not None:
            await schedule_within(session, actor, row, when.at)
        known = {"revision": revision, "reevaluate": reevaluate, "when": when.as_json()}
        await _tell(session, actor, row, Event.POLICY_APPROVED, known)
        if when.now:
            await activate_within(session, actor, row)


async def discard(actor: Actor, version_id: UUID, reason: str) -> None:
    """Retire a draft that never was active; it stays to be read. Raises NotAllowed, VersionNotFound, NotNow,
    InvalidPerson (no reason)."""
    require(actor, Permission.POLICY_EDIT)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        row = await locked_version(session, version_id)
        row.retired_at = row.retired_at or datetime.now(UTC)
        await take_step(session, actor, row, VersionAct.DISCARD, reason)
        await session.execute(delete(PolicyWorkingCopy).where(PolicyWorkingCopy.version_id == row.id))
        await _tell(session, actor, row, Event.POLICY_DISCARDED, {"reason": reason})


async def _to_draft(actor: Actor, version_id: UUID, act: VersionAct, reason: str, event: Event) -> None:
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        await one_change_at_a_time(session, actor)
        row = await locked_version(session, version_id)
        before: dict[str, object] = {"status": row.status}
        row.approved_by = row.approved_at = row.scheduled_for = None
        await take_step(session, actor, row, act, reason)
        if act is VersionAct.SEND_BACK:
            await tell_writers(session, actor, row, reason)
        await _tell(session, actor, row, event, {"reason": reason}, before)


async def _wrote(session: AsyncSession, actor: Actor, row: PolicyVersion) -> bool:
    writer = PolicyContributor.version_id == row.id, PolicyContributor.user_id == actor.user_id
    return (await session.execute(select(PolicyContributor.user_id).where(*writer))).first() is not None


async def _count_as_writer(session: AsyncSession, actor: Actor, row: PolicyVersion) -> None:
    if actor.user_id is not None:
        values = {"version_id": row.id, "user_id": actor.user_id, "institution_id": actor.institution_id}
        await session.execute(insert(PolicyContributor).values(**values).on_conflict_do_nothing())


async def _tell(
    session: AsyncSession,
    actor: Actor,
    row: PolicyVersion,
    event: Event,
    after: dict[str, object],
    before: dict[str, object] | None = None,
) -> None:
    hint_policy(session, actor.institution_id, row.id)
    known = {"number": row.number, "status": row.status, **after}
    await record(session, actor, event, "policy", row.id, before=before, after=known)
