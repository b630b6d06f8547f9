"""Tokens with which a person's programs call the API: a short-lived access token, and a refresh token for the next.

Both are JWTs (RFC 7519, RFC 9068) signed with HS256 under keys of their own. They name a session, which lives in Redis
like every other and is asked at each request: whoever ends it ends them. A refresh token works once. One that comes a
second time was stolen or replayed (RFC 9700, 4.14.2): its family and the session end with it.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import allowlist, authentication, people, secrets, sessions
from console.access.authentication import WrongCredentials
from console.access.session_data import EndReason, Session, SessionServiceUnavailable, Stage
from console.access.visit import Visit
from console.actor import Actor
from console.audit.entries import Event, record
from console.settings import settings
from db.engine import transaction
from db.redis_pool import REDIS_ERRORS, evaluate

METHOD: Final = "token"
AUDIENCE: Final = "check-review-console-api"
# Nobody else can make a token, so `alg` is not for the token to say.
_ALGORITHM: Final = "HS256"
_MAXIMUM_LENGTH: Final = 2000

# KEYS: family. ARGV: digest of the token given, of the next one, lifetime (ms).
# Answers 1; 0 where there is no family; -1 where the token was used before, and the family is gone.
_ROTATE: Final = """
local current = redis.call('GET', KEYS[1])
if not current then return 0 end
if current ~= ARGV[1] then redis.call('DEL', KEYS[1]) return -1 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
_START: Final = "return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])"
_END: Final = "return redis.call('DEL', KEYS[1])"


class TokenRefused(Exception):
    """The token is none of ours, has expired, or its session has ended."""

    def __init__(self) -> None:
        super().__init__("The token is not valid any more. Ask for new ones with username, password and code.")


class FirstSignInMissing(Exception):
    """The person has to finish a first sign-in in a browser: an authenticator, or a password of their own."""

    def __init__(self) -> None:
        super().__init__("Sign in to the console in a browser once before asking for tokens.")


class AddressNotAllowed(Exception):
    """The person's roles may not come from this address."""

    def __init__(self) -> None:
        super().__init__("Your address is not on the allowlist of your role.")


@dataclass(frozen=True)
class Kind:
    """A kind of token: its `typ` (RFC 8725, 3.11), and the purpose of its key."""

    typ: str
    purpose: str


ACCESS: Final = Kind("at+jwt", "access token")
REFRESH: Final = Kind("rt+jwt", "refresh token")


@dataclass(frozen=True)
class Tokens:
    """What a program is given. Lifetimes are in seconds."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_seconds: int
    refresh_seconds: int


async def issue(username: str, password: str, code: str, visit: Visit) -> Tokens:
    """Tokens of a new session for who proves password and code.

    Raises WrongCredentials, WrongCode, LockedOut, SlowDown, TooManyAttempts, FirstSignInMissing or AddressNotAllowed.
    """
    account = await authentication.prove_password(username, password, visit)
    person = account.person
    if account.totp_confirmed_at is None or account.must_change_password:
        raise FirstSignInMissing
    actor = Actor(person.institution_id, person.user_id, person.username, address=visit.address,
                  request_id=visit.request_id)  # fmt: skip
    if not await allowlist.allows_sign_in(person, visit.address):
        await authentication.refuse(actor, account, "address")
        raise AddressNotAllowed

    async def also(session: AsyncSession) -> None:
        if not await people.mark_signed_in(session, person):
            raise WrongCredentials
        await record(session, actor, Event.SIGN_IN_SUCCEEDED, "user", person.user_id, after={"method": METHOD})

    await authentication.prove_code(account, code, actor, also)
    reference = (await sessions.start(person, Stage.FULL, visit, METHOD)).partition(".")[0]
    await sessions.mark_code(reference)
    tokens, digest = _made(reference, person.user_id, _longest())
    await _run(_START, reference, digest, tokens.refresh_seconds * 1000)
    async with transaction(actor) as database:
        await record(database, replace(actor, session=reference), Event.TOKEN_ISSUED, "session", reference)
    return tokens


async def renew(refresh: str, visit: Visit) -> Tokens:
    """The next tokens of the session for a refresh token that was not used before. Raises TokenRefused."""
    claims = _read(refresh, REFRESH)
    session = await _session_of(claims)
    actor = await allowlist.placed(session.actor(visit))
    if allowlist.is_shut_out(actor):
        raise TokenRefused
    # Renewing carries nobody beyond the end of the session.
    left = min(_longest(), session.ends_at - datetime.now(UTC))
    tokens, digest = _made(session.reference, session.person.user_id, left)
    lifetime = max(1, tokens.refresh_seconds * 1000)
    outcome = await _run(_ROTATE, session.reference, _digest(claims["jti"]), digest, lifetime)
    if outcome == 1:
        await sessions.touch(session.reference)
        return tokens
    if outcome == -1:
        await sessions.end_named(session.reference, EndReason.TOKEN_REUSED)
        async with transaction(actor) as database:
            await record(database, actor, Event.TOKEN_REUSED, "session", session.reference)
    raise TokenRefused


async def revoke(actor: Actor) -> None:
    """End the session of the actor's token, and the family of its refresh tokens with it."""
    reference = actor.session or ""
    await _run(_END, reference)
    if await sessions.end_named(reference, EndReason.SIGNED_OUT) is not None:
        async with transaction(actor) as database:
            await record(database, actor, Event.SIGNED_OUT, "user", actor.user_id)


