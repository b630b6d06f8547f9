"""Sessions of signed-in people, in Redis.

The browser holds an opaque random token; Redis holds what it stands for under the token's SHA-256, so that
whoever reads Redis cannot act as anybody. A session ends by itself after `SESSION_TIMEOUT_MINUTES` without
activity, and after twelve hours in any case; Redis' clock alone counts, so replicas agree.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from console.access import session_scripts
from console.access.visit import Visit
from console.actor import Actor, Bounds, Grant
from console.roles import Role
from console.settings import Settings, settings
from db.redis_pool import redis

ABSOLUTE_LIFETIME = timedelta(hours=12)
# A sign-in that has its password and waits for the code.
PENDING_LIFETIME = timedelta(minutes=10)
ENDED_CHANNEL = "session-ended"
_TOKEN_BYTES = 32


class Stage(StrEnum):
    """How far a sign-in has come; only `full` is anybody."""

    PASSWORD = "password"  # noqa: S105 - the name of a stage
    ENROL = "enrol"
    RECOVERED = "recovered"
    RECOVERY_CODES = "recovery_codes"
    NEW_PASSWORD = "new_password"  # noqa: S105
    FULL = "full"


class SignedOut(Exception):
    """The session has ended, or never was."""

    def __init__(self) -> None:
        super().__init__("Your session has ended. Sign in again to go on.")


class SessionServiceUnavailable(Exception):
    """Redis cannot be asked, so nobody can be recognised."""

    def __init__(self) -> None:
        super().__init__("The session service cannot be reached. Nothing was changed; try again in a moment.")


@dataclass(frozen=True)
class Person:
    """Whom a session belongs to."""

    institution_id: UUID
    user_id: UUID
    username: str
    display_name: str
    roles: frozenset[Role]
    grants: tuple[Grant, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True)
class Session:
    """A session as it stands at this moment. `reference` names it in public; it opens nothing."""

    person: Person
    stage: Stage
    reference: str
    address: str | None
    agent: str
    started_at: datetime
    last_seen_at: datetime
    # No activity can carry the session beyond this moment.
    ends_at: datetime

    def actor(self, visit: Visit | None = None) -> Actor:
        """The person as an actor, at the address of this request where it is known."""
        visit = visit or Visit(self.address)
        return Actor(
            institution_id=self.person.institution_id,
            user_id=self.person.user_id,
            name=self.person.username,
            roles=self.person.roles,
            session=self.reference,
            address=visit.address,
            request_id=visit.request_id,
            grants=self.person.grants,
            bounds=self.person.bounds,
        )

    def idle_until(self) -> datetime:
        """When the session ends unless it is used before."""
        return min(self.last_seen_at + settings().session_timeout, self.ends_at)


def cookie_name(current: Settings) -> str:
    """The session cookie's name; behind TLS the prefix ties it to this host (RFC 6265bis, 4.1.3.2)."""
    return "__Host-console_session" if current.behind_tls else "console_session"


async def start(person: Person, stage: Stage, visit: Visit) -> str:
    """Begin a session and return its token, which is kept nowhere else."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    fields = {
        "institution_id": str(person.institution_id),
        "user_id": str(person.user_id),
        "username": person.username,
        "display_name": person.display_name,
        "roles": ",".join(sorted(person.roles)),
        "access": json.dumps([[_grant_text(grant) for grant in person.grants], _reach_text(person.bounds)]),
        "address": visit.address or "",
        "agent": visit.agent[:200],
        "reference": secrets.token_hex(8),
    }
    idle, lifetime = _limits(stage)
    arguments: list[Any] = [stage.value, idle, lifetime, *(part for pair in fields.items() for part in pair)]
    await _run(session_scripts.START, [_key(token), _index(person.user_id)], arguments)
    return token


async def find(token: str) -> Session | None:
    """The session that the token stands for at this moment, at whatever stage. It is not kept alive by this."""
    with _reaching_redis():
        values = await redis().hgetall(_key(token))
    return _session({_text(name): _text(value) for name, value in values.items()}) if values else None


async def resolve(token: str, visit: Visit | None = None) -> Actor | None:
    """Who acts, at this moment; None unless the session is alive and signed in fully.

    Raises SessionServiceUnavailable.
    """
    session = await find(token)
    return session.actor(visit) if session is not None and session.stage is Stage.FULL else None


async def actor_of(token: str, visit: Visit | None = None) -> Actor:
    """Like `resolve`, but raises SignedOut where there is nobody."""
    actor = await resolve(token, visit)
    if actor is None:
        raise SignedOut
    return actor


async def is_alive(token: str) -> bool:
    """Whether the session exists at this moment."""
    with _reaching_redis():
        return bool(await redis().exists(_key(token)))


async def touch(token: str) -> bool:
    """Count a person's activity: the idle time starts again. False where the session has ended."""
    idle, _ = _limits(Stage.FULL)
    return bool(await _run(session_scripts.TOUCH, [_key(token)], [idle]))


