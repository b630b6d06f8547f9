"""Trials in the database: begun, under way, ended, and read. What a trial does is in `replay`, `sweep` and `shadow`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_policy
from console.lab.errors import AlreadyRunning, NothingToTry, TrialNotFound
from console.policy.errors import VersionNotFound
from console.policy.versions import active_policy
from db.engine import transaction
from db.models import PolicyTrial, PolicyTrialFile, PolicyTrialItem, PolicyVersion, User

# A process that has not said for so long that it goes on is dead.
DEAD_AFTER: Final = timedelta(seconds=90)
_TRIED: Final = ("draft", "in_review", "approved")


class TrialKind(StrEnum):
    REPLAY = "replay"
    SHADOW = "shadow"
    SWEEP = "sweep"

    @property
    def label(self) -> str:
        return {"shadow": "shadow run"}.get(self.value, self.value)


@dataclass(frozen=True)
class Trial:
    """A trial as pages show it. `stale`: the version was changed since; `against_now`: what it was held against is
    still the active one. `status` says interrupted as soon as its process is dead."""

    id: UUID
    kind: TrialKind
    version_id: UUID
    version: int
    revision: int
    against: int
    against_now: bool
    days: int | None
    day: date | None
    subject: dict[str, Any] | None
    status: str
    stale: bool
    started_at: datetime
    started_by: str | None
    finished_at: datetime | None
    items: int
    total: int | None
    result: dict[str, Any] | None
    problem: str | None
    # The database's clock, at the moment of reading.
    now: datetime

    @property
    def running(self) -> bool:
        return self.status == "running"

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return min(self.items / self.total, 1.0) if self.total else 0.0


async def latest_trial(actor: Actor, version_id: UUID, kind: TrialKind) -> Trial | None:
    """The last trial of this kind; None: there was none. Raises NotAllowed."""
    require(actor, Permission.POLICY_READ)
    async with transaction(actor) as session:
        query = _trials().where(PolicyTrial.version_id == version_id, PolicyTrial.kind == kind.value)
        row = (await session.execute(query.order_by(PolicyTrial.started_at.desc()).limit(1))).one_or_none()
        return None if row is None else _trial(row)


async def read_trial(actor: Actor, trial_id: UUID) -> Trial:
    """One trial. Raises NotAllowed, TrialNotFound."""
    require(actor, Permission.POLICY_READ)
    async with transaction(actor) as session:
        row = (await session.execute(_trials().where(PolicyTrial.id == trial_id))).one_or_none()
        if row is None:
            raise TrialNotFound
        return _trial(row)


async def cancel_trial(actor: Actor, trial_id: UUID) -> None:
    """Stop a trial that runs; a shadow keeps what it has found. Raises NotAllowed, TrialNotFound."""
    require(actor, Permission.POLICY_EDIT)
    async with transaction(actor) as session:
        trial = await session.get(PolicyTrial, trial_id, with_for_update={"key_share": True})
        if trial is None:
            raise TrialNotFound
        if trial.status == "running":
            status = "finished" if trial.kind == TrialKind.SHADOW else "cancelled"
            await end_trial(session, actor, trial, status)


async def begin_trial(
    session: AsyncSession, actor: Actor, version_id: UUID, kind: TrialKind, **given: Any
) -> PolicyTrial:
    """A new trial in the caller's transaction; what the ones before it listed goes.

    Raises VersionNotFound, NothingToTry, AlreadyRunning.
    """
    version = await session.get(PolicyVersion, version_id)
    if version is None:
        raise VersionNotFound
    if version.status not in _TRIED:
        raise NothingToTry(version.number, version.status)
    await note_dead(session, actor)
    trial = PolicyTrial(
        id=uuid4(), institution_id=actor.institution_id, kind=kind.value, version_id=version_id,
        revision=version.revision, document=version.document, against_id=(await active_policy(session)).id,
        status="running", started_by=actor.user_id, **given,
    )  # fmt: skip
    try:
        async with session.begin_nested():
            session.add(trial)
            await session.flush()
    except IntegrityError as error:
        raise AlreadyRunning(kind.label) from error
    earlier = select(PolicyTrial.id).where(
        PolicyTrial.version_id == version_id, PolicyTrial.kind == kind.value, PolicyTrial.id != trial.id
    )
    for table in (PolicyTrialItem, PolicyTrialFile):
        await session.execute(delete(table).where(table.trial_id.in_(earlier)))
    hint_policy(session, actor.institution_id, version_id)
    after = {"kind": kind.value, "number": version.number, "revision": version.revision, "trial": trial.id}
    await record(session, actor, Event.POLICY_TRIAL_STARTED, "policy", version_id, after=after)
    return trial


async def beat(session: AsyncSession, trial_id: UUID, items: int, total: int | None = None) -> bool:
    """Say how far a trial is; whether it is to go on."""
    values: dict[str, Any] = {"items": items, "beat_at": func.clock_timestamp()}
    if total is not None:
        values["total"] = total
    running = PolicyTrial.id == trial_id, PolicyTrial.status == "running"
    done = await session.execute(update(PolicyTrial).where(*running).values(values).returning(PolicyTrial.id))
    return done.scalar_one_or_none() is not None


async def end_trial(
    session: AsyncSession,
    actor: Actor,
    trial: PolicyTrial,
    status: str,
    *,
    result: dict[str, Any] | None = None,
    problem: str | None = None,
) -> None:
    """End a locked trial that runs, with what it has found. Locked without its key, which rows of its items hold."""
    trial.status, trial.problem = status, problem
    trial.finished_at = datetime.now(UTC)
    if result is not None:
        trial.result = result
    await session.flush()
    hint_policy(session, actor.institution_id, trial.version_id)
    after = {"kind": trial.kind, "trial": trial.id, "status": status, "items": trial.items}
    await record(session, actor, Event.POLICY_TRIAL_ENDED, "policy", trial.version_id, after=after)


async def note_dead(session: AsyncSession, actor: Actor) -> int:
    """Mark the trials whose process is dead as interrupted, so that they can be started again; how many."""
    dead = select(PolicyTrial).where(
        PolicyTrial.status == "running",
        PolicyTrial.kind != TrialKind.SHADOW.value,
        PolicyTrial.beat_at < func.now() - text(f"interval '{int(DEAD_AFTER.total_seconds())} seconds'"),
    )
    found = list(await session.scalars(dead.with_for_update(skip_locked=True, key_share=True)))
    for trial in found:
        await end_trial(session, actor, trial, "interrupted")
    return len(found)


_against, _starter = aliased(PolicyVersion), aliased(User)


def _trials() -> Any:
    return (
        select(
            PolicyTrial,
            PolicyVersion.number.label("number"),
            PolicyVersion.revision.label("revision_now"),
            _against.number.label("against"),
            _against.status.label("against_status"),
            _starter.display_name.label("starter"),
            func.now().label("now"),
        )
        .join(PolicyVersion, PolicyVersion.id == PolicyTrial.version_id)
        .join(_against, _against.id == PolicyTrial.against_id)
        .outerjoin(_starter, _starter.id == PolicyTrial.started_by)
    )


def _trial(row: Any) -> Trial:
    found: PolicyTrial = row.PolicyTrial
    dead = found.status == "running" and found.kind != TrialKind.SHADOW and row.now - found.beat_at > DEAD_AFTER
    return Trial(
        found.id, TrialKind(found.kind), found.version_id, row.number, found.revision, row.against,
        row.against_status == "active", found.days, found.day, found.subject,
        "interrupted" if dead else found.status, row.revision_now != found.revision, found.started_at, row.starter,
        found.finished_at, found.items, found.total, found.result, found.problem, row.now,
    )  # fmt: skip
