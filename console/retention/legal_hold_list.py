"""Legal holds as pages show them: all of them, and those that cover a check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.masking import masked
from db.engine import transaction

PAGE: Final = 50

Key = tuple[datetime, UUID]


@dataclass(frozen=True)
class HoldShown:
    """A legal hold. `covers` says what, in words; the lifting fields are None where nobody has asked, or agreed."""

    id: UUID
    matter: str
    reason: str
    covers: str
    placed_by: str
    placed_at: datetime
    lift_asked_by: str | None
    lift_asker_id: UUID | None
    lift_asked_at: datetime | None
    lift_reason: str | None
    lifted_by: str | None
    lifted_at: datetime | None


@dataclass(frozen=True)
class HoldPage:
    """Holds, the newest first, and the key to go on from; None at the end."""

    holds: tuple[HoldShown, ...]
    next: Key | None


_HOLDS: Final = """
    select h.*, placer.display_name as placer, asker.display_name as asker, lifter.display_name as lifter,
        person.display_name as person, i.serial,
        (i.received_at at time zone bank.time_zone)::date as received_on, a.number
    from legal_hold h
    join institution bank on bank.id = h.institution_id
    join app_user placer on placer.id = h.placed_by
    left join app_user asker on asker.id = h.lift_asked_by
    left join app_user lifter on lifter.id = h.lifted_by
    left join app_user person on person.id = h.user_id
    left join check_item i on i.id = h.item_id
    left join account a on a.id = h.account_id
"""
_PAGE: Final = text(
    f"""{_HOLDS}
    where (h.lifted_at is null) = :standing
        and (cast(:placed_at as timestamptz) is null or (h.placed_at, h.id) < (:placed_at, cast(:id as uuid)))
    order by h.placed_at desc, h.id desc limit :limit"""
)
_OF_ITEM: Final = text(
    f"""{_HOLDS} where h.id in (select legal_holds_on_item(:item))
    order by h.placed_at desc, h.id desc limit 50"""
)


async def list_holds(actor: Actor, *, standing: bool = True, after: Key | None = None) -> HoldPage:
    """Holds that stand, or those that were lifted; the next page with the `next` of the one before. Raises
    NotAllowed."""
    require(actor, Permission.COMPLIANCE_READ)
    placed_at, hold_id = after if after is not None else (None, None)
    values = {"standing": standing, "placed_at": placed_at, "id": hold_id, "limit": PAGE + 1}
    async with transaction(actor) as session:
        rows = (await session.execute(_PAGE, values)).all()
    shown = tuple(_shown(row) for row in rows[:PAGE])
    return HoldPage(shown, (shown[-1].placed_at, shown[-1].id) if len(rows) > PAGE else None)


async def holds_on(session: AsyncSession, item_id: UUID) -> tuple[HoldShown, ...]:
    """The standing holds that cover a check, in the transaction of a caller who has asked for the permission."""
    return tuple(_shown(row) for row in await session.execute(_OF_ITEM, {"item": item_id}))


async def holds_on_item(actor: Actor, item_id: UUID) -> tuple[HoldShown, ...]:
    """The standing holds that cover a check. Raises NotAllowed."""
    require(actor, Permission.COMPLIANCE_READ)
    async with transaction(actor) as session:
        return await holds_on(session, item_id)


def _shown(row: Row[Any]) -> HoldShown:
    return HoldShown(
        row.id, row.matter, row.reason, _covers(row), row.placer, row.placed_at,
        row.asker, row.lift_asked_by, row.lift_asked_at, row.lift_reason, row.lifter, row.lifted_at,
    )  # fmt: skip


def _covers(row: Row[Any]) -> str:
    match row.scope:
        case "item":
            return f"check {row.serial or 'without serial'} of {_day(row.received_on)}"
        case "account":
            return f"account {masked(row.number)} with all its checks"
        case "person":
            return f"{row.person}: sessions, acts, and the checks that they decided"
        case _:
            until = f"through {_day(row.until_on)}" if row.until_on else "on"
            return f"everything from {_day(row.from_on)} {until}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
