"""A hundred reviewers at once on one process: each looks at a check, pays it, and has the next one, every 5 seconds.

Measured as the server sends it: from the key that submits until the next check is in the page. The floor is the same
with one reviewer alone. Memory is what the process grew by while they were there.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Final

import psutil

from console.settings import settings
from tests.bench.at_work import OPENING_AT_ONCE, PATIENCE, Reviewer, reviewers_at_work
from tests.bench.figures import Figure, duration, percentile, size
from tests.bench.ground import Ground
from tests.bench.open_page import OpenPage, PageFailed
from tests.browser.site import Site

REVIEWERS: Final = 100
SECONDS: Final = 60.0
PACE: Final = 5.0
P95_TARGET: Final = 500.0


@dataclass
class Work:
    """What came of it: milliseconds of each decision, and what went wrong."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def run(ground: Ground, reviewers: int = REVIEWERS, seconds: float = SECONDS, pace: float = PACE) -> list[Figure]:
    """p95 of decided until next check, errors, and memory a reviewer; beside one reviewer alone."""
    checks = round((reviewers + 1) * (seconds / pace + 3))
    people = ground.run(reviewers_at_work(ground, reviewers + 1, checks, settings()))
    with Site.serving(settings(), ground.folder) as site:
        process = psutil.Process(site.process.pid)
        alone = asyncio.run(_all_work(site.origin, people[:1], min(seconds, 20), pace / 5))
        before, busy = process.memory_info().rss, _busy(process)
        came: list[float] = []
        together = asyncio.run(
            _all_work(site.origin, people[1:], seconds, pace, when_all_are_there=lambda: came.append(_busy(process)))
        )
        opening = (came[0] - busy) / reviewers * 1e3
        spent = (_busy(process) - came[0]) / max(1, len(together.times)) * 1e3
        grown = (process.memory_info().rss - before) / reviewers / 1e6
    if alone.errors or not alone.times:
        raise PageFailed(f"one reviewer alone: {alone.errors[:3]}")
    p95 = percentile(together.times, 95)
    note = f"p95 of {len(together.times)} decisions, p50 {percentile(together.times, 50):.0f} ms; floor: one reviewer"
    figure = duration(f"{reviewers} reviewers: decided until next check", p95, percentile(alone.times, 95), note=note)
    errors = size("errors among them", len(together.errors), "", below=1, note="; ".join(together.errors[:3]))
    return [
        _with_target(figure),
        errors,
        Figure("the process's CPU for each decision", round(spent, 1), "ms", note="everything that pages do meanwhile"),
        Figure("the process's CPU for opening a page", round(opening, 1), "ms"),
        Figure("memory of a reviewer's open page", round(grown, 2), "MB", note="growth of the process, all of it"),
    ]


def _busy(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _with_target(figure: Figure) -> Figure:
    return replace(figure, target=f"< {P95_TARGET:.0f} ms", met=figure.value < P95_TARGET)


async def _all_work(
    origin: str,
    people: list[Reviewer],
    seconds: float,
    pace: float,
    when_all_are_there: Callable[[], None] = lambda: None,
) -> Work:
    """Everybody opens their page, a few at a time as people come to work, and then all work at once."""
    work, door = Work(), asyncio.Semaphore(OPENING_AT_ONCE)
    chance = random.Random(4)
    async with AsyncExitStack() as pages:

        async def come(who: Reviewer) -> OpenPage | None:
            async with door:
                try:
                    return await pages.enter_async_context(OpenPage(origin, who.cookie, f"/review/{who.item_id}"))
                except (PageFailed, OSError) as error:
                    work.errors.append(f"{type(error).__name__}: {error}")
                    return None

        there = [page for page in await asyncio.gather(*map(come, people)) if page]
        when_all_are_there()
        # Nobody begins at the same moment as everybody else.
        until = time.monotonic() + pace + seconds
        await asyncio.gather(*(_works(page, chance.uniform(0, pace), until, pace, work) for page in there))
    return work


async def _works(page: OpenPage, start: float, until: float, pace: float, work: Work) -> None:
    await asyncio.sleep(start)
    try:
        while not work.times or time.monotonic() < until:
            began = time.monotonic()
            # The picture comes first. Until the rest is drawn as well the page takes no keys: nobody has seen it.
            await page.until(lambda: page.shows(_amount_of(page)), PATIENCE)
            await page.press("pay")
            await asyncio.sleep(pace / 10)
            work.times.append(await _decide(page))
            await asyncio.sleep(max(0.0, pace - (time.monotonic() - began)))
    except (PageFailed, OSError) as error:
        work.errors.append(f"{type(error).__name__}: {error}")
    work.errors += page.complaints


def _amount_of(page: OpenPage) -> str:
    """By what the amount of the check is found whose picture is shown."""
    return f'"data-item":"{(page.prop("check_viewer", "check") or {}).get("id")}"'


async def _decide(page: OpenPage) -> float:
    """Submit, and have the next check; milliseconds."""

    def shown() -> str | None:
        return (page.prop("check_viewer", "check") or {}).get("id")

    before, start = shown(), time.perf_counter()
    await page.press("submit")
    await page.until(lambda: shown() not in {before, None}, PATIENCE)
    return (time.perf_counter() - start) * 1e3
