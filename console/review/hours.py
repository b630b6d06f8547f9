"""The institution's hours: what they are, what a change would mean for open checks, and changing them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import anyio.to_thread
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.review.clocks import Hours, is_banking_day
from console.review.errors import InvalidHours, StaleHours
from console.review.hours_effect import Change, DeadlineMoved, Effect, ReturnMoved, effect_of, returns_moved, sla_moved
from console.review.managing import check_manages_all
from db.engine import transaction
from db.models import ClosedDay, Institution

# UCC 4-108(a): a bank may fix an afternoon hour of 2 p.m. or later as its cut-off hour.
EARLIEST_CUT_OFF: Final = time(14)
MAXIMUM_CLOSINGS: Final = 100
MAXIMUM_WORDS: Final = 100
# What they are, for who may not set them.
WHAT: Final = "the institution's hours"
_AHEAD: Final = timedelta(days=3 * 366)
_TIMEOUT_MS: Final = 60_000

_OPEN: Final = (
    "i.institution_id = :institution and i.status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')"
)
# Items of one file mostly share their clocks: a few groups, however many items.
_SLA: Final = text(
    f"select i.sla_due_at, i.sla_warning_at, count(*) from check_item i where {_OPEN} and i.sla_due_at > :now"  # noqa: S608
    " and i.sla_paused_at is null group by 1, 2"
)
_RETURNS: Final = text(
    f"select i.received_at, i.return_by, count(*) from check_item i where {_OPEN} and i.return_by > :now group by 1, 2"  # noqa: S608
)
_SET_SLA: Final = text(
    "update check_item i set sla_due_at = m.due, sla_warning_at = m.warning, version = version + 1"  # noqa: S608
    " from jsonb_to_recordset(cast(:moved as jsonb)) as m(old_due timestamptz, old_warning timestamptz,"
    f" due timestamptz, warning timestamptz) where {_OPEN} and i.sla_paused_at is null"
    " and i.sla_due_at = m.old_due and i.sla_warning_at = m.old_warning"
)
_SET_RETURNS: Final = text(
    "update check_item i set return_by = m.at, return_rule = m.rule, version = version + 1"  # noqa: S608
    " from jsonb_to_recordset(cast(:moved as jsonb)) as m(received timestamptz, old timestamptz, at timestamptz,"
    f" rule text) where {_OPEN} and i.received_at = m.received and i.return_by = m.old"
)


@dataclass(frozen=True)
class Closing:
    """A day on which the institution alone is closed, and why."""

    day: date
    reason: str


@dataclass(frozen=True)
class BankHours:
    """Opening, closing and cut-off, local time in `zone`, and own closings in their order."""

    zone: ZoneInfo
    opens_at: time
    closes_at: time
    cut_off_at: time
    closings: tuple[Closing, ...] = ()

    @property
    def office(self) -> Hours:
        """As both clocks take them."""
        closed = frozenset(closing.day for closing in self.closings)
        return Hours(self.zone, self.opens_at, self.closes_at, self.cut_off_at, closed)

    def as_json(self) -> dict[str, Any]:
        """As the audit trail keeps them."""
        return {
            "opens_at": self.opens_at.isoformat("minutes"),
            "closes_at": self.closes_at.isoformat("minutes"),
            "cut_off_at": self.cut_off_at.isoformat("minutes"),
            "closings": {closing.day.isoformat(): closing.reason for closing in self.closings},
        }


async def read_hours(actor: Actor) -> BankHours:
    """The institution's hours. Raises NotAllowed."""
    require(actor, Permission.INSTITUTION_HOURS)
    async with transaction(actor) as session:
        return await _hours(session)


async def preview_hours(actor: Actor, wanted: BankHours) -> Effect:
    """What these hours would mean for the checks that are open now. Raises NotAllowed, InvalidHours."""
    require(actor, Permission.INSTITUTION_HOURS)
    wanted = _checked(wanted)
    async with transaction(actor, statement_timeout_ms=_TIMEOUT_MS) as session:
        change = Change((await _hours(session)).office, wanted.office, datetime.now(UTC))
        sla, returns = await _moved(session, actor, change)
    return effect_of(sla, returns)


