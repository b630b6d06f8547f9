"""Reminds those who decide on access reviews: a week before the due date, the day before, and once it has passed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from console.access.permissions import Permission
from console.actor import system_actor
from console.institution import institution_of
from console.notices.kinds import NoticeKind
from console.operations.telling import tell_holders
from db.engine import transaction
from db.models import AccessReview, AccessReviewLine

# Days before the due date, the furthest first; a campaign that is shorter begins with a nearer one.
DAYS_BEFORE: Final = (7, 1, -1)


async def remind(institution_id: UUID, today: date | None = None) -> int:
    """How many people were reminded."""
    actor = system_actor(institution_id, "access reviews")
    today = today or datetime.now((await institution_of(actor)).zone).date()
    left = (
        select(func.count())
        .where(AccessReviewLine.review_id == AccessReview.id, AccessReviewLine.outcome.is_(None))
        .scalar_subquery()
    )
    async with transaction(actor) as session:
        open_ones = select(AccessReview.id, AccessReview.due_on, left.label("left"))
        rows = (await session.execute(open_ones.where(AccessReview.closed_at.is_(None)))).all()
    told = 0
    for row in rows:
        due_in = (row.due_on - today).days
        reached = [days for days in DAYS_BEFORE if due_in <= days]
        if reached and row.left:
            values = {"due_on": row.due_on, "count": row.left}
            told += await tell_holders(
                institution_id,
                (Permission.ACCESS_REVIEW_DECIDE,),
                NoticeKind.ACCESS_REVIEW_DUE,
                f"access review {row.id} {reached[-1]}",
                values,
            )
    return told
