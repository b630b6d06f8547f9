"""Sees to the months of the audit trail: made ahead, archived in time; what came of it is kept for the pages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from console.operations.checks import CheckName, keep
from console.retention.audit_months import Months, MonthsArchived, archive_months, make_months, months_at_hand

# Fewer than this are ahead only when the job has not run for long.
LEAST_AHEAD: Final = 1


async def keep_months(today: date | None = None) -> int:
    """Make the months that are missing, archive those whose time is over; how many of both.

    Raises what `archive_months` raises; the months ahead are made then.
    """
    today = today or datetime.now(UTC).date()
    made = await make_months()
    # What is wrong is kept before anything can fail.
    await _keep(await months_at_hand(), MonthsArchived((), None), today)
    found = await archive_months(today)
    if found != MonthsArchived((), None):
        await _keep(await months_at_hand(), found, today)
    return made + len(found.archived)


async def _keep(at_hand: Months, found: MonthsArchived, today: date) -> None:
    months, ahead = at_hand.months, at_hand.ahead(today)
    detail = f"{len(months)} at hand from {months[0].month:%b %Y}, {ahead} of them ahead" if months else "none at hand"
    if at_hand.astray:
        detail += f"; {at_hand.astray:,} entries wait in no month of their own"
    if found.held:
        detail += f"; {found.held:%b %Y} is kept by a legal hold"
    figures = {"months": len(months), "ahead": ahead, "astray": at_hand.astray, "archived": len(found.archived)}
    ok = ahead >= LEAST_AHEAD and not at_hand.astray
    await keep(CheckName.AUDIT_MONTHS, ok=ok, detail=detail, figures=figures)
