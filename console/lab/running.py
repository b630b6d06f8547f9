"""Runs a trial over history, a slice at a time, each in a transaction of its own: progress is real, and a cancelled
trial stops after the slice that it is in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.lab.history import Slice, count_items, last_slice
from console.lab.trials import beat, end_trial
from console.policy.judgement import Terms
from console.policy.model import PolicyDocument
from console.policy.terms import terms_of
from console.policy.versions import Policy, policy_version
from console.review.office import office_of
from db.engine import transaction
from db.models import PolicyTrial
from db.replica import read_aside

# A slice takes a second or two where nothing else runs.
STATEMENT_TIMEOUT_MS: Final = 120_000
Found = TypeVar("Found")
_log = structlog.get_logger(__name__)


class Work(Protocol[Found]):
    """What is done with each slice, and found in the end. What reads may be done twice, and writes nothing."""

    async def begin(self, session: AsyncSession, whole: Slice) -> None:
        """Read what is needed throughout."""
        ...

    async def read(self, session: AsyncSession, part: Slice) -> Found:
        """Judge the items of a slice."""
        ...

    async def keep(self, session: AsyncSession, found: Found) -> int:
        """Keep what was found; how many items there were."""
        ...

    def result(self) -> dict[str, Any]: ...


def whole_history(trial: PolicyTrial) -> Slice:
    """The days that a trial looks at: up to the moment at which it was started."""
    if trial.days is None:
        raise ValueError("a shadow goes with time")
    return Slice(trial.started_at - timedelta(days=trial.days), trial.started_at)


async def terms_of_trial(session: AsyncSession, trial: PolicyTrial) -> tuple[Terms, Terms]:
    """What judges in a trial: the version that was active, and the document that is tried.

    A shadow goes by the rules of the present day.
    """
    when = trial.day or today((await office_of(session)).zone)
    was = await policy_version(session, trial.against_id)
    now = Policy(trial.version_id, 0, PolicyDocument.model_validate(trial.document))
    return await terms_of(session, was, when), await terms_of(session, now, when)


async def run(actor: Actor, trial_id: UUID, work: Work[Any]) -> None:
    """Go through the history of a trial that was begun, and keep what was found. Errors end it as failed."""
    try:
        done = await _slices(actor, trial_id, work)
        if done:
            await _end(actor, trial_id, "finished", result=work.result())
    except Exception as error:
        _log.exception("trial failed", trial=str(trial_id))
        problem = f"It failed ({type(error).__name__}). Nothing of the policy was changed; start it again."
        await _end(actor, trial_id, "failed", problem=problem)


async def _slices(actor: Actor, trial_id: UUID, work: Work[Found]) -> bool:
    """Read aside, a slice at a time, and write here how far it is."""

    async def begin(session: AsyncSession) -> tuple[Slice, int]:
        whole = whole_history(await session.get_one(PolicyTrial, trial_id))
        await work.begin(session, whole)
        return whole, await count_items(session, actor.institution_id, whole)

    async def read(session: AsyncSession) -> tuple[Slice, Found]:
        part = await last_slice(session, actor.institution_id, Slice(whole.since, before))
        return part, await work.read(session, part)

    whole, total = await read_aside(actor, begin, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
    items, before = 0, whole.before
    if not await _say(actor, trial_id, items, total):
        return False
    while before > whole.since:
        part, found = await read_aside(actor, read, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
        async with transaction(actor) as session:
            items += await work.keep(session, found)
            if not await beat(session, trial_id, items):
                return False
        before = part.since
    return True


async def _say(actor: Actor, trial_id: UUID, items: int, total: int) -> bool:
    async with transaction(actor) as session:
        return await beat(session, trial_id, items, total)


async def _end(actor: Actor, trial_id: UUID, status: str, **found: Any) -> None:
    async with transaction(actor) as session:
        trial = await session.get(PolicyTrial, trial_id, with_for_update={"key_share": True})
        if trial is not None and trial.status == "running":
            await end_trial(session, actor, trial, status, **found)


def today(zone: ZoneInfo) -> date:
    """The institution's own day."""
    return datetime.now(UTC).astimezone(zone).date()
