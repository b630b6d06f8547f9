"""What was submitted and not taken back is committed when its time has come, in the name of who submitted it.

Two see to that: the process that took the submission, at the very moment, and a job of the workers, for what a dead
process left behind. They and the undo meet at the item's row lock, and the one that deletes the waiting row wins.

The session that submitted may have ended by then, as when somebody decides and signs out. What counts is the person:
whether they are active, and what they hold, is read anew, in the transaction of the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, cast
from uuid import UUID

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import allowlist
from console.access.allowlist import Rule
from console.access.people import acting_within
from console.access.permissions import NotAllowed, Permission, may, require
from console.actor import Actor, system_actor
from console.hints import hint_items
from console.review.claims import renew_within
from console.review.deciding import Prepared, locked_item, prepare
from console.review.decision_rows import write
from console.review.errors import MeansSomethingElse, PersonGone, ReviewRefused
from console.review.evidence import Seen
from console.review.giving_back import give_back_within
from console.review.item_view import ItemNotFound
from console.review.pending import refuse_within
from console.review.states import IllegalTransition, Status
from console.review.submission import submission_from
from db.direct import Direct
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
    who submitted it, who is told; that is a transaction of its own, after the first is as if it had never been.
    """
    system = system_actor(institution_id, "decisions")
    rules = await allowlist.rules_of(institution_id)
    waited: _Waited | None = None
    try:
        async with transaction(system, plans_once=True) as session:
            waited = await _take_due(session, item_id)
            if waited is None:
                return None
            actor = await _acting(session, waited, rules)
            prepared = await _commit(session, actor, waited)
        return Committed(item_id, waited.user_id, prepared.status)
    except _REFUSED as refused:
        why = str(refused)
    except IntegrityError as error:
        # The database's own guards, which speak at the end of the transaction: the rules above should have said it
        # first.
        _log.error("the database refused a commit", item=str(item_id), error=str(error.orig))
        why = "The database's own rules do not allow it. Look at the check again."
    return await _refuse(system, item_id, waited, why, rules)


class _Waited(Protocol):
    """The row of a decision that waited, as it was deleted."""

    item_id: UUID
    user_id: UUID
    stage: str
    choice: dict[str, Any]
    outcome: str
    seen_version: int
    seen_digest: str
    viewed_ms: dict[str, int]
    session: str | None
    address: str | None
    request_id: str | None
    submitted_at: datetime


# The item's lock comes before the row that waits on it, as everywhere.
_TAKE_DUE: Final = Direct(
    text(
        """
        with item as (select id from check_item where id = :item for update)
        delete from pending_decision p using item
        where p.item_id = item.id and p.item_id = :item and p.commit_at <= now()
        returning p.*
        """
    )
)


async def _take_due(session: AsyncSession, item_id: UUID) -> _Waited | None:
    """Lock the item, and take what waits on it and is due: whoever deletes the row has won."""
    return cast(_Waited | None, await _TAKE_DUE.first(session, {"item": item_id}))


async def _acting(session: AsyncSession, waited: _Waited, rules: Sequence[Rule]) -> Actor | None:
    """Who submitted it, as they may act now; None where they work here no more."""
    actor = await acting_within(session, waited.user_id)
    if actor is None:
        return None
    actor = replace(actor, session=waited.session, address=waited.address, request_id=waited.request_id)
    return replace(actor, barred=allowlist.barred(rules, actor))


async def _commit(session: AsyncSession, actor: Actor | None, waited: _Waited) -> Prepared:
    if actor is None:
        raise PersonGone
    submission = submission_from(waited.stage, waited.choice)
    require(actor, submission.stage.permission)
    seen = Seen(waited.seen_version, waited.seen_digest, waited.viewed_ms)
    prepared = await prepare(session, actor, waited.item_id, submission, seen, is_locked=True)
    if prepared.status.value != waited.outcome:
        raise MeansSomethingElse(Status(waited.outcome), prepared.status)
    await write(session, actor, prepared, waited.submitted_at)
    return prepared


async def _refuse(
    system: Actor, item_id: UUID, before: _Waited | None, why: str, rules: Sequence[Rule]
) -> Committed | None:
    """The item stays with who submitted it, or goes back to its queue where they work no more. None where what waited
    was taken back, or seen to by somebody else, since it was refused."""
    async with transaction(system) as session:
        waited = await _take_due(session, item_id)
        if waited is None or before is None or waited.submitted_at != before.submitted_at:
            return None
        actor = await _acting(session, waited, rules)
        if actor is not None and may(actor, Permission.ITEM_CLAIM):
            await renew_within(session, actor, item_id)
        else:
            item = await locked_item(session, item_id)
            await give_back_within(session, system, [item], "a decision was not committed", of=waited.user_id)
        await refuse_within(session, system, item_id, waited.user_id, why)
        hint_items(session, system.institution_id, [item_id])
        return Committed(item_id, waited.user_id, None, why)
