"""The campaigns and their lines, as pages and exports show them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from console.access.access_review import ReviewNotFound
from console.access.permissions import Permission, may, require
from console.actor import Actor
from console.institution import institution_of
from db.engine import transaction
from db.models import AccessReview, AccessReviewLine, CustomRole, User, UserRole
from db.replica import read_aside

PAGE = 50
MAX_PAGE = 200


class Show(StrEnum):
    """Which lines of a campaign."""

    OPEN = "to decide"
    CONFIRMED = "confirmed"
    REVOKED = "revoked"
    ALL = "all"


@dataclass(frozen=True)
class ReviewKey:
    """Where a page of campaigns ended."""

    started_at: datetime
    id: UUID


@dataclass(frozen=True)
class Review:
    """A campaign and how far it is. `started_by` is None where the console itself began it."""

    id: UUID
    name: str
    started_by: str | None
    started_at: datetime
    due_on: date
    closed_at: datetime | None
    overdue: bool
    lines: int
    confirmed: int
    revoked: int

    @property
    def left(self) -> int:
        return self.lines - self.confirmed - self.revoked


@dataclass(frozen=True)
class ReviewPage:
    """Campaigns, the latest first, and the key to go on from; None at the end."""

    reviews: tuple[Review, ...]
    next: ReviewKey | None


@dataclass(frozen=True)
class Line:
    """A role as it was held when the campaign began, and what became of it. `held`: it is held at this moment."""

    id: UUID
    position: int
    user_id: UUID
    username: str
    display_name: str
    role: str
    role_name: str
    granted_at: datetime
    granted_by: str | None
    last_used_at: datetime | None
    held: bool
    outcome: str | None
    note: str | None
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True)
class LinePage:
    """Lines in the order of people and roles, and the position to go on from; None at the end."""

    lines: tuple[Line, ...]
    next: int | None


async def list_reviews(actor: Actor, *, after: ReviewKey | None = None, limit: int = PAGE) -> ReviewPage:
    """One page of the campaigns. Raises NotAllowed."""
    require(actor, Permission.ACCESS_REPORT_READ)
    today = datetime.now((await institution_of(actor)).zone).date()
    query = _reviews().where(AccessReview.institution_id == actor.institution_id)
    if after is not None:
        same = and_(AccessReview.started_at == after.started_at, AccessReview.id > after.id)
        query = query.where(or_(AccessReview.started_at < after.started_at, same))
    limit = max(1, min(limit, MAX_PAGE))
    query = query.order_by(AccessReview.started_at.desc(), AccessReview.id).limit(limit + 1)
    async with transaction(actor) as session:
        found = (await session.execute(query)).all()
    reviews = tuple(_review(row, today) for row in found[:limit])
    last = ReviewKey(reviews[-1].started_at, reviews[-1].id) if len(found) > limit else None
    return ReviewPage(reviews, last)


async def read_review(actor: Actor, review_id: UUID) -> Review:
    """One campaign. Raises NotAllowed or ReviewNotFound."""
    require(actor, Permission.ACCESS_REPORT_READ)
    today = datetime.now((await institution_of(actor)).zone).date()
    async with transaction(actor) as session:
        row = (await session.execute(_reviews().where(AccessReview.id == review_id))).one_or_none()
    if row is None:
        raise ReviewNotFound
    return _review(row, today)


async def list_lines(
    actor: Actor, review_id: UUID, show: Show = Show.ALL, *, after: int = 0, limit: int = PAGE
) -> LinePage:
    """One page of a campaign's lines. Raises NotAllowed."""
    require(actor, Permission.ACCESS_REPORT_READ)
    most = max(1, min(limit, MAX_PAGE))
    return await read_aside(actor, lambda session: _read_lines(session, review_id, show, after, most))


async def every_line_of(session: AsyncSession, review_id: UUID) -> AsyncIterator[Line]:
    """All of a campaign's lines, read page by page in the caller's transaction."""
    after: int | None = 0
    while after is not None:
        page = await _read_lines(session, review_id, Show.ALL, after, MAX_PAGE)
        for line in page.lines:
            yield line
        after = page.next


async def overdue_for(actor: Actor, today: date) -> Review | None:
    """The campaign that is late, for whom it concerns: who decides on lines or starts campaigns. None for others.

    `today` is the institution's day.
    """
    if not (may(actor, Permission.ACCESS_REVIEW_DECIDE) or may(actor, Permission.ACCESS_REVIEW_START)):
        return None
    query = _reviews().where(AccessReview.closed_at.is_(None), AccessReview.due_on < today).limit(1)
    async with transaction(actor) as session:
        row = (await session.execute(query)).first()
    return None if row is None else _review(row, today)


def _reviews() -> Select[Any]:
    line = AccessReviewLine
    counts = (
        select(
            func.count().label("lines"),
            func.count().filter(line.outcome == "confirmed").label("confirmed"),
            func.count().filter(line.outcome == "revoked").label("revoked"),
        )
        .where(line.review_id == AccessReview.id)
        .correlate(AccessReview)
        .lateral("counts")
    )
    query: Select[Any] = (
        select(AccessReview, User.display_name, counts.c.lines, counts.c.confirmed, counts.c.revoked)
        .join(counts, AccessReview.id.is_not(None))
        .outerjoin(User, User.id == AccessReview.started_by)
    )
    return query


def _review(row: Any, today: date) -> Review:
    review: AccessReview = row.AccessReview
    return Review(
        id=review.id,
        name=review.name,
        started_by=row.display_name,
        started_at=review.started_at,
        due_on=review.due_on,
        closed_at=review.closed_at,
        overdue=review.closed_at is None and review.due_on < today,
        lines=row.lines,
        confirmed=row.confirmed,
        revoked=row.revoked,
    )


async def _read_lines(session: AsyncSession, review_id: UUID, show: Show, after: int, limit: int) -> LinePage:
    line, granter, decider = AccessReviewLine, aliased(User), aliased(User)
    query = (
        select(
            line,
            User.username,
            User.display_name,
            func.coalesce(CustomRole.name, line.role).label("role_name"),
            granter.display_name.label("granter"),
            decider.display_name.label("decider"),
            and_(UserRole.role.is_not(None), User.active).label("held"),
        )
        .join(User, User.id == line.user_id)
        .outerjoin(UserRole, and_(UserRole.user_id == line.user_id, UserRole.role == line.role))
        .outerjoin(CustomRole, and_(CustomRole.institution_id == line.institution_id, CustomRole.key == line.role))
        .outerjoin(granter, granter.id == line.granted_by)
        .outerjoin(decider, decider.id == line.decided_by)
        .where(line.review_id == review_id, line.position > after)
    )
    if show is not Show.ALL:
        query = query.where(line.outcome.is_(None) if show is Show.OPEN else line.outcome == show.value)
    found = (await session.execute(query.order_by(line.position).limit(limit + 1))).all()
    lines = tuple(_line(row) for row in found[:limit])
    return LinePage(lines, lines[-1].position if len(found) > limit else None)


def _line(row: Any) -> Line:
    line: AccessReviewLine = row.AccessReviewLine
    return Line(
        id=line.id,
        position=line.position,
        user_id=line.user_id,
        username=row.username,
        display_name=row.display_name,
        role=line.role,
        role_name=row.role_name,
        granted_at=line.granted_at,
        granted_by=row.granter,
        last_used_at=line.last_used_at,
        held=row.held,
        outcome=line.outcome,
        note=line.note,
        decided_by=row.decider,
        decided_at=line.decided_at,
    )
