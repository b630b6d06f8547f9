"""What was submitted and not taken back is committed when its time has come, in the name of who submitted it.

Two see to that: the process that took the submission, at the very moment, and a job of the workers, for what a dead
process left behind. They and the undo meet at the item's row lock, and the one that deletes the waiting row wins.

The session that submitted may have ended by then, as when somebody decides and signs out. What counts is the person:
whether they are active, and what they hold, is read anew, in the transaction of the commit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import allowlist
from console.access.people import acting_within
from console.access.permissions import NotAllowed, Permission, may, require
from console.actor import Actor, system_actor
from console.hints import hint_items
from console.review.claims import give_back_within, renew_within
from console.review.deciding import Prepared, locked_item, prepare
from console.review.decision_rows import Written, enter, write_rows
from console.review.errors import MeansSomethingElse, PersonGone, ReviewRefused
from console.review.evidence import Seen
from console.review.item_view import ItemNotFound
from console.review.pending import refuse_within
from console.review.states import IllegalTransition, Status
from console.review.submission import submission_from
from db.engine import transaction
from db.models import PendingDecision

# What the rules may answer; anything else is a fault, and is tried again.
_REFUSED: Final = (ReviewRefused, NotAllowed, IllegalTransition, ItemNotFound)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Committed:
    """What came of a commit: the item's new status, or in `refused` why it was not committed."""

    item_id: UUID
    user_id: UUID
    status: Status | None
    refused: str = ""


async def commit_when_due(institution_id: UUID, item_id: UUID, window: timedelta) -> Committed | None:
    """Wait until the time to take it back is over, then commit; None where somebody else has, or the database is
    away: a worker's job comes by."""
    await asyncio.sleep(window.total_seconds())
    try:
        return await commit_pending(institution_id, item_id)
    except (OperationalError, PoolTimeout) as error:
        _log.warning("left to the job", error=type(error).__name__, item=str(item_id))
        return None


async def commit_due(institution_id: UUID, *, limit: int = 500) -> int:
    """Commit whatever is due in an institution; how many decisions there were."""
    actor = system_actor(institution_id, "decisions")
    due = select(PendingDecision.item_id).where(PendingDecision.commit_at <= func.now())
    async with transaction(actor) as session:
        items = list(await session.scalars(due.order_by(PendingDecision.commit_at).limit(limit)))
    return sum([await commit_pending(institution_id, item_id) is not None for item_id in items])


async def commit_pending(institution_id: UUID, item_id: UUID) -> Committed | None:
    """Commit what waits on an item and is due, in one transaction; None where there is no such thing (any more).

    Everything is checked as of now. What the rules refuse leaves the item undecided, with the draft, in the hands of
    who submitted it, who is told.
    """
    system = system_actor(institution_id, "decisions")
    rules = await allowlist.rules_of(institution_id)
    async with transaction(system) as session:
        try:
            await locked_item(session, item_id)
        except ItemNotFound:
            return None
        due = (PendingDecision.item_id == item_id, PendingDecision.commit_at <= func.now())
        row = (await session.scalars(delete(PendingDecision).where(*due).returning(PendingDecision))).one_or_none()
        if row is None:
            return None
        actor = await acting_within(session, row.user_id)
        if actor is not None:
            actor = replace(actor, session=row.session, address=row.address, request_id=row.request_id)
            actor = replace(actor, barred=allowlist.barred(rules, actor))
        try:
            async with session.begin_nested():
                actor, prepared, written = await _commit(session, actor, row)
        except _REFUSED as refused:
            await _leave_undecided(session, system, actor, row, str(refused))
            return Committed(item_id, row.user_id, None, str(refused))
        except IntegrityError as error:
            # The database's own guard: the rules above should have said it first.
            _log.error("the database refused a commit", item=str(item_id), error=str(error.orig))
            why = "The database's own rules do not allow it. Look at the check again."
            await _leave_undecided(session, system, actor, row, why)
            return Committed(item_id, row.user_id, None, why)
        await enter(session, actor, prepared, written)
        return Committed(item_id, row.user_id, prepared.status)


async def _commit(session: AsyncSession, actor: Actor | None, row: PendingDecision) -> tuple[Actor, Prepared, Written]:
    if actor is None:
        raise PersonGone
    submission = submission_from(row.stage, row.choice)
    require(actor, submission.stage.permission)
    seen = Seen(row.seen_version, row.seen_digest, row.viewed_ms)
    prepared = await prepare(session, actor, row.item_id, submission, seen)
    if prepared.status.value != row.outcome:
        raise MeansSomethingElse(Status(row.outcome), prepared.status)
    written = await write_rows(session, actor, prepared, row.submitted_at)
    # Guards that wait for the end of the transaction speak now, while there is a way back.
    await session.execute(text("set constraints all immediate"))
    return actor, prepared, written


async def _leave_undecided(
    session: AsyncSession, system: Actor, actor: Actor | None, row: PendingDecision, why: str
) -> None:
    """The item stays with who submitted it, or goes back to its queue where they work no more."""
    if actor is not None and may(actor, Permission.ITEM_CLAIM):
        await renew_within(session, actor, row.item_id)
    else:
        item = await locked_item(session, row.item_id)
        await give_back_within(session, system, [item], "a decision was not committed", of=row.user_id)
    await refuse_within(session, system, row.item_id, row.user_id, why)
    hint_items(session, system.institution_id, [row.item_id])
