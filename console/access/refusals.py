"""Every refusal of access leaves an entry in the audit trail, and no flood of refusals fills it.

What is refused is counted in Redis, so that the bounds hold over all replicas: so many entries a minute for the same
thing in one session, so many for everything in one session, and so many for all who have no session at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from console.access.permissions import NotAllowed
from console.access.visit import Visit
from console.actor import Actor
from console.audit.entries import Event, record
from console.institution import institution_ids
from db.engine import transaction
from db.redis_pool import REDIS_ERRORS, redis

# Entries a minute: of the same refusal in a session; of all refusals in it; of everybody without a session.
SAME_PER_MINUTE: Final = 3
SESSION_PER_MINUTE: Final = 30
NOBODY_PER_MINUTE: Final = 30
MAXIMUM_TEXT: Final = 200
NOBODY: Final = "nobody"

_COUNT: Final = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], 60) end
return count
"""

_log = structlog.get_logger(__name__)


class Why(StrEnum):
    """What stood against it."""

    PERMISSION = "permission"
    NOT_FOUND = "not found"
    """There is no such thing, or it is another institution's: nobody is told which."""
    OTHER_SESSION = "page of another session"
    NO_SESSION = "no session"
    ADDRESS = "address not on the allowlist"
    TOO_OFTEN = "too often"
    UNPROVED = "not proved"


@dataclass(frozen=True)
class Refusal:
    """What was refused: the operation or address, and the permission it needs where one is named."""

    operation: str
    why: Why
    permission: str | None = None


async def keep(actor: Actor, refusal: Refusal) -> None:
    """Write the audit entry of a refusal, unless there have been too many in this minute.

    It never fails: what was refused stays refused where the entry cannot be written, and the log says so.
    """
    operation = _bounded(refusal.operation)
    try:
        count = await _count(actor, refusal)
        if count is None:
            return
        after = {"why": refusal.why, "permission": refusal.permission}
        if count == SAME_PER_MINUTE:
            after["note"] = "more of the same are not kept within this minute"
        async with transaction(actor) as session:
            await record(session, actor, Event.ACCESS_REFUSED, "operation", operation, after=after)
    except (*REDIS_ERRORS, OperationalError, PoolTimeout) as error:
        _log.error("refusal not kept", operation=operation, why=refusal.why, error=type(error).__name__)


async def keep_of_nobody(visit: Visit, refusal: Refusal) -> None:
    """The same for whoever came with a session that is none: ended, or made up."""
    try:
        nobody = await nobody_at(visit)
    except (OperationalError, PoolTimeout) as error:
        _log.error("refusal not kept", operation=_bounded(refusal.operation), error=type(error).__name__)
        return
    if nobody is not None:
        await keep(nobody, refusal)


async def nobody_at(visit: Visit) -> Actor | None:
    """Whoever came without being anybody, as the actor of an entry: it is kept with the first institution. None where
    there is no institution yet."""
    institutions = await institution_ids()
    if not institutions:
        return None
    return Actor(institutions[0], None, NOBODY, address=visit.address, request_id=visit.request_id)


@asynccontextmanager
async def witnessed(actor: Actor, operation: str) -> AsyncIterator[None]:
    """Keep a NotAllowed of the block, which goes on its way."""
    try:
        yield
    except NotAllowed as refused:
        await keep(actor, Refusal(operation, Why.PERMISSION, refused.permission.value))
        raise


async def _count(actor: Actor, refusal: Refusal) -> int | None:
    """How many of the same there were in this minute, this one among them; None where it is not to be kept."""
    whose = actor.session or _digest(f"{actor.address}|{actor.name}")
    same = _digest(f"{refusal.operation}|{refusal.why}|{refusal.permission}")
    count = await _up(f"refused:{whose}:{same}")
    if count > SAME_PER_MINUTE:
        return None
    # An API key is somebody: a flood of strangers must not hide what is refused to it.
    if actor.user_id is None and actor.name == NOBODY and await _up("refused-of-nobody") > NOBODY_PER_MINUTE:
        return None
    return count if await _up(f"refused:{whose}") <= SESSION_PER_MINUTE else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


async def _up(key: str) -> int:
    return int(await redis().eval(_COUNT, 1, key))


def _bounded(text: str) -> str:
    """Text of a request as it may stand in an entry: printable, and not long."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:MAXIMUM_TEXT])
