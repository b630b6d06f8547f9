"""Sessions of signed-in people, in Redis.

The browser holds an opaque token: the session's public reference, then a random secret. Redis holds the session under
its reference with the secret's SHA-256 alone, so that whoever reads Redis, or the audit trail, cannot act as anybody.
A session ends by itself after `SESSION_TIMEOUT_MINUTES` without activity, and after `SESSION_MAX_HOURS` in any case;
Redis' clock alone counts, so replicas agree. What is kept of sessions for later is in `session_history`.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from console.access import allowlist, session_history, session_scripts
from console.access import session_store as store
from console.access.session_data import (
    EndReason,
    Person,
    Session,
    SessionServiceUnavailable,
    SignedOut,
    Stage,
    fields_of,
    milliseconds,
    session_from,
)
from console.access.session_store import ENDED_CHANNEL
from console.access.visit import Visit, present_visit
from console.actor import Actor
from console.settings import Settings, settings
from db.redis_pool import redis

__all__ = [
    "ENDED_CHANNEL",
    "EndReason",
    "PageSession",
    "Person",
    "Session",
    "SessionServiceUnavailable",
    "SignedOut",
    "Stage",
    "Visit",
]

# A sign-in that has its password and waits for the code.
PENDING_LIFETIME: Final = timedelta(minutes=10)


def cookie_name(current: Settings) -> str:
    """The session cookie's name; behind TLS the prefix ties it to this host (RFC 6265bis, 4.1.3.2)."""
    return "__Host-console_session" if current.behind_tls else "console_session"


async def start(person: Person, stage: Stage, visit: Visit, method: str = "password") -> str:
    """Begin a session and return its token, which is kept nowhere else.

    `method` is how the person signs in: `password`, `openid` or `token`. A full session beyond SESSIONS_PER_USER
    ends the person's oldest.
    """
    reference, secret = store.new_reference(person.user_id), store.new_secret()
    fields = {**fields_of(person, visit, method), "reference": reference, "secret": store.digest(secret)}
    idle, lifetime = _limits(stage, method)
    pairs = [part for pair in fields.items() for part in pair]
    arguments = [*store.ending(), settings().sessions_per_user, stage.value, idle, lifetime, *pairs]
    replaced = await store.run(session_scripts.START, [store.key(reference), store.index(person.user_id)], arguments)
    if stage is Stage.FULL:
        await _keep_opening(reference, replaced)
    return f"{reference}.{secret}"


async def find(token: str) -> Session | None:
    """The session that the token stands for at this moment, at whatever stage. It is not kept alive by this."""
    reference, _, secret = token.partition(".")
    values = await store.read(reference)
    if values is None or not hmac.compare_digest(values["secret"], store.digest(secret)):
        return None
    return session_from(values)


async def named(reference: str) -> Session | None:
    """The session of this public reference, which proves nothing: for code that knows already for whom it asks."""
    values = await store.read(reference.partition(".")[0])
    return session_from(values) if values else None


async def resolve(token: str, visit: Visit | None = None) -> Actor | None:
    """Who acts, at this moment; None unless the session is alive and signed in fully.

    Raises SessionServiceUnavailable.
    """
    session = await find(token)
    if session is None or session.stage is not Stage.FULL:
        return None
    return await allowlist.placed(session.actor(visit))


async def actor_of(token: str, visit: Visit | None = None) -> Actor:
    """Like `resolve`, but raises SignedOut where there is nobody."""
    actor = await resolve(token, visit)
    if actor is None:
        raise SignedOut
    return actor


async def is_alive(name: str) -> bool:
    """Whether the session of this reference, or of this token that was good before, exists at this moment."""
    with store.reaching_redis():
        return bool(await redis().exists(store.key(name)))


async def touch(name: str) -> Session | None:
    """Count a person's activity: the idle time starts again. The session as it stands then; None where it has ended."""
    fields = await store.run(session_scripts.TOUCH, [store.key(name)], [])
    return session_from(store.pairs(fields)) if fields else None


async def mark_code(name: str) -> None:
    """Note that the session's person has just given a code of the second factor. Raises SignedOut."""
    if not await store.run(session_scripts.MARK_CODE, [store.key(name)], []):
        raise SignedOut


async def promote(token: str, *, with_code: bool = True) -> str:
    """Make a pending session a full one under a new token; the old token is nothing from then on.

    The reference stays, so that the audit trail shows one visit. `with_code`: a code of the second factor was given.
    Raises SignedOut.
    """
    session = await find(token)
    if session is None:
        raise SignedOut
    reference, _, secret = token.partition(".")
    renewed = store.new_secret()
    arguments = [
        *store.ending(), settings().sessions_per_user, store.digest(secret), store.digest(renewed),
        *_limits(Stage.FULL, session.method), "1" if with_code else "0",
    ]  # fmt: skip
    keys = [store.key(reference), store.index(session.person.user_id)]
    replaced = await store.run(session_scripts.PROMOTE, keys, arguments)
    if replaced is None:
        raise SignedOut
    await _keep_opening(reference, replaced)
    return f"{reference}.{renewed}"


