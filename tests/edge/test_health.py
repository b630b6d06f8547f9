"""Health: honest about each part, cheap for whoever asks."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
import pytest

from console.edge import health
from console.edge.draining import Draining
from console.edge.health import CHECK_SECONDS, Health, Readiness
from console.images import store
from console.operations.workers import beat
from console.settings import Settings, settings
from db import engine, redis_pool
from db.migrations.revisions import head_revision, known_revisions
from db.migrations.run import current, head
from tests.conftest import Database
from tests.edge.site import browser


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there answers, however slow the machine."""
    monkeypatch.setattr(health, "CHECK_SECONDS", 30.0)


@pytest.mark.usefixtures("patient")
def test_each_part_answers_with_its_latency_and_nothing_more(run: Callable, console: Settings) -> None:
    async def story() -> None:
        async with browser(console) as client:
            without = (await client.get("/api/v1/health")).json()
            # Nobody runs jobs: people can work, and whoever watches is told.
            assert without["status"] == "degraded" and without["checks"]["worker"]["status"] == "unavailable"
            await beat("a worker")
            await asyncio.sleep(1.1)
            answer = await client.get("/api/v1/health")
            assert answer.status_code == 200 and "set-cookie" not in answer.headers
            assert set(answer.json()) == {"status", "checks"} and answer.json()["status"] == "ok"
            assert set(answer.json()["checks"]) == {"database", "migrations", "redis", "object_store", "worker"}
            for one in answer.json()["checks"].values():
                assert one["status"] == "ok" and 0 <= one["milliseconds"] < 30_000
            assert (await client.head("/api/v1/health")).status_code == 200
            for path in ("/health", "/health/live", "/health/ready"):
                answer = await client.get(path)
                assert answer.json() == {"status": "ok"} and (await client.head(path)).status_code == 200

    run(story())


@pytest.mark.usefixtures("patient")
def test_a_database_that_lacks_migrations_is_not_ready_and_a_newer_one_is(
    run: Callable, console: Settings, database: Database
) -> None:
    def stand_at(revision: str) -> None:
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute("update alembic_version set version_num = %s", [revision])

    async def story() -> None:
        stand_at("0001")
        async with browser(console) as client:
            answer = await client.get("/api/v1/health")
            assert answer.status_code == 503 and answer.json()["checks"]["migrations"]["status"] == "unavailable"
            assert (await client.get("/health/ready")).status_code == 503
            assert (await client.get("/health")).status_code == 200
            # A rolling update migrates first: the processes of before go on serving.
            stand_at("9999")
            await asyncio.sleep(1.1)
            assert (await client.get("/api/v1/health")).status_code == 200
            assert (await client.get("/health/ready")).status_code == 200
            # Once ready, what is shared by all replicas takes none of them out.
            stand_at("0001")
            await asyncio.sleep(1.1)
            assert (await client.get("/health/ready")).status_code == 200

    run(story())


def test_the_files_revisions_are_those_of_the_chain(database: Database) -> None:
    assert head_revision() == head(database.owner_url) == current(database.owner_url)
    assert len(known_revisions()) >= 18


def test_a_process_that_drains_wants_nobody_and_lives() -> None:
    async def story() -> None:
        draining = Draining()
        readiness = Readiness(draining, {})
        assert [(await one()).status_code for one in (readiness.alive, readiness.ready)] == [200, 200]
        draining.begin()
        assert [(await one()).status_code for one in (readiness.alive, readiness.ready)] == [503, 503]
        assert (await readiness.live()).status_code == 200

    asyncio.run(story())


