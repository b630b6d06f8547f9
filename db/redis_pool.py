"""This process's one pool of Redis connections: sessions, used codes and live hints."""

from __future__ import annotations

from redis.asyncio import Redis

_client: Redis | None = None


def open_redis(url: str) -> Redis:
    """Open the pool. Values are bytes; a call waits at most two seconds for the server."""
    global _client
    _client = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2, health_check_interval=15)
    return _client


def redis() -> Redis:
    """The open client. Raises RuntimeError where `open_redis` was not called."""
    if _client is None:
        raise RuntimeError("Redis is not open in this process: call open_redis first")
    return _client


async def close_redis() -> None:
    """Close every connection of the pool."""
    global _client
    if _client is not None:
        await _client.aclose()
    _client = None
