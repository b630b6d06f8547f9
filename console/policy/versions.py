"""Policy versions in the database: the one that holds, one by its id, and steps of their lives inside a transaction."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.policy.errors import VersionNotFound
from console.policy.lifecycle import VersionAct, VersionStatus, next_status
from console.policy.model import OF_THE_WORK, PolicyDocument
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


#: SQL that names the active version and the state of its row, for a statement that reads something else besides.
ACTIVE_MARK: Final = "(select id::text || ' ' || xmin::text from policy_version where status = 'active')"
_MARKED: Final = text(
    f"select id, number, document, {ACTIVE_MARK} as mark from policy_version where status = 'active'"  # noqa: S608
)
# By its mark, what was read of an active version: it is asked for with every check that is opened or decided.
_MOST_KEPT: Final = 64
_kept: OrderedDict[str, Policy] = OrderedDict()
_judging: OrderedDict[UUID, Policy] = OrderedDict()


async def active_policy(session: AsyncSession) -> Policy:
    """The active policy of the transaction's institution. Raises NoActivePolicy."""
    row = (await session.execute(_MARKED)).first()
    if row is None:
        raise NoActivePolicy
    return _kept.get(row.mark) or _keep(row.mark, Policy(row.id, row.number, _document(row.document)))


async def marked_policy(session: AsyncSession, mark: str | None) -> Policy:
    """The active policy, of which the caller has read the mark already; it is read where this mark is not known yet.

    A mark names one state of one row: whatever is activated or changed has another. Raises NoActivePolicy.
    """
    if mark is None:
        raise NoActivePolicy
    return _kept.get(mark) or await active_policy(session)


async def judging_policy(session: AsyncSession, version_id: UUID, active: Policy) -> Policy:
    """The version that judged an item. It was active then, so that what it says no longer changes: it is read once."""
    if version_id == active.id:
        return active
    return _judging.get(version_id) or _keep_judging(await policy_version(session, version_id))


def at_work(judged: Policy, active: Policy) -> Policy:
    """What holds for an item that this version judged: its word, and the active version's on how people work."""
    if judged.id == active.id:
        return active
    work = {name: getattr(active.document.thresholds, name) for name in OF_THE_WORK}
    thresholds = judged.document.thresholds.model_copy(update=work)
    return replace(judged, document=judged.document.model_copy(update={"thresholds": thresholds}))


def _keep_judging(policy: Policy) -> Policy:
    _judging[policy.id] = policy
    if len(_judging) > _MOST_KEPT:
        _judging.popitem(last=False)
    return policy


def _keep(mark: str, policy: Policy) -> Policy:
    _kept[mark] = policy
    if len(_kept) > _MOST_KEPT:
        _kept.popitem(last=False)
    return policy


async def policy_version(session: AsyncSession, version_id: UUID) -> Policy:
    """The version with this id, whatever its status."""
    return _policy((await session.execute(select(PolicyVersion).where(PolicyVersion.id == version_id))).scalar_one())


def _policy(row: PolicyVersion) -> Policy:
    return Policy(row.id, row.number, _document(row.document))


def _document(values: dict[str, Any]) -> PolicyDocument:
    return PolicyDocument.model_validate(values)


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
