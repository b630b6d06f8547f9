"""Where sessions lie in Redis: keys, secrets, and asking for them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from console.access.session_data import SessionServiceUnavailable, milliseconds
from db.redis_pool import REDIS_ERRORS, evaluate, redis

# So long is the reason of an end known: for the history where the database was away, and to tell the person.
END_REMEMBERED: Final = timedelta(days=1)
# Messages are "reference reason".
ENDED_CHANNEL: Final = "session-ended"
_SECRET_BYTES: Final = 32
# Four digits choose the slot in a cluster, the same for all sessions of a person; sixteen are random.
_REFERENCE: Final = re.compile(r"[0-9a-f]{20}")


def new_reference(user_id: UUID) -> str:
    """A public name for a session of this person. It opens nothing, and says nothing of the person."""
    return _slot(user_id) + secrets.token_hex(8)


def new_secret() -> str:
    """What only the browser knows: 256 random bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest(secret: str) -> str:
    """What Redis knows of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_reference(text: str) -> bool:
    """Whether this can be the reference of a session."""
    return _REFERENCE.fullmatch(text) is not None


def key(name: str) -> str:
    """The key of the session of this reference or token."""
    return f"session:{{{name[:4]}}}:{name.partition('.')[0]}"


def end_key(name: str) -> str:
    """The key under which is remembered why that session ended."""
    return f"session-end:{{{name[:4]}}}:{name.partition('.')[0]}"


def index(user_id: UUID) -> str:
    """The key of the set of a person's sessions."""
    return f"sessions-of:{{{_slot(user_id)}}}:{user_id}"


async def read(reference: str) -> dict[str, str] | None:
    """The fields of the session of this reference; None where there is none. Raises SessionServiceUnavailable."""
    if not is_reference(reference):
        return None
    with reaching_redis():
        values = await redis().hgetall(key(reference))
    return {text(name): text(value) for name, value in values.items()} or None


async def run(script: str, keys: Sequence[str], arguments: Sequence[Any], *, replicated: bool = False) -> Any:
    """Run a script of `session_scripts`. Raises SessionServiceUnavailable.

    `replicated`: in a cluster, wait until a replica has the change as well, so that a master that dies right after
    does not undo it.
    """
    with reaching_redis():
        return await evaluate(script, keys, arguments, replicated=replicated)


def ending() -> list[Any]:
    """The arguments of every script that may end a session."""
    return [ENDED_CHANNEL, milliseconds(END_REMEMBERED)]


def pairs(flat: Sequence[bytes | str]) -> Mapping[str, str]:
    """The fields of a hash that a script answered."""
    return {text(name): text(value) for name, value in zip(flat[::2], flat[1::2], strict=True)}


def text(value: bytes | str) -> str:
    """What Redis answered, as text."""
    return value.decode() if isinstance(value, bytes) else value


@contextmanager
def reaching_redis() -> Iterator[None]:
    """Turn every way in which Redis can be away into SessionServiceUnavailable."""
    try:
        yield
    except REDIS_ERRORS as error:
        raise SessionServiceUnavailable from error


def _slot(user_id: UUID) -> str:
    # Ids are random, so that 16 bits of a hash lead back to nobody; and no key is needed, whose change would lose
    # the sessions of before.
    return hashlib.sha256(user_id.bytes).hexdigest()[:4]
