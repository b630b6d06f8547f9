"""Locks an account after a few failed sign-ins, and slows an address that fails again and again. Both in Redis, so
that every replica counts the same.

A username that nobody has is counted and locked like any other, so that trying one says nothing about it. Redis is
given pseudonyms: people type their password into the field of the username by mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Any, Final
from uuid import UUID

from console.access import secrets
from console.access.permissions import Permission, require
from console.access.sessions import SessionServiceUnavailable
from console.actor import Actor
from console.audit.entries import Event, record
from console.settings import settings
from db.engine import transaction
from db.models import User
from db.redis_pool import REDIS_ERRORS, redis

# A branch of a bank shares one address: what a few people mistype must not slow everybody.
FREE_FAILURES: Final = 10
LONGEST_WAIT: Final = timedelta(minutes=5)
_ADDRESS_MEMORY: Final = timedelta(minutes=30)

# Counts an attempt before it is checked, so that a hundred at once are not all checked: whoever comes after the last
# one allowed is locked out. KEYS: account. ARGV: failures allowed, milliseconds locked.
# Answers how many there were, this one included, and 0; or 0 and for how long the account is locked.
_RESERVE: Final = """
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
if count >= tonumber(ARGV[1]) then return {0, redis.call('PTTL', KEYS[1])} end
count = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {count, 0}
"""
# KEYS: account. Gives back an attempt that was right.
_GIVE_BACK: Final = """
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then return redis.call('DECR', KEYS[1]) end
return 0
"""
# KEYS: address. ARGV: free failures, longest wait, memory (milliseconds). From the first failure that is not free
# on, each doubles the wait that began with a second.
_SLOW: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local over = redis.call('HINCRBY', KEYS[1], 'failures', 1) - tonumber(ARGV[1])
if over > 0 then
  redis.call('HSET', KEYS[1], 'until', now + math.min(tonumber(ARGV[2]), 1000 * 2 ^ math.min(over - 1, 20)))
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return over
"""
# KEYS: address. Answers for how many milliseconds it has to wait.
_WAIT: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
return math.max(0, tonumber(redis.call('HGET', KEYS[1], 'until') or '0') - now)
"""


class LockedOut(Exception):
    """The account is locked. Said only to who knew the password."""

    def __init__(self, until: datetime) -> None:
        super().__init__("Too many failed sign-ins: this account is locked.")
        self.until = until


class SlowDown(Exception):
    """This address failed too often and has to wait; it is said whatever the account."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Too many failed sign-ins from your network.")
        self.seconds = max(1, -(-wait // timedelta(seconds=1)))


@dataclass(frozen=True)
class Attempt:
    """An attempt at signing in that was counted. `locked_until` is set where the account is locked already."""

    count: int
    locked_until: datetime | None

    @property
    def locks(self) -> bool:
        """Whether the account is locked from now on, should this attempt fail."""
        return self.count >= settings().lockout_failures


@dataclass(frozen=True)
class LockState:
    """How an account stands: failures that count, and until when it is locked."""

    failures: int
    locked_until: datetime | None


def account_key(user_id: UUID | None, username: str) -> str:
    """Under which key attempts are counted: a person's id, else the name as it was typed."""
    subject = str(user_id) if user_id else "name " + username.strip().casefold()
    return "sign-in-failures:" + secrets.pseudonym("sign-in failures", subject)


async def reserve(key: str) -> Attempt:
    """Count an attempt that is about to be checked. Raises SessionServiceUnavailable."""
    current = settings()
    span = current.lockout_minutes * 60_000
    count, locked = await _run(_RESERVE, key, [current.lockout_failures, span])
    return Attempt(int(count), _after(int(locked)) if int(locked) else None)


async def give_back(key: str) -> None:
    """The attempt was right. What failed before it still counts, until the sign-in is complete."""
    await _run(_GIVE_BACK, key, [])


async def clear(key: str) -> None:
    """Forget every failure: a sign-in was completed, or an administrator unlocked the account."""
    try:
        await redis().delete(key)
    except REDIS_ERRORS as error:
        raise SessionServiceUnavailable from error


async def check_address(address: str | None) -> None:
    """Raise SlowDown while the address has to wait."""
    if address:
        wait = int(await _run(_WAIT, _address_key(address), []))
        if wait > 0:
            raise SlowDown(timedelta(milliseconds=wait))


async def count_address(address: str | None) -> None:
    """Count a failure from this address."""
    if address:
        longest, memory = (int(span / timedelta(milliseconds=1)) for span in (LONGEST_WAIT, _ADDRESS_MEMORY))
        await _run(_SLOW, _address_key(address), [FREE_FAILURES, longest, memory])


async def state(institution_id: UUID, user_id: UUID) -> LockState:
    """How a person's account stands. Raises SessionServiceUnavailable."""
    key = account_key(user_id, "")
    try:
        count, left = await redis().get(key), await redis().pttl(key)
    except REDIS_ERRORS as error:
        raise SessionServiceUnavailable from error
    failures = int(count or 0)
    return LockState(failures, _after(left) if failures >= settings().lockout_failures and left > 0 else None)


async def unlock(actor: Actor, user_id: UUID) -> None:
    """Let a locked person try again at once; nothing happens where nobody of the institution has this id.

    Raises NotAllowed or SessionServiceUnavailable.
    """
    require(actor, Permission.USER_MANAGE)
    async with transaction(actor) as session:
        if await session.get(User, user_id) is None:
            return
        await record(session, actor, Event.USER_UNLOCKED, "user", user_id)
    await clear(account_key(user_id, ""))


def _address_key(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        network = address
    else:
        # Whoever has one IPv6 address has 2^64 of them.
        network = str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else str(parsed)
    return "sign-in-address:" + secrets.pseudonym("sign-in address", network)


def _after(milliseconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(milliseconds=milliseconds)


async def _run(script: str, key: str, arguments: list[Any]) -> Any:
    try:
        return await redis().eval(script, 1, key, *arguments)
    except REDIS_ERRORS as error:
        raise SessionServiceUnavailable from error
