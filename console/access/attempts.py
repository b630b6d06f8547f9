"""How often something may be tried in a minute: counted in Redis over all replicas, by the `limits` library.

The window slides, so nobody gets twice the rate across a minute's edge. Redis out of reach refuses, as it does
for sessions: a limit that is not counted is none.
"""

from __future__ import annotations

import math
import time
from enum import StrEnum
from typing import Any, Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from console.access import secrets
from console.access.session_data import SessionServiceUnavailable
from console.settings import Settings, settings
from db.redis_pool import REDIS_ERRORS, redis


class Kind(StrEnum):
    """What is counted, each by itself."""

    API = "api"
    SIGN_IN = "sign-in"
    PAGE_EVENT = "page-event"


_LIMITS: Final = {
    Kind.API: lambda current: current.rate_limit_per_minute,
    Kind.SIGN_IN: lambda current: current.sign_in_limit_per_minute,
    Kind.PAGE_EVENT: lambda current: current.page_events_per_minute,
}


class TooManyAttempts(Exception):
    """More tries than a minute allows; `retry_after` are the whole seconds to wait, at least 1."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"That was too often. Wait {retry_after} seconds, then try again.")
        self.retry_after = retry_after


async def hit(kind: Kind, key: str, times: int = 1) -> int | None:
    """Count one try, or so many at once, of whoever `key` names; None while within the limit, else the seconds to wait.

    `key` says what it is, such as `address:192.0.2.7`, and never reaches Redis in clear: people type passwords into
    the field for their name. Raises SessionServiceUnavailable.
    """
    return await _wait(kind, key, times)


async def spent(kind: Kind, key: str) -> int | None:
    """Like `hit`, but counts nothing: whether another try would be refused. Raises SessionServiceUnavailable."""
    return await _wait(kind, key, 0)


async def require(kind: Kind, *keys: str) -> None:
    """Count one try under each of the keys. Raises TooManyAttempts where any is over its limit."""
    waits = [await hit(kind, key) for key in keys]
    over = [wait for wait in waits if wait is not None]
    if over:
        raise TooManyAttempts(max(over))


async def _wait(kind: Kind, key: str, times: int) -> int | None:
    item, name = _item(kind, settings()), secrets.pseudonym("attempts", key)
    try:
        limiter = _limiter()
        names = (kind.value, name)
        within = await (limiter.hit(item, *names, cost=times) if times else limiter.test(item, *names))
        if within:
            return None
        stats = await limiter.get_window_stats(item, kind.value, name)
    except REDIS_ERRORS as error:
        raise SessionServiceUnavailable from error
    return max(1, math.ceil(stats.reset_time - time.time()))


class _SharedRedis(RedisStorage):
    """The library's counters on the console's own pool, a cluster or one server."""

    STORAGE_SCHEME: list[str] = []  # noqa: RUF012 - the library's own form

    def configure_bridge(self) -> None:
        client: Any = redis()
        bridge: Any = self.bridge
        bridge.storage = client
        bridge.connection_getter = lambda _: client


# Of the client that is open: scripts are registered once.
_made: tuple[object, SlidingWindowCounterRateLimiter] | None = None


def _limiter() -> SlidingWindowCounterRateLimiter:
    global _made
    client = redis()
    if _made is None or _made[0] is not client:
        storage = _SharedRedis("async+redis://", implementation="redispy", key_prefix="rate")
        _made = (client, SlidingWindowCounterRateLimiter(storage))
    return _made[1]


def _item(kind: Kind, current: Settings) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(_LIMITS[kind](current))
