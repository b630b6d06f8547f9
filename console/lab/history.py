"""An institution's own history as the lab reads it: each item's facts, and what people decided. SQL only.

It is read in slices of time, the newest first, so that progress is real, a slice ends in good time, and what is listed
of a long history is the most recent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Subquery, Text, and_, bindparam, false, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from console.review.reasons import REASONS
from db.models import CheckItem, Decision, KeptFacts

# About so many items a slice. All of a file have one moment of receipt, and stay together.
SLICE: Final = 50_000
# Reasons that say that somebody altered, forged or invented the check.
FRAUD_REASONS: Final = tuple(
    key for key, reason in REASONS.items() if reason.moves_loss or "forged" in reason.text.casefold()
)
COLUMNS: Final = ("item_id", "received_at", "outcome", "fraud")

_COUNT: Final = text(
    "select count(*) from item_facts where institution_id = :institution"
    " and received_at >= :since and received_at < :before"
)
_EDGE: Final = text(
    "select received_at from item_facts where institution_id = :institution"
    " and received_at >= :since and received_at < :before order by received_at desc offset :items limit 1"
)


_DAYS: Final = text(
    "select count(distinct (received_at at time zone :zone)::date) from item_facts"
    " where institution_id = :institution and received_at >= :since and received_at < :before"
)


@dataclass(frozen=True)
class Slice:
    """Items received from a moment on, and before another one."""

    since: datetime
    before: datetime

    def of(self, institution_id: UUID) -> dict[str, Any]:
        """The parameters of statements over an institution's slice."""
        return {"institution": institution_id, "since": self.since, "before": self.before}


async def count_items(session: AsyncSession, institution_id: UUID, whole: Slice) -> int:
    """How many items there are."""
    return int((await session.execute(_COUNT, whole.of(institution_id))).scalar_one())


async def count_days(session: AsyncSession, institution_id: UUID, whole: Slice, zone: ZoneInfo) -> int:
    """On how many days of the institution's checks came."""
    values = {**whole.of(institution_id), "zone": zone.key}
    return int((await session.execute(_DAYS, values)).scalar_one())


async def last_slice(session: AsyncSession, institution_id: UUID, whole: Slice, items: int = SLICE) -> Slice:
    """The last part of it with so many items, or few more."""
    values = {**whole.of(institution_id), "items": items - 1}
    edge = (await session.execute(_EDGE, values)).scalar_one_or_none()
    return Slice(whole.since if edge is None else edge, whole.before)


def history() -> Subquery:
    """The items of a slice: COLUMNS, and `facts`. Parameters: `institution`, `since`, `before`."""
    return _items(
        KeptFacts.institution_id == bindparam("institution"),
        KeptFacts.received_at >= bindparam("since"),
        KeptFacts.received_at < bindparam("before"),
    )


def items_of_file() -> Subquery:
    """The items of a file with these places in it, both ends included: COLUMNS, and `facts`.

    Parameters: `institution`, `file`, `first`, `last`.
    """
    return _items(
        KeptFacts.institution_id == bindparam("institution"),
        KeptFacts.item_id == CheckItem.id,
        CheckItem.file_id == bindparam("file"),
        CheckItem.ordinal.between(bindparam("first"), bindparam("last")),
    )


def _items(*conditions: Any) -> Subquery:
    """Joined, never looked up by subqueries: PostgreSQL keeps whatever reads one of those to a single process."""
    fraud = and_(
        Decision.to_status.in_(("returned", "rejected")),
        func.jsonb_exists_any(Decision.reasons.cast(JSONB), bindparam(None, list(FRAUD_REASONS), ARRAY(Text))),
    )
    # The one that ended the review: from approved, returned or rejected nothing leads to another decision.
    final = and_(
        Decision.item_id == KeptFacts.item_id,
        Decision.stage.in_(("decision", "confirmation")),
        Decision.to_status.in_(("approved", "returned", "rejected")),
    )
    query = select(
        KeptFacts.item_id,
        KeptFacts.received_at,
        Decision.to_status.label("outcome"),
        func.coalesce(fraud, false()).label("fraud"),
        KeptFacts.facts,
    )
    return query.select_from(KeptFacts).outerjoin(Decision, final).where(*conditions).subquery("history")
