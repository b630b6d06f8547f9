"""A version in shadow: it judges what comes in beside the active one, without effect, and what differs adds up.

A job takes the files that were imported since, so that an import is never slower for it and never fails with it. A file
commits whole, and is noted with its shadow: nothing of it is judged twice or missed, whatever dies in between.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.hints import hint_policy
from console.lab.errors import TooManyShadows
from console.lab.history import SLICE, items_of_file
from console.lab.judging import Judging, keep_differing
from console.lab.pace import clock_of
from console.lab.replay import LISTED
from console.lab.running import STATEMENT_TIMEOUT_MS, terms_of_trial
from console.lab.tally import Tally
from console.lab.trials import TrialKind, beat, begin_trial, end_trial, note_dead
from console.policy.versions import active_policy
from db.engine import transaction
from db.models import CheckItem, FileReceived, PolicyTrial, PolicyTrialFile, PolicyVersion

# So many versions of an institution at once: each costs a judgement of everything that comes in.
MOST: Final = 3
_log = structlog.get_logger(__name__)


async def start_shadow(actor: Actor, version_id: UUID) -> UUID:
    """Let a version run in shadow from now on; the trial's id.

    Raises NotAllowed, VersionNotFound, NothingToTry, AlreadyRunning, TooManyShadows.
    """
    require(actor, Permission.POLICY_EDIT)
    async with transaction(actor) as session:
        await session.execute(
            text("select pg_advisory_xact_lock(hashtextextended('shadows ' || :institution, 0))"),
            {"institution": str(actor.institution_id)},
        )
        running = select(func.count()).where(*_running())
        if (await session.execute(running)).scalar_one() >= MOST:
            raise TooManyShadows(MOST)
        return (await begin_trial(session, actor, version_id, TrialKind.SHADOW)).id


async def follow_intake(actor: Actor) -> int:
    """Judge what came in by every version in shadow, and note trials whose process is dead; how many items.

    A shadow that fails ends and says so; the others go on. Raises NotAllowed.
    """
    require(actor, Permission.FILE_READ)
    async with transaction(actor) as session:
        await note_dead(session, actor)
        trials = list(await session.scalars(select(PolicyTrial.id).where(*_running())))
    return sum([await _follow(actor, trial_id) for trial_id in trials])


async def _follow(actor: Actor, trial_id: UUID) -> int:
    done = 0
    try:
        while (items := await _next_file(actor, trial_id)) is not None:
            done += items
    except Exception as error:
        _log.exception("shadow failed", trial=str(trial_id))
        async with transaction(actor) as session:
            trial = await _locked(session, trial_id)
            if trial is not None:
                problem = f"It failed ({type(error).__name__}). Nothing that came in was touched; start it again."
                await end_trial(session, actor, trial, "failed", problem=problem)
    return done


async def _next_file(actor: Actor, trial_id: UUID) -> int | None:
    """Judge the next file; how many items it had, None: there is none."""
    async with transaction(actor, statement_timeout_ms=STATEMENT_TIMEOUT_MS) as session:
        trial = await _locked(session, trial_id)
        if trial is None:
            return None
        if why := await _over(session, trial):
            await end_trial(session, actor, trial, "finished", problem=why)
            return None
        file_id = (await session.execute(_unseen(trial))).scalar_one_or_none()
        if file_id is None:
            return None
        items = await _judge(session, actor, trial, file_id)
        session.add(PolicyTrialFile(institution_id=actor.institution_id, trial_id=trial.id, file_id=file_id))
        await session.flush()
        await beat(session, trial.id, trial.items + items)
        hint_policy(session, actor.institution_id, trial.version_id)
        return items


async def _judge(session: AsyncSession, actor: Actor, trial: PolicyTrial, file_id: UUID) -> int:
    was, now = await terms_of_trial(session, trial)
    clock = await clock_of(session, was, now)
    tally = Tally.model_validate(trial.result) if trial.result else Tally()
    before = tally.items
    last = (await session.execute(select(func.max(CheckItem.ordinal)).where(CheckItem.file_id == file_id))).scalar_one()
    judging = Judging(was, now, items_of_file())
    for first in range(1, (last or 0) + 1, SLICE):
        part = {"institution": actor.institution_id, "file": file_id, "first": first, "last": first + SLICE - 1}
        found = await judging.read(session, part, LISTED - tally.listed)
        tally.add_judged(found.cells, found.was_hours, found.now_hours, clock)
        tally.listed += await keep_differing(session, trial.id, actor.institution_id, found)
    trial.result = tally.as_json()
    await session.flush()
    return tally.items - before


async def _over(session: AsyncSession, trial: PolicyTrial) -> str | None:
    """Why a shadow has nothing more to do, if so."""
    version = await session.get_one(PolicyVersion, trial.version_id)
    if version.status in {"active", "retired"}:
        return f"Version {version.number} became {version.status}."
    active = await active_policy(session)
    if active.id != trial.against_id:
        return f"Version {active.number} became active: what it differs from is another one now. Start it again."
    return None


async def _locked(session: AsyncSession, trial_id: UUID) -> PolicyTrial | None:
    query = select(PolicyTrial).where(PolicyTrial.id == trial_id, PolicyTrial.status == "running")
    found: PolicyTrial | None = await session.scalar(query.with_for_update(key_share=True))
    return found


def _unseen(trial: PolicyTrial) -> Any:
    """The next file that was imported after the shadow began."""
    seen = exists().where(PolicyTrialFile.trial_id == trial.id, PolicyTrialFile.file_id == FileReceived.id)
    return (
        select(FileReceived.id)
        .where(FileReceived.status == "imported", FileReceived.received_at >= trial.started_at, ~seen)
        .order_by(FileReceived.received_at, FileReceived.id)
        .limit(1)
    )


def _running() -> tuple[Any, ...]:
    return PolicyTrial.kind == TrialKind.SHADOW.value, PolicyTrial.status == "running"