async def change_hours(
    actor: Actor, wanted: BankHours, reason: str, seen: BankHours, *, move_open_items: bool
) -> Effect | None:
    """Set the hours to these, unless somebody changed them since they were `seen`; what became of open checks.

    With `move_open_items` what is left of their time goes on in the new hours, and their return deadlines follow the
    new closings; without it they keep their deadlines, and None is returned. Raises NotAllowed, NotYoursToSet,
    InvalidHours, InvalidPerson (no reason), StaleHours.
    """
    require(actor, Permission.INSTITUTION_HOURS)
    check_manages_all(actor, WHAT, Permission.INSTITUTION_HOURS)
    reason, wanted = checked_reason(reason), _checked(wanted)
    effect: Effect | None = None
    async with transaction(actor, statement_timeout_ms=_TIMEOUT_MS) as session:
        before = await _hours(session, lock=True)
        if before != seen:
            raise StaleHours
        await _write(session, actor, wanted)
        if move_open_items:
            sla, returns = await _moved(session, actor, Change(before.office, wanted.office, datetime.now(UTC)))
            effect = effect_of(sla, returns)
            await _move(session, actor, sla, returns)
        after = wanted.as_json() | {"reason": reason, "open_items_moved": move_open_items}
        await record(
            session,
            actor,
            Event.HOURS_CHANGED,
            "institution",
            actor.institution_id,
            before=before.as_json(),
            after=after,
        )
        hint_items(session, actor.institution_id, [])
    return effect


async def _hours(session: AsyncSession, *, lock: bool = False) -> BankHours:
    query = select(Institution)
    bank = (await session.execute(query.with_for_update() if lock else query)).scalar_one()
    rows = await session.scalars(select(ClosedDay).order_by(ClosedDay.day))
    closings = tuple(Closing(row.day, row.reason) for row in rows)
    return BankHours(ZoneInfo(bank.time_zone), bank.opens_at, bank.closes_at, bank.cut_off_at, closings)


def _checked(wanted: BankHours) -> BankHours:
    """The hours as they are stored. Raises InvalidHours."""
    if wanted.opens_at >= wanted.closes_at:
        raise InvalidHours("opens_at", "Open before you close.")
    if wanted.cut_off_at < EARLIEST_CUT_OFF:
        raise InvalidHours("cut_off_at", "A cut-off hour is 2 p.m. or later (UCC 4-108(a)).")
    if len(wanted.closings) > MAXIMUM_CLOSINGS:
        raise InvalidHours("closings", f"Keep {MAXIMUM_CLOSINGS} closings at the most: take out some of long ago.")
    days = [closing.day for closing in wanted.closings]
    if twice := next((day for day in days if days.count(day) > 1), None):
        raise InvalidHours("closings", f"{twice:%a} {twice.day} {twice:%b %Y} is there twice.")
    closings = tuple(sorted((_closing(closing) for closing in wanted.closings), key=lambda closing: closing.day))
    return BankHours(wanted.zone, wanted.opens_at, wanted.closes_at, wanted.cut_off_at, closings)


def _closing(closing: Closing) -> Closing:
    named = f"{closing.day:%a} {closing.day.day} {closing.day:%b %Y}"
    words = " ".join(closing.reason.replace("\x00", "").split())
    if not 1 <= len(words) <= MAXIMUM_WORDS:
        raise InvalidHours("closings", f"Say in 1 to {MAXIMUM_WORDS} characters why you close on {named}.")
    if not is_banking_day(closing.day):
        raise InvalidHours("closings", f"{named} is no banking day anyway: take it out.")
    if closing.day > datetime.now(UTC).date() + _AHEAD:
        raise InvalidHours("closings", f"{named} is too far ahead: enter closings of the next three years.")
    return Closing(closing.day, words)


async def _write(session: AsyncSession, actor: Actor, wanted: BankHours) -> None:
    bank = (await session.execute(select(Institution))).scalar_one()
    bank.opens_at, bank.closes_at, bank.cut_off_at = wanted.opens_at, wanted.closes_at, wanted.cut_off_at
    await session.execute(delete(ClosedDay).where(ClosedDay.institution_id == actor.institution_id))
    session.add_all(
        ClosedDay(institution_id=actor.institution_id, day=closing.day, reason=closing.reason)
        for closing in wanted.closings
    )
    await session.flush()


async def _moved(
    session: AsyncSession, actor: Actor, change: Change
) -> tuple[Sequence[DeadlineMoved], Sequence[ReturnMoved]]:
    wanted = {"institution": actor.institution_id, "now": change.now}
    sla = [tuple(row) for row in await session.execute(_SLA, wanted)]
    returns = [tuple(row) for row in await session.execute(_RETURNS, wanted)]
    # Reckoned in a thread: the event loop serves pages meanwhile.
    return (
        await anyio.to_thread.run_sync(sla_moved, change, sla),
        await anyio.to_thread.run_sync(returns_moved, change, returns),
    )


async def _move(
    session: AsyncSession, actor: Actor, sla: Sequence[DeadlineMoved], returns: Sequence[ReturnMoved]
) -> None:
    for statement, moved in (
        (_SET_SLA, [one.as_json() for one in sla]),
        (_SET_RETURNS, [r.as_json() for r in returns]),
    ):
        if moved:
            await session.execute(statement, {"institution": actor.institution_id, "moved": json.dumps(moved)})
