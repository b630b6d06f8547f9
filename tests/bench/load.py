"""A working day's load on three replicas behind nginx and TLS: sixty reviewers, twenty on each, look at both sides of a
check and decide, every 5 seconds.

Meanwhile a worker imports a file of three thousand checks from its folder and runs its jobs, the SLA check among them.
Clients, servers, PostgreSQL, Redis and the object store share the machine. Afterwards every decision that a page took
for done must be in the database, once. Memory is each replica's own. Reviewers decide checks of one kind from beginning
to end, on accounts with a history and with as many past reviews as a page shows: that a page needs more for such a
check than for one without is no growth.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import starmap
from pathlib import Path
from typing import Final

import httpx
import psutil
import psycopg

from console.settings import settings
from tests import warm
from tests.bench.at_work import OPENING_AT_ONCE, PATIENCE, Reviewer, reviewers_at_work
from tests.bench.figures import Figure, percentile, size
from tests.bench.ground import Ground
from tests.bench.growth import Memory, growth, peak_mib, sample
from tests.bench.open_page import REPLICA_COOKIE, OpenPage, PageFailed
from tests.bench.pictures import write_checks
from tests.browser.site import _environment
from tests.deploy.edge import Edge, Replica, edge

REVIEWERS: Final = 60
SECONDS: Final = 60.0
PACE: Final = 5.0
FILE: Final = 3_000
SECONDS_VARIABLE: Final = "CRC_BENCH_SECONDS"
PACE_VARIABLE: Final = "CRC_BENCH_PACE"
LIMIT_MIB: Final = 512
_TRANSIT: Final = "061000146"
_IMPORT_SECONDS: Final = 600.0


@dataclass
class Work:
    """Milliseconds of each decision and until both sides of a check were there, the checks that pages took for decided,
    and what went wrong."""

    times: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def run(
    ground: Ground,
    reviewers: int = REVIEWERS,
    seconds: float | None = None,
    pace: float | None = None,
    file: int = FILE,
) -> list[Figure]:
    """p95 of decided until next check, errors, decisions missing, memory. CRC_BENCH_SECONDS and CRC_BENCH_PACE say for
    how long and how often in place of a minute and 5 seconds."""
    seconds = seconds or float(os.environ.get(SECONDS_VARIABLE, SECONDS))
    pace = pace or float(os.environ.get(PACE_VARIABLE, PACE))
    checks = round(reviewers * (seconds / pace + 4))
    behind_tls = settings().model_copy(update={"public_origin": "https://localhost"})
    people = ground.run(reviewers_at_work(ground, reviewers, checks, behind_tls))
    folder = ground.folder / "intake"
    folder.mkdir()
    with edge(settings(), ground.folder) as running, ExitStack() as afternoon:

        def begin() -> None:
            _drop(folder, file)
            afternoon.enter_context(_worker(ground, folder))

        memories = [Memory(_process(replica)) for replica in running.replicas]
        work, late = asyncio.run(_day(running, people, seconds, pace, memories, begin))
        imported = _imported(ground, file)
        jobs = _sla_runs(ground)
    missing = _missing(ground, work)
    p95 = percentile(work.times, 95) if work.times else float("inf")
    p50, p99 = (percentile(work.times, share) if work.times else 0.0 for share in (50, 99))
    looked = percentile(work.looks, 95) if work.looks else 0.0
    note = (
        f"p95 of {len(work.times)} decisions in {seconds:.0f} s, one every {pace:g} s each; p50 {p50:.0f} ms, p99 "
        f"{p99:.0f} ms; both sides of a check were there within {looked:.0f} ms (p95); {late} turns began late; the "
        f"file of {file:,} checks took {imported:.0f} s; the SLA job ran {jobs} times"
    )
    return [
        Figure(f"{reviewers} reviewers on 3 replicas: decided until next check", round(p95, 1), "ms",
               target="< 500 ms (guide: < 2,000)", met=p95 < 500, note=note),
        size("errors among them", len(work.errors), "", below=1, note="; ".join(work.errors[:3])),
        size("decisions missing, or there twice", missing, "", below=1),
        size("largest replica's memory", peak_mib(memories), "MiB", below=LIMIT_MIB),
        growth(memories, seconds),
    ]  # fmt: skip


@contextmanager
def _worker(ground: Ground, folder: Path) -> Iterator[None]:
    """A worker that watches the folder."""
    environ = _environment(settings()) | {"INTAKE_FOLDER": str(folder), "INTAKE_FOLDER_REST_SECONDS": "0"}
    with (ground.folder / "worker.log").open("wb") as out:
        process = warm.start(["worker"], environ, stdout=out.fileno(), stderr=out.fileno())
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _process(replica: Replica) -> psutil.Process:
    assert replica.process is not None
    return psutil.Process(replica.process.pid)


async def _day(
    running: Edge,
    people: list[Reviewer],
    seconds: float,
    pace: float,
    memories: list[Memory],
    begin: Callable[[], None],
) -> tuple[Work, int]:
    """Everybody comes, a few at a time; then all work at once, the file arrives, and memory is looked at."""
    work, door, chance = Work(), asyncio.Semaphore(OPENING_AT_ONCE), random.Random(4)
    late = 0

    async with AsyncExitStack() as pages, httpx.AsyncClient(verify=running.trust(), timeout=PATIENCE) as http:

        async def come(number: int, who: Reviewer) -> OpenPage | None:
            replica = (REPLICA_COOKIE, running.cookie_of(running.replicas[number % len(running.replicas)]))
            page = OpenPage(
                running.site.origin, who.cookie, f"/review/{who.item_id}", trust=running.trust(), replica=replica
            )
            async with door:
                try:
                    return await pages.enter_async_context(page)
                except (PageFailed, OSError) as error:
                    work.errors.append(f"{type(error).__name__}: {error}")
                    return None

        there = [page for page in await asyncio.gather(*starmap(come, enumerate(people))) if page]
        await asyncio.to_thread(begin)
        watch = asyncio.create_task(sample(memories))
        until = time.monotonic() + seconds
        turns = await asyncio.gather(
            *(_turns(page, http, chance.uniform(0, pace), until, pace, work) for page in there)
        )
        late = sum(turns)
        watch.cancel()
    return work, late


async def _turns(page: OpenPage, http: httpx.AsyncClient, start: float, until: float, pace: float, work: Work) -> int:
    """Look, choose, decide, every `pace` seconds; how many turns began late because the one before took so long."""
    await asyncio.sleep(start)
    late, due = 0, time.monotonic()
    try:
        while not work.times or due < until:
            shown = _shown(page)
            # The picture comes first. Until the rest is drawn as well the page takes no keys: nobody has seen it.
            await page.until(lambda: page.shows(f'"data-item":"{_shown(page)}"'), PATIENCE)
            looking = time.perf_counter()
            await page.look(http)
            work.looks.append((time.perf_counter() - looking) * 1e3)
            await page.press("pay")
            await asyncio.sleep(pace / 10)
            began = time.perf_counter()
            await page.press("submit")
            await page.until(lambda before=shown: _shown(page) not in {before, None}, PATIENCE)  # type: ignore[misc]
            work.times.append((time.perf_counter() - began) * 1e3)
            work.decided.append(str(shown))
            due += pace
            late += time.monotonic() > due
            await asyncio.sleep(max(0.0, due - time.monotonic()))
    except (PageFailed, httpx.HTTPError, OSError) as error:
        work.errors.append(f"{type(error).__name__}: {error}")
    work.errors += page.complaints
    return late


def _shown(page: OpenPage) -> str | None:
    return (page.prop("check_viewer", "check") or {}).get("id")


def _drop(folder: Path, count: int) -> None:
    """Put a file of checks on another bank into the worker's folder, as another system does. Their amounts are those of
    the day's checks, behind which they wait."""
    partly = folder / ".coming.x9"
    write_checks(partly, _TRANSIT, count)
    partly.rename(folder / "afternoon.x9")


