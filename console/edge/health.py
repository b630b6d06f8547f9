"""Health: whether the console and what it stands on answer, for load balancers and monitoring.

Anybody may ask, so it says which part is down and nothing more, and a flood of questions costs one check a
second.
"""

from __future__ import annotations

import asyncio
import time
import tomllib
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio
import structlog
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import text

from console.images.store import image_store
from db.engine import transaction
from db.redis_pool import redis

CHECK_SECONDS = 2.0
REMEMBERED_SECONDS = 1.0

Check = Callable[[], Awaitable[None]]

_log = structlog.get_logger(__name__)


async def check_database() -> None:
    """Raise unless the database answers."""
    async with transaction(None) as session:
        await session.execute(text("select 1"))


async def check_redis() -> None:
    """Raise unless Redis answers."""
    await redis().exists("health")


async def check_object_store() -> None:
    """Raise unless the bucket of the images is there."""
    await anyio.to_thread.run_sync(image_store().check, abandon_on_cancel=True, limiter=_store_slots())


@lru_cache(maxsize=1)
def _store_slots() -> anyio.CapacityLimiter:
    # A store that hangs keeps its threads until its own timeout: two, and no more.
    return anyio.CapacityLimiter(2)


CHECKS: dict[str, Check] = {
    "database": check_database,
    "redis": check_redis,
    "object_store": check_object_store,
}


class Health:
    """The checks' answers, asked at most once a second however many requests there are."""

    def __init__(self, checks: dict[str, Check]) -> None:
        self._checks = checks
        self._lock = asyncio.Lock()
        self._answers: dict[str, str] = {}
        self._asked_at = float("-inf")

    async def answers(self) -> dict[str, str]:
        """`ok` or `unavailable` for each check."""
        async with self._lock:
            if time.monotonic() - self._asked_at > REMEMBERED_SECONDS:
                outcomes = await asyncio.gather(*(self._ask(name) for name in self._checks))
                self._answers = dict(zip(self._checks, outcomes, strict=True))
                self._asked_at = time.monotonic()
            return self._answers

    async def _ask(self, name: str) -> str:
        try:
            await asyncio.wait_for(self._checks[name](), CHECK_SECONDS)
        except Exception as error:  # whatever it was, that part does not answer
            _log.warning("health check failed", check=name, error=type(error).__name__)
            return "unavailable"
        return "ok"

    async def response(self) -> JSONResponse:
        """200 where every part answers, else 503: the same body either way."""
        answers = await self.answers()
        ok = all(answer == "ok" for answer in answers.values())
        body: dict[str, Any] = {"status": "ok" if ok else "unavailable", "version": version(), "checks": answers}
        return JSONResponse(body, HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)


def routes(checks: dict[str, Check] | None = None) -> APIRouter:
    """`/health`, open to everybody, for the root and for the API's prefix."""
    health = Health(CHECKS if checks is None else checks)
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/health", health.response, methods=["GET", "HEAD"])
    return router


@lru_cache(maxsize=1)
def version() -> str:
    """The console's version, from `pyproject.toml`."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])
