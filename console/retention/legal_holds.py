"""Legal holds: what one covers is not destroyed, whatever the retention settings say, until two people lift it.

One person places a hold, because it only keeps. Lifting lets things be destroyed, so one asks for it with a reason and
another one agrees. What a hold covers is the database's to say (`on_legal_hold_item`, `on_legal_hold_person`), and its
triggers refuse the deletion: no purge can forget to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.holders import holders
from console.access.permissions import Permission, require
from console.access.reason import MAXIMUM_REASON
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, NewEntry, record_each
from console.notices.kinds import NoticeKind
from console.notices.sending import notify
from console.retention.errors import HoldNotFound, HoldRefused, SubjectNotFound
from db.engine import transaction
from db.models import Account, CheckItem, LegalHold, User

MAXIMUM_MATTER: Final = 120
# Waits for whoever is destroying something, and lets nobody begin to before this is committed.
_TAKE_TURNS: Final = text("select heed_legal_holds()")


class Scope(StrEnum):
    PERIOD = "period"
    PERSON = "person"
    ITEM = "item"
    ACCOUNT = "account"


@dataclass(frozen=True)
class Subject:
    """What a hold covers: a check, an account with all its checks, or a person of the staff, each by its id; or
    everything from one day on, through another one where there is one."""

    scope: Scope
    id: UUID | None = None
    from_on: date | None = None
    until_on: date | None = None


async def place(actor: Actor, subject: Subject, matter: str, reason: str) -> UUID:
    """Place a hold; its id. `matter` is the case as the bank names it.

    Raises NotAllowed, SubjectNotFound or HoldRefused.
    """
    require(actor, Permission.LEGAL_HOLD_MANAGE)
    _require_sight(actor, subject)
    matter, reason = _written(matter, MAXIMUM_MATTER, "matter"), _written(reason, MAXIMUM_REASON, "reason")
    _check(subject)
    placed_by = _person(actor)
    async with transaction(actor) as session:
        await session.execute(_TAKE_TURNS)
        await _check_is_there(session, subject)
        hold = LegalHold(
            id=uuid4(), institution_id=actor.institution_id, matter=matter, reason=reason, scope=subject.scope.value,
            item_id=subject.id if subject.scope is Scope.ITEM else None,
            account_id=subject.id if subject.scope is Scope.ACCOUNT else None,
            user_id=subject.id if subject.scope is Scope.PERSON else None,
            from_on=subject.from_on, until_on=subject.until_on, placed_by=placed_by,
        )  # fmt: skip
        session.add(hold)
        after = {"matter": matter, "reason": reason, **_subject_of(hold)}
        await _record(session, actor, Event.LEGAL_HOLD_PLACED, hold, after)
        return hold.id


async def ask_to_lift(actor: Actor, hold_id: UUID, reason: str) -> None:
    """Ask that a hold be lifted; another person has to agree, and those who may are told.

    Raises NotAllowed, CodeNeeded, HoldNotFound or HoldRefused.
    """
    require(actor, Permission.LEGAL_HOLD_MANAGE)
    require_fresh_code(actor)
    reason = _written(reason, MAXIMUM_REASON, "reason")
    async with transaction(actor) as session:
        hold = await _standing(session, hold_id)
        if hold.lift_asked_by is not None:
            raise HoldRefused("Somebody has asked for that already: it waits for a second person.")
        hold.lift_asked_by, hold.lift_asked_at, hold.lift_reason = _person(actor), datetime.now(UTC), reason
        others = [one for one in await holders(session, (Permission.LEGAL_HOLD_MANAGE,)) if one != actor.user_id]
        values = {"by": actor.name, "text": reason, "matter": hold.matter}
        await notify(session, actor, NoticeKind.LEGAL_HOLD_LIFTING, to=others, values=values)
        await _record(session, actor, Event.LEGAL_HOLD_LIFT_ASKED, hold, {"reason": reason})


async def keep(actor: Actor, hold_id: UUID, reason: str) -> None:
    """Turn down that a hold be lifted, or take back that one asked for it: it stands as before.

    Raises NotAllowed, HoldNotFound or HoldRefused.
    """
    require(actor, Permission.LEGAL_HOLD_MANAGE)
    reason = _written(reason, MAXIMUM_REASON, "reason")
    async with transaction(actor) as session:
        hold = await _standing(session, hold_id)
        _check_asked(hold)
        hold.lift_asked_by = hold.lift_asked_at = hold.lift_reason = None
        await _record(session, actor, Event.LEGAL_HOLD_KEPT, hold, {"reason": reason})


async def lift(actor: Actor, hold_id: UUID) -> None:
    """Lift a hold for which another person has asked. What it alone covered may be destroyed from now on.

    Raises NotAllowed, CodeNeeded, HoldNotFound or HoldRefused.
    """
    require(actor, Permission.LEGAL_HOLD_MANAGE)
    require_fresh_code(actor)
    async with transaction(actor) as session:
        hold = await _standing(session, hold_id)
        _check_asked(hold)
        if hold.lift_asked_by == actor.user_id:
            raise HoldRefused("You asked for it yourself: another person has to agree. The hold stands.")
        if hold.user_id == actor.user_id:
            raise HoldRefused("The hold covers what you did: another person has to agree. The hold stands.")
        hold.lifted_by, hold.lifted_at = _person(actor), datetime.now(UTC)
        after = {"reason": hold.lift_reason, "asked_by": hold.lift_asked_by}
        await _record(session, actor, Event.LEGAL_HOLD_LIFTED, hold, after)


def _require_sight(actor: Actor, subject: Subject) -> None:
    """Nobody names what they may not see."""
    if subject.scope in {Scope.ITEM, Scope.ACCOUNT}:
        require(actor, Permission.ITEM_READ)
    elif subject.scope is Scope.PERSON:
        require(actor, Permission.USER_READ)


def _check(subject: Subject) -> None:
    if subject.scope is Scope.PERIOD:
        if subject.from_on is None:
            raise HoldRefused("Say from which day on. No hold was placed.")
        if subject.until_on is not None and subject.until_on < subject.from_on:
            raise HoldRefused("The last day is before the first one. No hold was placed.")
    elif subject.id is None:
        raise SubjectNotFound


async def _check_is_there(session: AsyncSession, subject: Subject) -> None:
    tables: dict[Scope, Any] = {Scope.ITEM: CheckItem.id, Scope.ACCOUNT: Account.id, Scope.PERSON: User.id}
    column = tables.get(subject.scope)
    if column is not None and (await session.execute(select(column).where(column == subject.id))).first() is None:
        raise SubjectNotFound


async def _standing(session: AsyncSession, hold_id: UUID) -> LegalHold:
    hold = (await session.scalars(select(LegalHold).where(LegalHold.id == hold_id).with_for_update())).one_or_none()
    if hold is None:
        raise HoldNotFound
    if hold.lifted_at is not None:
        raise HoldRefused("This hold was lifted already. Nothing was changed.")
    return hold


def _check_asked(hold: LegalHold) -> None:
    if hold.lift_asked_by is None:
        raise HoldRefused("Nobody asks that this hold be lifted. It stands.")


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise HoldRefused("A legal hold is a person's act. Nothing was changed.")
    return actor.user_id


def _written(given: str, most: int, what: str) -> str:
    written = " ".join(given.replace("\x00", "").split())[:most]
    if not written:
        raise HoldRefused(f"Give the {what}: it is kept with the hold. Nothing was changed.")
    return written


def _subject_of(hold: LegalHold) -> dict[str, Any]:
    subject = hold.item_id or hold.account_id or hold.user_id
    days = {"from": hold.from_on, "until": hold.until_on} if hold.from_on else {}
    return {"scope": hold.scope, **({"subject": subject} if subject else {}), **days}


async def _record(session: AsyncSession, actor: Actor, event: Event, hold: LegalHold, after: dict[str, Any]) -> None:
    """In the hold's own history, and in that of the check which it covers."""
    news = [NewEntry(event, "legal_hold", hold.id, after=after)]
    if hold.item_id is not None:
        news.append(NewEntry(event, "item", hold.item_id, after={"matter": hold.matter, **after}))
    await record_each(session, actor, news)
