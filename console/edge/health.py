"""Health, three questions apart: does the process live, does it want work, does all that it stands on answer.

- `/health`: 200 while the process lives and wants work. It asks nothing of others, so that a dead Redis restarts no
  pod and takes none out of service: its pages say better than an empty load balancer what is the matter.
- `/health/live`: 200 while the process lives, draining or not. `/health/ready`: from when the database has been
  reached and is up to date, until the process is told to stop.
- `API_V1_PREFIX/health`, for monitoring: each part with its latency. 503 when a part that pages need is down.

Anybody may ask, so none says a version, an address or an error; and a flood of questions costs one check a second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

import anyio
import structlog
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import text

from console.edge.draining import Draining
from console.images.store import image_store
from console.operations.workers import living
from db.engine import transaction
from db.migrations.revisions import head_revision, known_revisions
from db.redis_pool import redis

CHECK_SECONDS: Final = 1.0
REMEMBERED_SECONDS: Final = 1.0
PATHS: Final = frozenset({"/health", "/health/live", "/health/ready"})

Check = Callable[[], Coroutine[Any, Any, None]]

_log = structlog.get_logger(__name__)


class OutOfDate(Exception):
    """The database lacks migrations of this version."""


class NoWorker(Exception):
    """No worker was heard of lately."""


async def check_database() -> None:
    """Raise unless the database answers."""
    async with transaction(None) as session:
        await session.execute(text("select 1"))


async def check_migrations() -> None:
    """Raise OutOfDate where the database is older than this version; a newer one is what a rolling update brings."""
    async with transaction(None) as session:
        revision = await session.scalar(text("select version_num from alembic_version"))
    if revision != head_revision() and (revision is None or revision in known_revisions()):
        raise OutOfDate


async def check_redis() -> None:
    """Raise unless Redis answers."""
    await redis().exists("health")


async def check_object_store() -> None:
    """Raise unless the bucket of the images is there."""
    await anyio.to_thread.run_sync(image_store().check, abandon_on_cancel=True, limiter=_store_slots())


async def check_worker() -> None:
    """Raise NoWorker unless a worker lives."""
    if (await living()).count == 0:
        raise NoWorker


@lru_cache(maxsize=1)
def _store_slots() -> anyio.CapacityLimiter:
    # A store that hangs keeps its threads until its own timeout: two, and no more.
    return anyio.CapacityLimiter(2)


CHECKS: Final[dict[str, Check]] = {
    "database": check_database,
    "migrations": check_migrations,
    "redis": check_redis,
    "object_store": check_object_store,
    "worker": check_worker,
}
# Without a worker people can go on working: it is told, and alerted, but pages are served.
NOT_NEEDED: Final = frozenset({"worker"})


@dataclass(frozen=True)
class Answer:
    """Whether a part answered, and after how many milliseconds."""

    ok: bool
    milliseconds: int


class Health:
    """The checks' answers, asked at most once a second however many requests there are."""

    def __init__(self, checks: dict[str, Check], not_needed: frozenset[str] = frozenset()) -> None:
        self._checks = checks
        self._not_needed = not_needed
        self._lock = asyncio.Lock()
        self._answers: dict[str, Answer] = {}
        self._asked_at = float("-inf")
        # Questions to a part that hangs. There is one at most, so that it does not use up the connections.
        self._hanging: dict[str, asyncio.Task[None]] = {}

    async def answers(self) -> dict[str, Answer]:
        """What each check found."""
        async with self._lock:
            if time.monotonic() - self._asked_at > REMEMBERED_SECONDS:
                found = await asyncio.gather(*(self._ask(name) for name in self._checks))
                self._answers = dict(zip(self._checks, found, strict=True))
                self._asked_at = time.monotonic()
            return self._answers

    async def _ask(self, name: str) -> Answer:
        began, ok = time.perf_counter(), False
        if name not in self._hanging:
            task = asyncio.create_task(self._checks[name](), name=f"health of {name}")
            done, _ = await asyncio.wait({task}, timeout=CHECK_SECONDS)
            if done:
                ok = task.exception() is None
                why = type(task.exception()).__name__
            else:
                # Not waited for: a driver that is cancelled waits on for a server that is stopped.
                self._leave(name, task)
                why = "TimeoutError"
        else:
            why = "still hangs"
        if not ok:
            _log.warning("health check failed", check=name, error=why)
        return Answer(ok, round((time.perf_counter() - began) * 1000))

    def _leave(self, name: str, task: asyncio.Task[None]) -> None:
        def over(ended: asyncio.Task[None]) -> None:
            self._hanging.pop(name, None)
            if not ended.cancelled():
                ended.exception()

        self._hanging[name] = task
        task.add_done_callback(over)
        task.cancel()

    async def response(self) -> JSONResponse:
        """200 where every needed part answers, else 503: the same body either way."""
        answers = await self.answers()
        down = {name for name, answer in answers.items() if not answer.ok}
        status = "unavailable" if down - self._not_needed else "degraded" if down else "ok"
        checks = {
            name: {"status": "ok" if answer.ok else "unavailable", "milliseconds": answer.milliseconds}
            for name, answer in answers.items()
        }
        body: dict[str, Any] = {"status": status, "checks": checks}
        return JSONResponse(body, HTTPStatus.SERVICE_UNAVAILABLE if status == "unavailable" else HTTPStatus.OK)


class Readiness:
    """Whether load balancers may send people here."""

    def __init__(self, draining: Draining, checks: dict[str, Check]) -> None:
        self._draining = draining
        self._started = Health({name: checks[name] for name in ("database", "migrations") if name in checks})
        self._was_ready = False

    async def alive(self) -> JSONResponse:
        """`/health`: alive, and not about to end."""
        return _answer("draining" if self._draining.begun else "ok")

    async def live(self) -> JSONResponse:
        """`/health/live`: alive."""
        return _answer("ok")

    async def ready(self) -> JSONResponse:
        """`/health/ready`: has everything been there once, and is the process not about to end."""
        if self._draining.begun:
            return _answer("draining")
        if not self._was_ready:
            self._was_ready = all(answer.ok for answer in (await self._started.answers()).values())
        return _answer("ok" if self._was_ready else "starting")


def routes(checks: dict[str, Check] | None = None) -> APIRouter:
    """`/health` below the API's prefix, open to everybody."""
    health = Health(CHECKS if checks is None else checks, NOT_NEEDED)
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/health", health.response, methods=["GET", "HEAD"])
    return router


def probes(draining: Draining, checks: dict[str, Check] | None = None) -> APIRouter:
    """The probes of orchestrators and load balancers, open to everybody."""
    readiness = Readiness(draining, CHECKS if checks is None else checks)
    router = APIRouter(include_in_schema=False)
    answers = {"/health": readiness.alive, "/health/live": readiness.live, "/health/ready": readiness.ready}
    for path, answer in answers.items():
        router.add_api_route(path, answer, methods=["GET", "HEAD"])
    return router


def _answer(status: str) -> JSONResponse:
    ok = status == "ok"
    return JSONResponse({"status": status}, HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)
