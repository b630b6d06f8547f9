"""The figures at the top of the reports: the work of the period, held against the days before. No I/O but reading."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.asked import Asked
from console.insight.lateness import DueDay, read_lateness
from console.insight.periods import Period, Window
from console.insight.rework import Rework, read_rework
from console.insight.scope import Scope
from console.insight.work import Work, count_open, read_work


@dataclass(frozen=True)
class Side:
    """The period, or the days before it."""

    work: Work
    due: tuple[DueDay, ...]
    rework: Rework

    @property
    def breaches(self) -> int:
        return sum(one.breached for one in self.due)

    @property
    def missed(self) -> int:
        return sum(one.missed for one in self.due)


@dataclass(frozen=True)
class Overview:
    """`opened` is by how much more is open than when the period began; None where it ended in the past."""

    period: Period
    scope: Scope
    now: Side
    before: Side
    open: int

    @property
    def opened(self) -> int | None:
        if not self.period.under_way:
            return None
        whole = self.now.work.whole
        return whole.received - whole.cleared - whole.decided


async def read_overview(session: AsyncSession, asked: Asked) -> Overview:
    """What came in, was decided, is late and open, in the period and before it."""
    period = asked.period
    now, before = await _side(session, asked, period.window), await _side(session, asked, period.earlier)
    return Overview(period, asked.scope, now, before, await count_open(session, asked))


async def _side(session: AsyncSession, asked: Asked, window: Window) -> Side:
    return Side(
        await read_work(session, asked, window),
        await read_lateness(session, asked, window),
        await read_rework(session, asked, window),
    )
