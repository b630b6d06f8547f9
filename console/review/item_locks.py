"""Items locked for a change. One order of locks everywhere, so that nobody waits in a circle: the item, its claim, the
audit chain's head; of several items the one with the lower id first."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import CheckItem, Claim


async def locked_item(session: AsyncSession, item_id: UUID) -> CheckItem | None:
    """Lock an item, once whoever has it locked is done, and read it as it is then; None where there is none."""
    query = select(CheckItem).where(CheckItem.id == item_id).with_for_update()
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def lock_items(session: AsyncSession, item_ids: Collection[UUID]) -> list[CheckItem]:
    """Lock these items, in the order in which everybody locks several."""
    query = select(CheckItem).where(CheckItem.id.in_(item_ids)).order_by(CheckItem.id).with_for_update()
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def lock_claimed(
    session: AsyncSession, condition: ColumnElement[bool], limit: int, *, skip_locked: bool = True
) -> list[CheckItem]:
    """Lock the items of these claims; with `skip_locked` but for those that somebody is just changing."""
    query = select(CheckItem).join(Claim, Claim.item_id == CheckItem.id).where(condition).order_by(CheckItem.id)
    query = query.limit(limit).with_for_update(of=CheckItem, skip_locked=skip_locked)
    return list(await session.scalars(query.execution_options(populate_existing=True)))
