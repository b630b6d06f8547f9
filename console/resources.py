"""What a process holds open while it serves: the database and its replica, Redis and the image store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from console.images.store import open_store
from console.settings import Settings
from db.engine import close_engine, open_engine
from db.redis_pool import close_redis, open_redis
from db.replica import close_replica, open_replica


class ServiceMissing(Exception):
    """An address that this process needs is not set."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"Set {', '.join(names)}, or run `python3 main.py` for embedded services.")


@asynccontextmanager
async def resources(settings: Settings) -> AsyncIterator[None]:
    """Open everything for the time of the block. Raises ServiceMissing, naming what is not set."""
    wanted = ("database_url", "redis_url", "object_store_endpoint", "secret_key")
    missing = [name.upper() for name in wanted if not _value(settings, name)]
    if missing:
        raise ServiceMissing(missing)
    open_engine(settings.database_url.get_secret_value(), pooler=settings.database_pooler)
    if replica := settings.database_replica_url.get_secret_value():
        open_replica(replica, wait_seconds=settings.database_replica_wait_seconds, pooler=settings.database_pooler)
    open_redis(settings.redis_url.get_secret_value())
    open_store(settings)
    try:
        yield
    finally:
        await close_redis()
        await close_replica()
        await close_engine()


def _value(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return str(value.get_secret_value() if hasattr(value, "get_secret_value") else value)
