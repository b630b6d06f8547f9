"""The institution's own hours, as both clocks take them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.review.clocks import Hours
from db.models import ClosedDay, Institution


async def office_of(session: AsyncSession) -> Hours:
    """Hours, cut-off and closings of the transaction's institution."""
    bank = (await session.execute(select(Institution))).scalar_one()
    closed = frozenset(await session.scalars(select(ClosedDay.day)))
    return Hours(ZoneInfo(bank.time_zone), bank.opens_at, bank.closes_at, bank.cut_off_at, closed)
