"""Everybody's sessions, for those who look after them: listed by key in pages, and ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVarTuple
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from console.access import sessions, step_up
from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.access.session_data import EndReason
from console.access.standing import Standing, standings
from console.actor import Actor
from console.audit.entries import Event, record
from db.engine import transaction, wait_outside
from db.models import SessionRecord, User

PAGE: Final = 50
MAX_PAGE: Final = 200
MAX_SEARCH: Final = 60

Columns = TypeVarTuple("Columns")


class SessionNotFound(Exception):
    """The institution has no such session that could be ended."""

    def __init__(self) -> None:
        super().__init__("This session has ended already. The list shows what there is now.")


@dataclass(frozen=True)
class SessionKey:
    """Where a page of sessions ended."""

    started_at: datetime
    id: UUID


@dataclass(frozen=True)
class SessionRow:
    """Who was signed in, whence and when. `ended_at` is None while the session lives."""

    reference: str
    user_id: UUID
    username: str
    display_name: str
    method: str
    address: str | None
    agent: str
    started_at: datetime
    last_seen_at: datetime
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True)
class SessionPage:
    """Sessions, the latest first, and the key to go on from; None at the end."""

    rows: tuple[SessionRow, ...]
    next: SessionKey | None


async def list_sessions(
    actor: Actor, search: str = "", *, ended: bool = False, after: SessionKey | None = None, limit: int = PAGE
) -> SessionPage:
    """One page of the sessions that live, or of those that ended, of people whose username or name holds `search`.

    Raises NotAllowed or SessionServiceUnavailable.
    """
    require(actor, Permission.SESSION_READ)
    query = _chosen(select(SessionRecord, User.username, User.display_name), actor, search, ended=ended)
    started = SessionRecord.started_at
    if after is not None:
        beyond = and_(started == after.started_at, SessionRecord.id > after.id)
        query = query.where(or_(started < after.started_at, beyond))
    limit = max(1, min(limit, MAX_PAGE))
    async with transaction(actor) as rows:
        found = (await rows.execute(query.order_by(started.desc(), SessionRecord.id).limit(limit + 1))).all()
    shown = found[:limit]
    stands = {} if ended else await standings([one.SessionRecord.reference for one in shown])
    last = shown[-1].SessionRecord if len(found) > limit else None
    # What Redis let go a moment ago lives no more, though the history has yet to hear of it.
    lines = tuple(_row(one, stands.get(one.SessionRecord.reference)) for one in shown)
    lines = lines if ended else tuple(one for one in lines if stands[one.reference].ends is not None)
    return SessionPage(lines, SessionKey(last.started_at, last.id) if last else None)


async def count_sessions(actor: Actor, search: str = "", *, ended: bool = False) -> int:
    """How many sessions `list_sessions` would list in all, as the history knows. Raises NotAllowed."""
    require(actor, Permission.SESSION_READ)
    query = _chosen(select(func.count()).select_from(SessionRecord), actor, search, ended=ended)
    async with transaction(actor) as rows:
        return int((await rows.execute(query)).scalar_one())


async def end_session(actor: Actor, reference: str, reason: str) -> None:
    """End somebody's session; its pages close within seconds.

    Raises NotAllowed, CodeNeeded, InvalidPerson without a reason, SessionNotFound, SessionServiceUnavailable.
    """
    require(actor, Permission.SESSION_END)
    step_up.require_fresh_code(actor)
    why = checked_reason(reason)
    async with transaction(actor) as rows:
        query = select(SessionRecord.user_id).where(
            SessionRecord.reference == reference, SessionRecord.ended_at.is_(None)
        )
        user_id = (await rows.execute(query)).scalar_one_or_none()
        await wait_outside(rows)
        # In the transaction, so that what could not be ended is not said to have been.
        if user_id is None or await sessions.end_named(reference, EndReason.ENDED_BY_ADMINISTRATOR) is None:
            raise SessionNotFound
        after = {"user": user_id, "reason": why}
        await record(rows, actor, Event.SESSION_ENDED, "session", reference, after=after)


async def end_sessions_of(actor: Actor, user_id: UUID, reason: str) -> int:
    """End every session of a person; how many there were.

    Raises NotAllowed, CodeNeeded, InvalidPerson without a reason, SessionNotFound, SessionServiceUnavailable.
    """
    require(actor, Permission.SESSION_END)
    step_up.require_fresh_code(actor)
    why = checked_reason(reason)
    async with transaction(actor) as rows:
        known = await rows.get(User, user_id)
        if known is None or known.institution_id != actor.institution_id:
            raise SessionNotFound
        await wait_outside(rows)
        count = await sessions.end_all_of(user_id, EndReason.ENDED_BY_ADMINISTRATOR)
        if count == 0:
            raise SessionNotFound
        after = {"sessions": count, "reason": why}
        await record(rows, actor, Event.SESSION_ENDED, "user", user_id, after=after)
    return count


async def end_every_session(actor: Actor, reason: str) -> int:
    """End everybody's sessions, sign-ins under way too, but the one that acts; how many there were.

    For when nobody knows any more who is in. Raises NotAllowed, CodeNeeded, InvalidPerson without a reason,
    SessionServiceUnavailable: then some have ended, and doing it again ends the rest.
    """
    require(actor, Permission.SESSION_END)
    step_up.require_fresh_code(actor)
    why = checked_reason(reason)
    async with transaction(actor) as rows:
        people = list(await rows.scalars(select(User.id).where(User.institution_id == actor.institution_id)))
    keep, count = actor.session or "", 0
    for user_id in people:
        count += await sessions.end_all_of(user_id, EndReason.ENDED_BY_ADMINISTRATOR, keep=keep)
    async with transaction(actor) as rows:
        after = {"sessions": count, "reason": why}
        await record(rows, actor, Event.SESSION_ENDED, "institution", actor.institution_id, after=after)
    return count


def _chosen(query: Select[*Columns], actor: Actor, search: str, *, ended: bool) -> Select[*Columns]:
    query = query.join(User, User.id == SessionRecord.user_id)
    query = query.where(SessionRecord.institution_id == actor.institution_id)
    query = query.where(SessionRecord.ended_at.is_not(None) if ended else SessionRecord.ended_at.is_(None))
    if wanted := search.replace("\x00", "").strip()[:MAX_SEARCH]:
        fits = (User.username, User.display_name)
        query = query.where(or_(*(column.icontains(wanted, autoescape=True) for column in fits)))
    return query


def _row(found: Any, standing: Standing | None) -> SessionRow:
    one: SessionRecord = found.SessionRecord
    seen = standing.last_seen_at if standing else None
    return SessionRow(
        one.reference,
        one.user_id,
        found.username,
        found.display_name,
        one.method,
        one.address,
        one.agent,
        one.started_at,
        max(seen, one.last_seen_at) if seen else one.last_seen_at,
        one.ended_at,
        one.end_reason,
    )
