"""Access reviews: a campaign makes a line of every role that somebody holds, and each is confirmed or revoked.

Whoever decides on a line is not whom it is about. A confirmation leaves all as it is; a revocation takes the role
away (`review.revoking`). The campaign closes with its last line; the outcome stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.access_report import Chosen, every_line
from console.access.held import InvalidPerson, OwnAccess
from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.institution import institution_of
from db.engine import transaction
from db.models import AccessReview, AccessReviewLine, User, UserRole

MAXIMUM_NAME: Final = 100
MAXIMUM_NOTE: Final = 500
LONGEST: Final = timedelta(days=366)


class Outcome(StrEnum):
    CONFIRMED = "confirmed"
    REVOKED = "revoked"


class InvalidReview(Exception):
    """A campaign cannot be started so; the message says why and what to do."""


class ReviewNotFound(LookupError):
    """No such campaign or line in this institution."""

    def __init__(self) -> None:
        super().__init__("There is no such access review.")


class LineDecided(Exception):
    """Somebody decided on the line before, or what it is about has changed."""


@dataclass(frozen=True)
class OpenLine:
    """A line, and the campaign that it is of, both locked."""

    review: AccessReview
    line: AccessReviewLine


async def start(actor: Actor, name: str, due_on: date) -> UUID:
    """Begin a campaign over every role that an active person holds now; its id.

    Raises NotAllowed or InvalidReview.
    """
    require(actor, Permission.ACCESS_REVIEW_START)
    name = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(name) <= MAXIMUM_NAME or not name.isprintable():
        raise InvalidReview(f"Give the review a name of 1 to {MAXIMUM_NAME} characters.")
    today = datetime.now((await institution_of(actor)).zone).date()
    if not today <= due_on <= today + LONGEST:
        raise InvalidReview("The due date is today or later, and at most a year away.")
    review = AccessReview(
        id=uuid4(), institution_id=actor.institution_id, name=name, started_by=actor.user_id, due_on=due_on
    )
    try:
        async with transaction(actor) as session:
            session.add(review)
            await session.flush()
            lines = await _add_lines(session, actor, review.id)
            after = {"name": name, "due_on": due_on, "lines": lines}
            await record(session, actor, Event.ACCESS_REVIEW_STARTED, "access_review", review.id, after=after)
    except IntegrityError as error:
        if "uq_access_review_open" in str(error.orig):
            raise InvalidReview("An access review is under way. It ends when each of its lines is decided.") from None
        raise
    return review.id


async def confirm(actor: Actor, line_id: UUID, note: str = "") -> None:
    """Leave the role where it is. Raises NotAllowed, ReviewNotFound, OwnAccess or LineDecided."""
    async with transaction(actor) as session:
        found = await locked_line(session, actor, line_id)
        held = await session.get(UserRole, (found.line.user_id, found.line.role))
        if held is None:
            raise LineDecided("This role is no longer held. Revoke the line, so that its end is on record.")
        await settle(session, actor, found, Outcome.CONFIRMED, note)


async def locked_line(session: AsyncSession, actor: Actor, line_id: UUID) -> OpenLine:
    """A line on which this actor may decide now. Raises NotAllowed, ReviewNotFound, OwnAccess or LineDecided."""
    require(actor, Permission.ACCESS_REVIEW_DECIDE)
    of_line = select(AccessReviewLine.review_id).where(AccessReviewLine.id == line_id).scalar_subquery()
    review = (
        await session.execute(select(AccessReview).where(AccessReview.id == of_line).with_for_update())
    ).scalar_one_or_none()
    if review is None:
        raise ReviewNotFound
    query = select(AccessReviewLine).where(AccessReviewLine.id == line_id).with_for_update()
    line = (await session.execute(query)).scalar_one()
    if line.user_id == actor.user_id:
        raise OwnAccess
    if line.outcome is not None:
        raise LineDecided(f"This line was {line.outcome} meanwhile. Nothing was changed.")
    return OpenLine(review, line)


async def settle(session: AsyncSession, actor: Actor, found: OpenLine, outcome: Outcome, note: str) -> None:
    """Write a line's outcome; the campaign closes with its last line. Call it last, it writes to the audit trail."""
    line = found.line
    line.outcome, line.note = outcome.value, " ".join(note.replace("\x00", "").split())[:MAXIMUM_NOTE] or None
    line.decided_by, line.decided_at = actor.user_id, datetime.now(UTC)
    await session.flush()
    open_lines = select(func.count()).select_from(AccessReviewLine)
    left = await session.scalar(
        open_lines.where(AccessReviewLine.review_id == found.review.id, AccessReviewLine.outcome.is_(None))
    )
    after = {
        "review": found.review.id,
        "person": line.user_id,
        "role": line.role,
        "outcome": outcome,
        "note": line.note,
    }
    await record(session, actor, Event.ACCESS_REVIEW_LINE_DECIDED, "access_review_line", line.id, after=after)
    if left == 0:
        found.review.closed_at = datetime.now(UTC)
        await record(session, actor, Event.ACCESS_REVIEW_CLOSED, "access_review", found.review.id)


async def check_not_last_administrator(session: AsyncSession, line: AccessReviewLine) -> None:
    """Raise InvalidPerson where nobody else active is an administrator: without one nobody can be let in again."""
    if line.role != "administrator":
        return
    # Two campaigns' lines cannot both pass: the campaign's row is locked, and there is one at a time.
    others = select(UserRole.user_id).join(User, User.id == UserRole.user_id)
    query = others.where(UserRole.role == "administrator", User.active, UserRole.user_id != line.user_id).limit(1)
    if (await session.execute(query)).first() is None:
        raise InvalidPerson("This is the last active administrator. Appoint another one before you revoke the role.")


async def note_overdue(actor: Actor) -> int:
    """Audit each campaign that passed its due date undecided, once; how many there were. Raises NotAllowed."""
    require(actor, Permission.ACCESS_REVIEW_START)
    today = datetime.now((await institution_of(actor)).zone).date()
    late = select(AccessReview).where(
        AccessReview.closed_at.is_(None), AccessReview.reminded_at.is_(None), AccessReview.due_on < today
    )
    async with transaction(actor) as session:
        reviews = (await session.scalars(late.with_for_update(skip_locked=True))).all()
        for review in reviews:
            review.reminded_at = datetime.now(UTC)
            await session.flush()
            after = {"name": review.name, "due_on": review.due_on}
            await record(session, actor, Event.ACCESS_REVIEW_OVERDUE, "access_review", review.id, after=after)
    return len(reviews)


async def _add_lines(session: AsyncSession, actor: Actor, review_id: UUID) -> int:
    position = 0
    async for held in every_line(session, actor, Chosen()):
        position += 1
        session.add(
            AccessReviewLine(
                id=uuid4(),
                institution_id=actor.institution_id,
                review_id=review_id,
                user_id=held.user_id,
                role=held.role,
                granted_at=held.granted_at,
                granted_by=held.granted_by_id,
                last_used_at=held.last_used_at,
                position=position,
            )
        )
    await session.flush()
    return position