async def promote(token: str) -> str:
    """Make a pending session a full one under a new token; the old token is nothing from then on.

    The reference stays, so that the audit trail shows one visit. Raises SignedOut.
    """
    renewed = secrets.token_urlsafe(_TOKEN_BYTES)
    idle, lifetime = _limits(Stage.FULL)
    session = await find(token)
    if session is None:
        raise SignedOut
    keys = [_key(token), _key(renewed), _index(session.person.user_id)]
    if not await _run(session_scripts.PROMOTE, keys, [Stage.FULL.value, idle, lifetime]):
        raise SignedOut
    return renewed


async def advance(token: str, stage: Stage) -> None:
    """Let a pending session wait for something else; its time goes on. Raises SignedOut."""
    if not await _run(session_scripts.ADVANCE, [_key(token)], [stage.value, Stage.FULL.value]):
        raise SignedOut


async def count_attempt(token: str) -> int:
    """Count a code entered in a pending session; the number so far. Raises SignedOut."""
    attempts = int(await _run(session_scripts.COUNT_ATTEMPT, [_key(token)], []))
    if attempts == 0:
        raise SignedOut
    return attempts


async def end(token: str) -> Session | None:
    """End the session and tell every replica its reference; the session that ended, None where there was none."""
    session = await find(token)
    if session is not None:
        await _end_keys(session.person.user_id, [_key(token)])
    return session


async def end_all_of(user_id: UUID) -> int:
    """End every session of a person, pending ones too; how many there were."""
    with _reaching_redis():
        keys = [_text(key) for key in await redis().smembers(_index(user_id))]
    return await _end_keys(user_id, keys)


async def _end_keys(user_id: UUID, keys: list[str]) -> int:
    return sum([int(await _run(session_scripts.END, [key, _index(user_id)], [ENDED_CHANNEL])) for key in keys])


@dataclass(frozen=True)
class PageSession:
    """What an open page keeps of its session: the token, never the actor. Each event asks anew."""

    token: str = field(repr=False)
    visit: Visit = field(default_factory=Visit)

    async def actor(self) -> Actor:
        """Who this page belongs to at this moment, for timers and pushes. Raises SignedOut."""
        return await actor_of(self.token, self._this_event())

    async def acting(self) -> Actor:
        """The same for something that a person did: it counts as activity. Raises SignedOut."""
        if not await touch(self.token):
            raise SignedOut
        return await self.actor()

    async def session(self) -> Session:
        """The whole session, for the name and the time left. Raises SignedOut."""
        session = await find(self.token)
        if session is None or session.stage is not Stage.FULL:
            raise SignedOut
        return session

    def _this_event(self) -> Visit:
        return Visit(self.visit.address, self.visit.agent, secrets.token_hex(16))


def _key(token: str) -> str:
    return "session:" + hashlib.sha256(token.encode()).hexdigest()


def _index(user_id: UUID) -> str:
    return f"sessions-of:{user_id}"


def _limits(stage: Stage) -> tuple[int, int]:
    """Idle time and lifetime of a stage, in milliseconds."""
    full = stage is Stage.FULL
    lifetime = ABSOLUTE_LIFETIME if full else PENDING_LIFETIME
    idle = min(settings().session_timeout, lifetime) if full else lifetime
    return _milliseconds(idle), _milliseconds(lifetime)


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(milliseconds))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _grant_text(grant: Grant) -> dict[str, Any]:
    return {"permissions": sorted(grant.permissions), **_reach_text(grant)}


def _reach_text(reach: Grant | Bounds) -> dict[str, Any]:
    return {
        "amount_limit": None if reach.amount_limit is None else str(reach.amount_limit),
        "queues": None if reach.queues is None else sorted(reach.queues),
        "item_types": None if reach.item_types is None else sorted(reach.item_types),
    }


def _reach(text: dict[str, Any]) -> dict[str, Any]:
    limit = text["amount_limit"]
    return {
        "amount_limit": None if limit is None else Decimal(limit),
        "queues": None if text["queues"] is None else frozenset(text["queues"]),
        "item_types": None if text["item_types"] is None else frozenset(text["item_types"]),
    }


def _session(text: dict[str, str]) -> Session:
    grants, bounds = json.loads(text["access"])
    person = Person(
        UUID(text["institution_id"]),
        UUID(text["user_id"]),
        text["username"],
        text["display_name"],
        frozenset(Role(role) for role in text["roles"].split(",") if role),
        tuple(Grant(frozenset(grant["permissions"]), **_reach(grant)) for grant in grants),
        Bounds(**_reach(bounds)),
    )
    return Session(
        person=person,
        stage=Stage(text["stage"]),
        reference=text["reference"],
        address=text["address"] or None,
        agent=text["agent"],
        started_at=_moment(text["started_at"]),
        last_seen_at=_moment(text["last_seen"]),
        ends_at=_moment(text["ends_at"]),
    )


async def _run(script: str, keys: list[str], arguments: list[Any]) -> Any:
    with _reaching_redis():
        return await redis().eval(script, len(keys), *keys, *arguments)


@contextmanager
def _reaching_redis() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise SessionServiceUnavailable from error