async def actor_of(access: str, visit: Visit) -> Actor:
    """Who acts with this access token, at this moment and from this address. Raises TokenRefused."""
    session = await _session_of(_read(access, ACCESS))
    return await allowlist.placed(session.actor(visit))


async def _session_of(claims: dict[str, Any]) -> Session:
    session = await sessions.named(claims["sid"])
    if session is None or session.stage is not Stage.FULL or session.method != METHOD:
        raise TokenRefused
    if str(session.person.user_id) != claims["sub"]:
        raise TokenRefused
    return session


def _made(reference: str, user_id: UUID, left: timedelta) -> tuple[Tokens, str]:
    """New tokens that end with their session, which lasts so long yet; and the digest by which the family knows the
    refresh token."""
    refresh_seconds = left // timedelta(seconds=1)
    access_seconds = min(settings().access_token_expire_minutes * 60, refresh_seconds)
    jti = str(uuid4())
    refresh = _signed(REFRESH, reference, user_id, jti, refresh_seconds)
    access = _signed(ACCESS, reference, user_id, str(uuid4()), access_seconds)
    return Tokens(access, refresh, access_seconds, refresh_seconds), _digest(jti)


def _signed(kind: Kind, reference: str, user_id: UUID, jti: str, seconds: int) -> str:
    now = int(time.time())
    claims = {
        "iss": settings().public_origin,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": reference,
        "jti": jti,
        "iat": now,
        "exp": now + seconds,
    }
    return jwt.encode({"alg": _ALGORITHM, "typ": kind.typ}, claims, _key(kind), [_ALGORITHM])


def _read(text: str, kind: Kind) -> dict[str, Any]:
    """The claims of a token of this kind that we signed, that has not expired. Raises TokenRefused."""
    if len(text) > _MAXIMUM_LENGTH:
        raise TokenRefused
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": settings().public_origin},
        aud={"essential": True, "value": AUDIENCE},
        sub={"essential": True},
        sid={"essential": True},
        jti={"essential": True},
        iat={"essential": True},
        exp={"essential": True},
    )
    try:
        token = jwt.decode(text, _key(kind), [_ALGORITHM])
        registry.validate(token.claims)
    except (JoseError, ValueError):
        raise TokenRefused from None
    if token.header.get("typ") != kind.typ or not isinstance(token.claims["sid"], str):
        raise TokenRefused
    return token.claims


def _key(kind: Kind) -> OctKey:
    return OctKey.import_key(secrets.key_of(kind.purpose))


def _digest(jti: str) -> str:
    return hashlib.sha256(jti.encode()).hexdigest()


def _longest() -> timedelta:
    return timedelta(days=settings().refresh_token_expire_days)


async def _run(script: str, reference: str, *arguments: Any) -> Any:
    try:
        return await evaluate(script, [f"refresh:{reference}"], arguments, replicated=True)
    except REDIS_ERRORS as error:
        raise SessionServiceUnavailable from error
