"""Keys that people change for themselves. What a person is shown and heard with is theirs alone, so nothing of it is
audited: it changes nothing of the bank's."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from console.access.sessions import SignedOut
from console.actor import Actor
from console.ui.keys import REGISTRY, key_fault, usable
from db.engine import transaction
from db.models import UserKey


class KeyTaken(Exception):
    """The key cannot be used for this; the message says why and what to do."""


async def own_keys(actor: Actor) -> dict[str, str]:
    """The actor's own keys by action; what is not in it is the registry's."""
    if actor.user_id is None:
        return {}
    async with transaction(actor) as session:
        rows = await session.execute(select(UserKey.action, UserKey.key).where(UserKey.user_id == actor.user_id))
        return usable({row.action: row.key for row in rows})


async def change_key(actor: Actor, action: str, key: str) -> None:
    """Use `key` for `action` from now on. Raises KeyTaken, SignedOut."""
    if actor.user_id is None:
        raise SignedOut
    own = await own_keys(actor)
    if fault := key_fault(action, key, own):
        raise KeyTaken(fault)
    values = {"user_id": actor.user_id, "action": action, "key": key, "institution_id": actor.institution_id}
    change = insert(UserKey).values(values)
    change = change.on_conflict_do_update(index_elements=["user_id", "action"], set_={"key": change.excluded.key})
    async with transaction(actor) as session:
        await session.execute(change)


async def reset_keys(actor: Actor, action: str | None = None) -> None:
    """Go back to the registry's key for an action, or for all. Raises KeyTaken where that one is used elsewhere now."""
    if actor.user_id is None:
        raise SignedOut
    own = await own_keys(actor)
    if action is not None:
        registered = next((key.key for key in REGISTRY if key.action == action), "")
        if fault := key_fault(action, registered, {name: key for name, key in own.items() if name != action}):
            raise KeyTaken(fault)
    gone = delete(UserKey).where(UserKey.user_id == actor.user_id)
    async with transaction(actor) as session:
        await session.execute(gone if action is None else gone.where(UserKey.action == action))
