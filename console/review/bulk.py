"""Changing several checks at once: which of them can be changed now, and what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.review.errors import TooManyAtOnce
from console.review.states import FINAL_STATUSES, Status
from db.models import CheckItem, Claim, User

MOST_AT_ONCE = 200


@dataclass
class BulkResult:
    """What came of a change of several items: those that changed, and why each of the others did not."""

    done: list[UUID] = field(default_factory=list)
    refused: dict[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Holding:
    """Who holds an item."""

    user_id: UUID
    name: str


def check_size(item_ids: Sequence[UUID]) -> None:
    """Raise TooManyAtOnce for more items than one transaction should hold."""
    if len(item_ids) > MOST_AT_ONCE:
        raise TooManyAtOnce(MOST_AT_ONCE)


async def lock_items(session: AsyncSession, item_ids: Sequence[UUID], result: BulkResult) -> dict[UUID, CheckItem]:
    """The open items among these, locked; why each of the others cannot be changed goes into the result.

    It waits for nobody: what somebody is just deciding or taking is refused, so that no circle of waiting can form.
    """
    chosen: ColumnElement[bool] = CheckItem.id.in_(set(item_ids))
    query = select(CheckItem).where(chosen).order_by(CheckItem.id).with_for_update(skip_locked=True)
    found = {item.id: item for item in await session.scalars(query.execution_options(populate_existing=True))}
    known = set(await session.scalars(select(CheckItem.id).where(chosen)))
    for item_id in item_ids:
        if item_id not in known:
            result.refused[item_id] = "This check does not exist."
        elif item_id not in found:
            result.refused[item_id] = "Somebody is just changing this check."
        elif (status := Status(found[item_id].status)) in FINAL_STATUSES:
            result.refused[item_id] = f"This check is {status.label}: its review is over."
    return {item_id: item for item_id, item in found.items() if item_id not in result.refused}


async def holders_of(session: AsyncSession, item_ids: Sequence[UUID]) -> dict[UUID, Holding]:
    """Who holds which of these items at this moment."""
    rows = await session.execute(
        select(Claim.item_id, Claim.user_id, User.display_name)
        .join(User, User.id == Claim.user_id)
        .where(Claim.item_id.in_(item_ids), Claim.expires_at > func.now())
    )
    return {row.item_id: Holding(row.user_id, row.display_name) for row in rows}
