"""The institution's own hours, as both clocks take them."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.review.clocks import Hours
from db.models import ClosedDay, Institution

_OFFICE: Final = select(
    Institution.time_zone,
    Institution.opens_at,
    Institution.closes_at,
    Institution.cut_off_at,
    select(func.array_agg(ClosedDay.day)).scalar_subquery().label("closed"),
)


async def office_of(session: AsyncSession) -> Hours:
    """Hours, cut-off and closings of the transaction's institution."""
    bank = (await session.execute(_OFFICE)).one()
    return Hours(ZoneInfo(bank.time_zone), bank.opens_at, bank.closes_at, bank.cut_off_at, frozenset(bank.closed or ()))
