"""Who else is on a draft: in Redis, because it holds for seconds only and nothing depends on it.

Each open page says every BEAT_SECONDS that its person is there; who has not been heard of for GONE_SECONDS is gone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from console.access.permissions import Permission, require
from console.actor import Actor
from console.hints import tell_policy
from db.engine import transaction
from db.models import User
from db.redis_pool import REDIS_ERRORS, redis

BEAT_SECONDS: Final = 10.0
GONE_SECONDS: Final = 35.0
MAX_PLACE: Final = 80


@dataclass(frozen=True)
class Present:
    """Somebody else who has the draft open.

    `place`: what they are at, in words; `unsaved`: whether they have changed something.
    """

    user_id: UUID
    name: str
    place: str
    unsaved: bool


async def be_here(actor: Actor, version_id: UUID, place: str = "", *, unsaved: bool = False) -> tuple[Present, ...]:
    """Say that the actor is on a draft, and hear who else is; by name. Without Redis nobody is. Raises NotAllowed."""
    require(actor, Permission.POLICY_EDIT)
    now = datetime.now(UTC).timestamp()
    said = {"place": place[:MAX_PLACE], "unsaved": unsaved}
    try:
        before = await redis().hget(_key(actor, version_id), str(actor.user_id))
        await redis().hset(_key(actor, version_id), str(actor.user_id), json.dumps(said | {"at": now}))
        await redis().expire(_key(actor, version_id), int(GONE_SECONDS))
        found = await redis().hgetall(_key(actor, version_id))
    except REDIS_ERRORS:
        return ()
    if _without_time(before, now) != said:
        await tell_policy(actor.institution_id, version_id)
    others = {UUID(_text(user)): json.loads(one) for user, one in found.items() if _text(user) != str(actor.user_id)}
    return await _named(actor, {user: one for user, one in others.items() if now - one["at"] < GONE_SECONDS})


async def leave(actor: Actor, version_id: UUID) -> None:
    """The actor's page of a draft closed. Raises NotAllowed."""
    require(actor, Permission.POLICY_EDIT)
    try:
        await redis().hdel(_key(actor, version_id), str(actor.user_id))
    except REDIS_ERRORS:
        return
    await tell_policy(actor.institution_id, version_id)


async def _named(actor: Actor, others: dict[Any, Any]) -> tuple[Present, ...]:
    if not others:
        return ()
    async with transaction(actor) as session:
        names = await session.execute(select(User.id, User.display_name).where(User.id.in_(others)))
    people = [Present(row.id, row.display_name, others[row.id]["place"], others[row.id]["unsaved"]) for row in names]
    return tuple(sorted(people, key=lambda one: one.name))


def _text(given: bytes | str) -> str:
    return given if isinstance(given, str) else given.decode()


def _without_time(said: bytes | str | None, now: float) -> dict[str, object] | None:
    if said is None:
        return None
    one: dict[str, object] = json.loads(said)
    at = one.pop("at")
    return one if isinstance(at, float) and now - at < GONE_SECONDS else None


def _key(actor: Actor, version_id: UUID) -> str:
    return f"policy-draft:{actor.institution_id}:{version_id}"
