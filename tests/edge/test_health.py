"""Health: honest about each part, cheap for whoever asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from console.edge.health import CHECK_SECONDS, Health, version
from console.settings import Settings, settings
from tests.edge.site import browser


def test_both_addresses_answer_for_real_services(run: Callable, console: Settings) -> None:
    async def story() -> None:
        async with browser(console) as client:
            for path in ("/health", "/api/v1/health"):
                answer = await client.get(path)
                assert answer.status_code == 200
                assert answer.json() == {
                    "status": "ok",
                    "version": version(),
                    "checks": {"database": "ok", "redis": "ok", "object_store": "ok"},
                }
                assert (await client.head(path)).status_code == 200
                assert "set-cookie" not in answer.headers

    run(story())


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


def test_a_part_that_hangs_or_fails_is_unavailable_and_asked_once() -> None:
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
        assert time.monotonic() - began < CHECK_SECONDS + 1
        assert {answer.status_code for answer in answers} == {503}
        assert await health.answers() == {"one": "unavailable", "two": "unavailable", "three": "ok"}
        assert b"secret" not in answers[0].body
        assert sorted(asked) == ["fails", "hangs", "works"]

    asyncio.run(story())