def _imported(ground: Ground, count: int) -> float:
    """Wait until the file is in; how long it took from its arrival until all of it was committed."""
    deadline = time.monotonic() + _IMPORT_SECONDS
    query = """
        select extract(epoch from max(r.finished_at) - min(r.started_at)) from job_run r
        where r.job = 'take in folder' and r.done > 0
    """
    arrived = f"select count(*) from check_item where routing = '{_TRANSIT}'"
    while time.monotonic() < deadline:
        with psycopg.connect(ground.endpoints.superuser_database_url) as line:
            # In this order: between the two the file may come, all of it.
            (took,) = line.execute(query).fetchone() or (None,)
            (there,) = line.execute(arrived).fetchone() or (0,)
        if took is not None:
            assert there == count, f"{there} of {count} checks of the file are there"
            return float(took)
        time.sleep(0.5)
    raise AssertionError(f"the file was not imported: {there} of {count} are there")


def _sla_runs(ground: Ground) -> int:
    with psycopg.connect(ground.endpoints.superuser_database_url) as line:
        row = line.execute("select count(*) from job_run where job = 'check SLA' and outcome = 'done'").fetchone()
    return int(row[0]) if row else 0


def _missing(ground: Ground, work: Work) -> int:
    """How many of the decisions that pages took for done are not in the database exactly once, after the last undo."""
    deadline = time.monotonic() + 60
    with psycopg.connect(ground.endpoints.superuser_database_url, autocommit=True) as line:
        while (line.execute("select count(*) from pending_decision").fetchone() or (0,))[0]:
            ground.run(_commit())
            assert time.monotonic() < deadline, "decisions wait and nobody commits them"
            time.sleep(0.5)
        rows = line.execute("select item_id::text, count(*) from decision group by 1").fetchall()
    written = {str(item): int(times) for item, times in rows}
    return sum(written.get(item) != 1 for item in work.decided) + (len(work.decided) - len(set(work.decided)))


async def _commit() -> None:
    from jobs.commit_decisions import commit_decisions

    await commit_decisions()