@pytest.mark.usefixtures("patient")
def test_the_prefix_is_the_settings_and_other_origins_read_there_alone(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_V1_PREFIX", "/v9")
    monkeypatch.setenv("CORS_ORIGINS", '["https://monitor.example"]')
    settings.cache_clear()

    async def story() -> None:
        async with browser(settings()) as client:
            asking = {"origin": "https://monitor.example"}
            allowed = await client.get("/v9/health", headers=asking)
            assert allowed.headers["access-control-allow-origin"] == "https://monitor.example"
            assert "access-control-allow-credentials" not in allowed.headers
            other = await client.get("/v9/health", headers={"origin": "https://evil.example"})
            assert "access-control-allow-origin" not in other.headers
            assert "access-control-allow-origin" not in (await client.get("/health", headers=asking)).headers
            assert "access-control-allow-origin" not in (await client.get("/sign-in", headers=asking)).headers
            assert (await client.get("/api/v1/health")).status_code == 303

    run(story())


def test_a_part_that_hangs_or_fails_is_unavailable_and_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "REMEMBERED_SECONDS", 60.0)  # however slow the machine
    asked: list[str] = []

    async def hangs() -> None:
        asked.append("hangs")
        await asyncio.sleep(60)

    async def fails() -> None:
        asked.append("fails")
        raise ValueError("a secret of the server")

    async def works() -> None:
        asked.append("works")

    async def story() -> None:
        health = Health({"one": hangs, "two": fails, "three": works})
        began = time.monotonic()
        answers = await asyncio.gather(*(health.response() for _ in range(50)))
        took = time.monotonic() - began
        assert took < 10 * CHECK_SECONDS  # of fifty, one after the other
        assert {answer.status_code for answer in answers} == {503}
        found = await health.answers()
        assert {name: answer.ok for name, answer in found.items()} == {"one": False, "two": False, "three": True}
        assert 1000 <= found["one"].milliseconds <= 1000 * took
        assert b"secret" not in answers[0].body
        assert sorted(asked) == ["fails", "hangs", "works"]

    asyncio.run(story())


@contextmanager
def a_port(*, silent: bool) -> Iterator[int]:
    """A port that refuses; or takes connections, and whoever asks there waits."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if silent:
            server.listen(50)
        yield server.getsockname()[1]


@asynccontextmanager
async def away(part: str, port: int, patch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """This process's database, Redis or object store is at that port, until the block ends."""
    with patch.context() as here:
        if part == "database":
            for name in ("_engine", "_sessions", "_turns"):
                here.setattr(engine, name, getattr(engine, name))
            engine.open_engine(f"postgresql+psycopg://a:b@127.0.0.1:{port}/check_review")
        elif part == "redis":
            here.setattr(redis_pool, "_client", redis_pool._client)
            redis_pool.open_redis(f"redis://127.0.0.1:{port}/0")
        else:
            here.setattr(store, "_store", store._store)
            elsewhere = settings().model_copy(update={"object_store_endpoint": f"http://127.0.0.1:{port}"})
            store.open_store(elsewhere)
        yield
        if part == "database":
            await engine.close_engine()
        elif part == "redis":
            await redis_pool.close_redis()


@asynccontextmanager
async def stalls() -> AsyncIterator[Callable[[], float]]:
    """How many seconds in all this process came round later than it wanted to, in the block."""
    late: list[float] = []

    async def watch() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.02)
            late.append(time.perf_counter() - began - 0.02)

    watching = asyncio.create_task(watch())
    try:
        yield lambda: sum(late)
    finally:
        watching.cancel()


@pytest.mark.parametrize("silent", [False, True], ids=["refused", "silent"])
def test_a_part_that_is_away_is_told_by_name_within_its_bound(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    """With the drivers that pages use. The process itself lives and stays ready: nobody restarts it."""
    monkeypatch.setattr(health, "REMEMBERED_SECONDS", 0.0)
    with_it = {"database": {"database", "migrations", "worker"}, "redis": {"redis"}, "object_store": {"object_store"}}

    async def story() -> None:
        async with browser(console) as client:
            await beat("a worker")
            with monkeypatch.context() as patient:
                patient.setattr(health, "CHECK_SECONDS", 30.0)
                assert (await client.get("/health/ready")).status_code == 200
            for part, fall in with_it.items():
                with a_port(silent=silent) as port:
                    async with away(part, port, monkeypatch):
                        async with stalls() as stalled:
                            answer = await client.get("/api/v1/health")
                        others = {(await client.get(path)).status_code for path in ("/health", "/health/ready")}
                    assert answer.status_code == 503 and answer.json()["status"] == "unavailable"
                    checks = answer.json()["checks"]
                    assert {name for name, one in checks.items() if one["status"] != "ok"} >= fall
                    assert others == {200}
                    # Each is given up after a second; a machine that is busy with other tests comes round later.
                    longest = max(one["milliseconds"] for one in checks.values())
                    assert longest < 1000 * (CHECK_SECONDS + 0.5 + stalled())
                    if silent:
                        assert checks[part]["milliseconds"] >= 1000 * CHECK_SECONDS
            # Questions that hung are over once nothing is there any more.
            monkeypatch.setattr(health, "CHECK_SECONDS", 30.0)
            deadline = time.monotonic() + 60
            while (answer := await client.get("/api/v1/health")).status_code != 200:
                assert time.monotonic() < deadline, answer.json()
                await asyncio.sleep(0.2)

    run(story())
