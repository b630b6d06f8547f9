"""A web process looks for garbage when it says, and not in between."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import suppress

import pytest

from console import garbage


class _Page:
    """Something that refers to itself, as a page's parts refer to the page."""

    def __init__(self) -> None:
        self.own = self


def test_what_refers_to_itself_goes_in_time_and_other_code_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "EVERY_SECONDS", 0.2)
    before = gc.get_threshold()

    async def closed() -> tuple[bool, bool]:
        task = asyncio.create_task(garbage.collect_in_time())
        await asyncio.sleep(0)
        gc.collect()  # Python counts from here on, and not from what the tests before have left
        # What has become old stays until its time has come.
        kept = _Page()
        gc.collect(0)
        gc.collect(1)
        seen = weakref.ref(kept)
        del kept
        waste = [[] for _ in range(200_000)]  # type: ignore[var-annotated]
        there = seen() is not None
        del waste
        await asyncio.sleep(0.4)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return there, seen() is None

    assert asyncio.run(closed()) == (True, True)
    assert gc.get_threshold() == before
