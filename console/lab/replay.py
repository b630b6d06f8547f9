"""A version replayed over the institution's own history: both it and the active version judge every item by the same
facts, so that what differs is the version's doing alone."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.lab.errors import BadTrial
from console.lab.history import Slice, history
from console.lab.judging import Judged, Judging, keep_differing, read_together
from console.lab.pace import clock_of, pace_of
from console.lab.running import run, terms_of_trial, today
from console.lab.tally import Clock, Tally
from console.lab.trials import TrialKind, begin_trial
from console.review.office import office_of
from db.engine import transaction
from db.models import PolicyTrial

MAX_DAYS: Final = 3660
# So many of the items that differ are listed, the most recent; all are counted.
LISTED: Final = 50_000


async def start_replay(actor: Actor, version_id: UUID, days: int, day: date | None = None) -> UUID:
    """Begin a replay over the last `days`, by the rules that are in effect on `day` (None: today); its id.

    `run_replay` does it. Raises NotAllowed, BadTrial, VersionNotFound, NothingToTry, AlreadyRunning.
    """
    require(actor, Permission.POLICY_EDIT)
    if not 1 <= days <= MAX_DAYS:
        raise BadTrial(f"Choose between 1 and {MAX_DAYS} days.")
    async with transaction(actor) as session:
        when = day or today((await office_of(session)).zone)
        return (await begin_trial(session, actor, version_id, TrialKind.REPLAY, days=days, day=when)).id


async def run_replay(actor: Actor, trial_id: UUID) -> None:
    """Do a replay that was begun: in the background, because it takes as long as the history is. Raises NotAllowed."""
    require(actor, Permission.POLICY_EDIT)
    await run(actor, trial_id, _Replay(actor, trial_id))


class _Replay:
    def __init__(self, actor: Actor, trial_id: UUID) -> None:
        self._actor, self._trial_id = actor, trial_id
        self._tally = Tally()
        self._judging: Judging
        self._clock: Clock

    async def begin(self, session: AsyncSession, whole: Slice) -> None:
        trial = await session.get_one(PolicyTrial, self._trial_id)
        was, now = await terms_of_trial(session, trial)
        self._judging = Judging(was, now, history())
        self._clock = await clock_of(session, was, now)
        self._tally.pace = await pace_of(session, self._actor.institution_id, whole)

    async def read(self, session: AsyncSession, part: Slice) -> Judged:
        await read_together(session)
        return await self._judging.read(session, part.of(self._actor.institution_id), LISTED - self._tally.listed)

    async def keep(self, session: AsyncSession, found: Judged) -> int:
        before = self._tally.items
        self._tally.add_judged(found.cells, found.was_hours, found.now_hours, self._clock)
        self._tally.listed += await keep_differing(session, self._trial_id, self._actor.institution_id, found)
        return self._tally.items - before

    def result(self) -> dict[str, Any]:
        return self._tally.as_json()
