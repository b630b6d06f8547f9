"""An approved change of a list takes effect: its entries come or go, in one statement each."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.policy.lists import MAX_ENTRIES, InvalidList
from db.models import PolicyListChange, PolicyListEntry

_PUT_ON: Final = text("""
    insert into policy_list_entry (id, institution_id, list_id, value, shown, note, added_by, added_in)
    select gen_random_uuid(), c.institution_id, c.list_id, e ->> 'value', e ->> 'shown', e ->> 'note', c.proposed_by,
        c.id
    from policy_list_change c, jsonb_array_elements(c.entries) e
    where c.id = :change and not exists (
        select from policy_list_entry held
        where held.list_id = c.list_id and held.value = e ->> 'value' and held.removed_at is null
    )
    returning id
""")
_TAKE_OFF: Final = text("""
    update policy_list_entry held set removed_at = now(), removed_by = c.proposed_by, removed_in = c.id
    from policy_list_change c, jsonb_array_elements(c.entries) e
    where c.id = :change and held.list_id = c.list_id and held.value = e ->> 'value' and held.removed_at is null
    returning held.id
""")


async def put_on(session: AsyncSession, change: PolicyListChange) -> int:
    """Put the entries of an approved change on its list, but for those that are there; how many. The list is locked.

    Raises InvalidList (too many by now).
    """
    added = len((await session.execute(_PUT_ON, {"change": change.id})).all())
    held = select(func.count()).select_from(PolicyListEntry)
    held = held.where(PolicyListEntry.list_id == change.list_id, PolicyListEntry.removed_at.is_(None))
    if (await session.execute(held)).scalar_one() > MAX_ENTRIES:
        raise InvalidList(f"A list holds {MAX_ENTRIES:,} entries at the most. Nothing was added; the change waits.")
    return added


async def take_off(session: AsyncSession, change: PolicyListChange) -> int:
    """End the entries of an approved change on its list; how many there were."""
    return len((await session.execute(_TAKE_OFF, {"change": change.id})).all())
