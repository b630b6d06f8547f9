"""Rates a minute, counted over replicas in a real Redis."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from console.access import attempts
from console.access.attempts import Kind, TooManyAttempts
from console.access.sessions import SessionServiceUnavailable
from console.settings import Settings, settings
from db.redis_pool import close_redis, open_redis, redis


def test_a_minute_allows_so_many_and_says_how_long_to_wait(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGN_IN_LIMIT_PER_MINUTE", "3")
    settings.cache_clear()

    async def story() -> None:
        key = f"address:192.0.2.1 {time.time()}"
        assert [await attempts.hit(Kind.SIGN_IN, key) for _ in range(3)] == [None, None, None]
        wait = await attempts.hit(Kind.SIGN_IN, key)
        assert wait is not None and 1 <= wait <= 60
        assert await attempts.spent(Kind.SIGN_IN, key) is not None
        # Neither another key nor another kind is touched by it.
        assert await attempts.spent(Kind.SIGN_IN, key + "0") is None
        assert await attempts.hit(Kind.API, key) is None
        with pytest.raises(TooManyAttempts) as refused:
            await attempts.require(Kind.SIGN_IN, key + "0", key)
        assert str(refused.value.retry_after) in str(refused.value)

    run(story())


def test_what_was_tried_is_not_in_redis(run: Callable, console: Settings) -> None:
    async def story() -> None:
        await attempts.hit(Kind.SIGN_IN, "account:my secret password")
        keys = [key async for key in redis().scan_iter("rate*")]
        assert keys and not any(b"secret" in key for key in keys)
        assert all([await redis().pttl(key) in {-2, *range(120_001)} for key in keys])  # -2: its time was over

    run(story())


def test_without_redis_every_try_is_refused(run: Callable, console: Settings) -> None:
    async def story() -> None:
        await close_redis()
        open_redis("redis://127.0.0.1:1/0")
        with pytest.raises(SessionServiceUnavailable):
            await attempts.hit(Kind.API, "address:192.0.2.1")

    run(story())
