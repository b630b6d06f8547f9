"""Who may read an item: the people whom a note can name, or a question ask."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import GRANTS, Permission, require
from console.actor import Actor
from console.review.item_view import ItemNotFound
from console.review.reach import place_of
from db.engine import transaction
from db.models import CheckItem

OFFERED: Final = 6
MAX_PREFIX: Final = 64

# The word of the permission table and of `reach` on other people than the actor: roles that grant it, cut to the
# person's own bounds and to the queue's members, but for who manages queues and who only reads.
_HOLDS: Final = """exists (
    select from user_role r left join custom_role c on c.id = r.custom_role_id
    where r.user_id = u.id and (r.role = any(:{0}_roles) or jsonb_exists(c.permissions, :{0}))
)"""
_READERS: Final = """
    select u.id, u.username, u.display_name from app_user u
    where u.active
      and (u.queues is null or jsonb_exists(u.queues, :queue))
      and (u.item_types is null or jsonb_exists(u.item_types, :item_type))
      and exists (
        select from user_role r left join custom_role c on c.id = r.custom_role_id
        where r.user_id = u.id and (
            r.role = any(:wanted_roles)
            or jsonb_exists(c.permissions, :wanted)
               and (c.queues is null or jsonb_exists(c.queues, :queue))
               and (c.item_types is null or jsonb_exists(c.item_types, :item_type))
        ))
      and (
        not exists (select from queue_member m where m.queue_id = :queue_id)
        or exists (select from queue_member m where m.queue_id = :queue_id and m.user_id = u.id)
        or {manages} or not {claims}
      )
""".format(manages=_HOLDS.format("manages"), claims=_HOLDS.format("claims"))  # noqa: S608 - of constants alone
_NAMED: Final = text(_READERS + " and lower(u.username) = any(:usernames) order by lower(u.username)")
_BY_ID: Final = text(_READERS + " and u.id = :person")
_OFFERED: Final = text(
    _READERS
    + """ and (starts_with(lower(u.username), :prefix) or starts_with(lower(u.display_name), :prefix)
               or strpos(lower(u.display_name), ' ' || :prefix) > 0)
      order by lower(u.username) limit :most"""
)


@dataclass(frozen=True)
class Person:
    """Somebody, as others of the bank know them."""

    id: UUID
    username: str
    name: str


async def offer_people(
    actor: Actor, item_id: UUID, prefix: str, permission: Permission = Permission.ITEM_READ
) -> tuple[Person, ...]:
    """People who hold `permission` for the item and whose username, or a part of whose name, begins so; a few.

    Raises NotAllowed, ItemNotFound.
    """
    require(actor, Permission.ITEM_NOTE)
    async with transaction(actor) as session:
        item = await session.get(CheckItem, item_id)
        if item is None:
            raise ItemNotFound
        given = {"prefix": prefix.replace("\x00", "").strip().lower()[:MAX_PREFIX], "most": OFFERED}
        rows = await session.execute(_OFFERED, await _wanted(session, item, permission) | given)
        return tuple(Person(*row) for row in rows)


async def named_within(session: AsyncSession, item: CheckItem, usernames: Collection[str]) -> tuple[Person, ...]:
    """Those of these usernames, in lower case, whose people may read the item."""
    if not usernames:
        return ()
    wanted = await _wanted(session, item, Permission.ITEM_READ)
    rows = await session.execute(_NAMED, wanted | {"usernames": list(usernames)})
    return tuple(Person(*row) for row in rows)


async def person_within(session: AsyncSession, item: CheckItem, user_id: UUID, permission: Permission) -> Person | None:
    """This person, where they are active and hold the permission for the item."""
    wanted = await _wanted(session, item, permission)
    row = (await session.execute(_BY_ID, wanted | {"person": user_id})).first()
    return Person(*row) if row else None


async def _wanted(session: AsyncSession, item: CheckItem, permission: Permission) -> dict[str, Any]:
    place = await place_of(session, item)
    values: dict[str, Any] = {"queue": place.queue, "queue_id": item.queue_id, "item_type": place.item_type}
    for name, one in (("wanted", permission), ("manages", Permission.QUEUE_MANAGE), ("claims", Permission.ITEM_CLAIM)):
        values[name] = one.value
        values[f"{name}_roles"] = [role.value for role, grant in GRANTS.items() if one in grant.permissions]
    return values