async def rotate(token: str) -> str:
    """Give the session a new token; the old one is nothing from then on. Raises SignedOut.

    Open pages go on by themselves, because they ask by the reference; the browser needs the new cookie.
    """
    reference, _, secret = token.partition(".")
    renewed = store.new_secret()
    if not await store.run(
        session_scripts.ROTATE, [store.key(reference)], [store.digest(secret), store.digest(renewed)]
    ):
        raise SignedOut
    return f"{reference}.{renewed}"


async def advance(token: str, stage: Stage) -> None:
    """Let a pending session wait for something else; its time goes on. Raises SignedOut."""
    if not await store.run(session_scripts.ADVANCE, [store.key(token)], [stage.value, Stage.FULL.value]):
        raise SignedOut


async def count_attempt(token: str) -> int:
    """Count a code entered in a pending session; the number so far. Raises SignedOut."""
    attempts = int(await store.run(session_scripts.COUNT_ATTEMPT, [store.key(token)], []))
    if attempts == 0:
        raise SignedOut
    return attempts


async def end(token: str, reason: EndReason | str = EndReason.SIGNED_OUT) -> Session | None:
    """End the session and tell every replica; the session that ended, None where there was none."""
    reference, _, secret = token.partition(".")
    return await _end(reference, reason, store.digest(secret))


async def end_named(reference: str, reason: EndReason | str) -> Session | None:
    """The same by the public reference, for code that knows already that it may end this one."""
    return await _end(reference, reason, "")


async def end_all_of(user_id: UUID, reason: EndReason | str = EndReason.SIGNED_OUT, *, keep: str = "") -> int:
    """End every session of a person, pending ones too, but the one of reference `keep`; how many there were."""
    arguments = [*store.ending(), EndReason(reason).value, store.key(keep) if keep else ""]
    ended = await store.run(session_scripts.END_ALL, [store.index(user_id)], arguments, replicated=True)
    await session_history.keep_ends([session_from(store.pairs(one)) for one in ended], EndReason(reason))
    return len(ended)


async def why_ended(token: str) -> EndReason | None:
    """Why the session of this token ended in the last day; None where it did not, or ended by itself."""
    with store.reaching_redis():
        found = await redis().get(store.end_key(token))
    return EndReason(store.text(found).split(" ")[0]) if found else None


async def _end(reference: str, reason: EndReason | str, secret: str) -> Session | None:
    if not store.is_reference(reference):
        return None
    why = EndReason(reason)
    arguments = [*store.ending(), why.value, secret]
    ended = await store.run(session_scripts.END, [store.key(reference)], arguments, replicated=True)
    sessions = [session_from(store.pairs(one)) for one in ended]
    await session_history.keep_ends(sessions, why)
    return sessions[0] if sessions else None


async def _keep_opening(reference: str, replaced: Sequence[Sequence[bytes | str]]) -> None:
    """Write down that a full session began, and which ones ended for it: without that there is no session."""
    session = await named(reference)
    if session is None:
        raise SignedOut
    try:
        await session_history.keep_start(session)
    except BaseException:
        await store.run(session_scripts.END, [store.key(reference)], [*store.ending(), EndReason.LOST.value, ""])
        raise
    await session_history.keep_ends([session_from(store.pairs(one)) for one in replaced], EndReason.TOO_MANY_SESSIONS)


def _limits(stage: Stage, method: str) -> tuple[int, int]:
    """Idle time and lifetime, in milliseconds. A session of tokens lasts as long as they can be renewed."""
    current = settings()
    if stage is not Stage.FULL:
        idle = lifetime = PENDING_LIFETIME
    elif method == "token":
        idle = lifetime = timedelta(days=current.refresh_token_expire_days)
    else:
        lifetime = timedelta(hours=current.session_max_hours)
        idle = min(current.session_timeout, lifetime)
    return milliseconds(idle), milliseconds(lifetime)


def _full(session: Session | None) -> Session:
    if session is None or session.stage is not Stage.FULL:
        raise SignedOut
    return session


@dataclass(frozen=True)
class PageSession:
    """What an open page keeps of its session: its name, never the actor. Each event asks anew.

    The gate has judged the token before; from then on only the reference in it counts, so that pages follow a session
    whose token was rotated.
    """

    token: str = field(repr=False)
    visit: Visit = field(default_factory=Visit)

    @property
    def reference(self) -> str:
        """The session's public reference."""
        return self.token.partition(".")[0]

    async def actor(self) -> Actor:
        """Who this page belongs to at this moment, for timers and pushes. Raises SignedOut."""
        return await self.actor_in(await self.session())

    async def acting(self) -> Actor:
        """The same for something that a person did: it counts as activity. Raises SignedOut."""
        return await self.actor_in(await self.active())

    async def active(self) -> Session:
        """The session, in which a person just did something. Raises SignedOut."""
        return _full(await touch(self.reference) if store.is_reference(self.reference) else None)

    async def actor_in(self, session: Session) -> Actor:
        """Who acts in this session, which was read at this moment."""
        return await allowlist.placed(session.actor(self._this_event()))

    async def session(self) -> Session:
        """The whole session, for the name and the time left. Raises SignedOut."""
        return _full(await named(self.reference))

    def _this_event(self) -> Visit:
        # The address of the socket that the event came through, where it did.
        address = (present_visit() or self.visit).address
        return Visit(address, self.visit.agent, secrets.token_hex(16))
