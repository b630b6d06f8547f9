"""What is kept of sessions in the database: who, whence, from when to when, and why they ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import session_scripts
from console.access import session_store as store
from console.access.session_data import EndReason, Session, moment
from console.actor import Actor, system_actor
from console.audit.entries import Event, record
from console.audit.proof import proof_of
from console.settings import settings
from db.engine import transaction
from db.models import SessionRecord
from db.redis_pool import redis

# So many sessions are asked of Redis at once.
_BATCH = 500
_log = structlog.get_logger(__name__)


async def keep_start(session: Session) -> None:
    """Write down that a full session began."""
    person = session.person
    async with transaction(person) as rows:
        rows.add(
            SessionRecord(
                id=uuid4(),
                institution_id=person.institution_id,
                user_id=person.user_id,
                reference=session.reference,
                method=session.method,
                address=session.address,
                agent=session.agent,
                started_at=session.started_at,
                last_seen_at=session.last_seen_at,
            )
        )


async def keep_ends(sessions: Sequence[Session], reason: EndReason) -> None:
    """Write down that these sessions have ended just now, those of one person.

    They have ended whether this succeeds or not: what fails here is caught up with by `catch_up`, because Redis
    remembers the reason for a day.
    """
    if not sessions:
        return
    person = sessions[0].person
    now = datetime.now(UTC)
    try:
        async with transaction(person) as rows:
            for session in sessions:
                await _close(rows, session.reference, session.last_seen_at, max(now, session.started_at), reason)
            if reason is EndReason.TOO_MANY_SESSIONS:
                for session in sessions:
                    after = {"user": person.user_id, "reason": reason.value}
                    await record(rows, session.actor(), Event.SESSION_ENDED, "session", session.reference, after=after)
    except SQLAlchemyError as error:
        _log.warning("session history late", error=type(error).__name__, sessions=len(sessions))


async def catch_up(institution_id: UUID) -> int:
    """Bring the history up to what Redis says: last activity, and the end of what Redis let go; how many ended.

    A session that is in Redis though it has ended (a cluster's replica took over before it had heard of it) is ended
    again. Raises SessionServiceUnavailable, and changes nothing where Redis cannot be asked.
    """
    actor = system_actor(institution_id, "sessions")
    await _end_again(actor)
    ended = 0
    after: UUID | None = None
    while True:
        query = select(SessionRecord).where(SessionRecord.ended_at.is_(None)).order_by(SessionRecord.id).limit(_BATCH)
        async with transaction(actor) as rows:
            left = list(await rows.scalars(query if after is None else query.where(SessionRecord.id > after)))
        if not left:
            return ended
        after = left[-1].id
        ended += await _catch_up_with(actor, left)


async def purge(institution_id: UUID) -> int:
    """Delete what ended longer ago than SESSION_HISTORY_DAYS, but for what a legal hold covers; how many rows.

    The audit trail is told how many went, and their hash.
    """
    actor = system_actor(institution_id, "sessions")
    limit = datetime.now(UTC) - timedelta(days=settings().session_history_days)
    async with transaction(actor) as rows:
        await rows.execute(text("select heed_legal_holds()"))
        covered = func.on_legal_hold_person(
            SessionRecord.institution_id, SessionRecord.user_id, SessionRecord.started_at, SessionRecord.ended_at
        )
        due = SessionRecord.ended_at < limit
        columns = SessionRecord.__table__.c
        gone = (await rows.execute(delete(SessionRecord).where(due, ~covered).returning(*columns))).mappings().all()
        if gone:
            held = await rows.scalar(select(func.count()).select_from(SessionRecord).where(due))
            after = {**proof_of(map(dict, gone)), "ended_before": limit, "held": held}
            await record(rows, actor, Event.SESSIONS_PURGED, "institution", institution_id, after=after)
    return len(gone)


async def _catch_up_with(actor: Actor, left: Sequence[SessionRecord]) -> int:
    with store.reaching_redis():
        pipeline = redis().pipeline(transaction=False)
        for one in left:
            pipeline.hget(store.key(one.reference), "last_seen")
            pipeline.get(store.end_key(one.reference))
        answers = await pipeline.execute()
    ended = 0
    async with transaction(actor) as rows:
        for one, seen, end in zip(left, answers[::2], answers[1::2], strict=True):
            if seen is not None:
                last_seen = moment(store.text(seen))
                if last_seen > one.last_seen_at:
                    await _update(rows, one.reference, last_seen_at=last_seen)
                continue
            reason, at = _end_of(one, store.text(end) if end else "")
            await _close(rows, one.reference, one.last_seen_at, at, reason)
            ended += 1
    return ended


def _end_of(one: SessionRecord, remembered: str) -> tuple[EndReason, datetime]:
    """Why and when a session ended that Redis does not have any more."""
    if remembered:
        reason, at = remembered.split(" ")
        return EndReason(reason), moment(at)
    now = datetime.now(UTC)
    current = settings()
    if one.method == "token":
        expires = one.started_at + timedelta(days=current.refresh_token_expire_days)
        return (EndReason.EXPIRED, expires) if expires <= now else (EndReason.LOST, now)
    expires = one.started_at + timedelta(hours=current.session_max_hours)
    idle = one.last_seen_at + current.session_timeout
    if min(idle, expires) > now:
        return EndReason.LOST, now
    return (EndReason.IDLE, idle) if idle < expires else (EndReason.EXPIRED, expires)


async def _end_again(actor: Actor) -> None:
    since = datetime.now(UTC) - timedelta(hours=settings().session_max_hours)
    async with transaction(actor) as rows:
        query = select(SessionRecord.reference, SessionRecord.end_reason).where(SessionRecord.ended_at > since)
        ended = (await rows.execute(query)).all()
    for start in range(0, len(ended), _BATCH):
        part = ended[start : start + _BATCH]
        with store.reaching_redis():
            pipeline = redis().pipeline(transaction=False)
            for reference, _ in part:
                pipeline.exists(store.key(reference))
            alive = await pipeline.execute()
        for (reference, reason), lives in zip(part, alive, strict=True):
            if lives:
                _log.warning("session.ended_again", reference=reference)
                arguments = [*store.ending(), reason, ""]
                await store.run(session_scripts.END, [store.key(reference)], arguments, replicated=True)


async def _close(rows: AsyncSession, reference: str, seen: datetime, at: datetime, reason: EndReason) -> None:
    await _update(
        rows, reference, SessionRecord.ended_at.is_(None), last_seen_at=seen, ended_at=at, end_reason=reason.value
    )


async def _update(rows: AsyncSession, reference: str, *where: ColumnElement[bool], **values: object) -> None:
    await rows.execute(update(SessionRecord).where(SessionRecord.reference == reference, *where).values(**values))
