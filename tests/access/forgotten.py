"""What Redis counts for a minute, set to nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from db.redis_pool import redis


@asynccontextmanager
async def refusals_forgotten() -> AsyncIterator[None]:
    """Counts of refusals set to nothing, before and after: all tests share one Redis, and strangers one count."""
    await _forget()
    yield
    await _forget()


async def _forget() -> None:
    if keys := [key async for key in redis().scan_iter("refused*")]:
        await redis().delete(*keys)
