"""A process that runs jobs: it looks for what is due, keeps its runs its own while it lives, and ends in order."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from console.edge.exposition import Exposition, listening
from console.edge.measure import watch_loop
from console.metrics import JOB_SECONDS
from console.notices.kinds import NoticeKind
from console.operations import workers
from console.operations.telling import tell_operators
from console.resources import resources
from console.settings import Settings
from jobs import runs
from jobs.runs import Failure, Run
from jobs.schedule import Job
from jobs.scheduler import JOBS

# With a lease of 8 seconds, what a dead worker was doing is begun again within 9.
LOOK_SECONDS: Final = 1
BEAT_SECONDS: Final = 2
# Administrators are told at the third failure in a row: the first may be a restart of the database.
TELL_AT_FAILURE: Final = 3

_log = structlog.get_logger(__name__)


class JobWorker:
    """The runs of one process. `look` starts what is due, `beat` keeps them, `stop` waits for them."""

    def __init__(self, jobs: Sequence[Job] = JOBS) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._jobs = jobs
        self._running: dict[Run, asyncio.Task[None]] = {}
        self._registered = False

    async def look(self) -> None:
        """Start every job that is due and that no other worker has."""
        if not self._registered:
            await runs.register(self._jobs, {job.name: meaning_of(job) for job in self._jobs})
            self._registered = True
        for job in await runs.due(self._jobs):
            run = await runs.take(job, self.id)
            if run is not None:
                self._running[run] = asyncio.create_task(self._run(job, run), name=job.name)

    async def beat(self) -> None:
        """Say that this worker lives. Runs that were given to others meanwhile, because it did not, are ended here."""
        mine = dict(self._running)
        kept = await runs.renew(self.id)
        for run in mine.keys() - kept:
            if not mine[run].done():
                _log.warning("job taken over by another worker", job=run.job, due_at=run.due_at.isoformat())
                mine[run].cancel()
        await workers.beat(self.id)

    async def stop(self, grace_seconds: float) -> None:
        """Wait for the runs of this worker, then leave what is not over to the others."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=grace_seconds)
        left = dict(self._running)
        for task in left.values():
            task.cancel()
        await asyncio.gather(*left.values(), return_exceptions=True)
        for run in left:
            await runs.give_up(run, self.id)
        await workers.leave(self.id)

    async def _run(self, job: Job, run: Run) -> None:
        began, outcome = time.perf_counter(), "lost"
        try:
            try:
                async with asyncio.timeout(job.longest.total_seconds()):
                    done = await job.work()
            except Exception as error:
                outcome = "failed"
                _log.exception("job failed", job=job.name)
                failure = await runs.fail(job, run, self.id, error)
                if failure is not None:
                    await self._tell(job, failure)
                return
            if await runs.succeed(run, self.id, done):
                outcome = "done"
                if done:
                    _log.info("job done", job=job.name, items=done)
        except Exception:
            # The outcome could not be written: the lease runs out, and another run follows.
            _log.exception("job run not recorded", job=job.name)
        finally:
            JOB_SECONDS.labels(job.name, outcome).observe(time.perf_counter() - began)
            self._running.pop(run, None)

    async def _tell(self, job: Job, failure: Failure) -> None:
        if failure.failures >= TELL_AT_FAILURE:
            values = {"job": job.name, "since": failure.since, "count": failure.failures}
            await tell_operators(NoticeKind.JOB_FAILING, f"job {job.name} {failure.since.isoformat()}", values)


async def run_worker(settings: Settings, jobs: Sequence[Job] = JOBS) -> None:
    """Run every job at its times until SIGTERM or SIGINT, then end what is running within GRACE_SECONDS."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(resources(settings))
        exposition = Exposition(settings)
        await opened.enter_async_context(listening(exposition, settings.metrics_host, settings.worker_metrics_port))
        lag = asyncio.create_task(watch_loop(), name="watch over the event loop")
        opened.callback(lag.cancel)
        worker = JobWorker(jobs)
        scheduler = AsyncIOScheduler(timezone="UTC")
        for work, seconds in ((worker.look, LOOK_SECONDS), (worker.beat, BEAT_SECONDS)):
            # After a pause of the whole process each comes round once, not once for each time that was missed.
            every = IntervalTrigger(seconds=seconds)
            scheduler.add_job(_guarded, every, args=[work], max_instances=1, coalesce=True, misfire_grace_time=None)
        await _guarded(worker.beat)
        await _guarded(worker.look)
        scheduler.start()
        _log.info("worker ready", worker=worker.id, jobs=[job.name for job in jobs])
        await stop.wait()
        scheduler.shutdown(wait=False)
        await _guarded(lambda: worker.stop(settings.grace_seconds))


def meaning_of(job: Job) -> str:
    """What the job is for: the first line of its file."""
    return (sys.modules[job.work.__module__].__doc__ or "").strip().split("\n")[0]


async def _guarded(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:
        # The database is away, or about to be: the next round tries again.
        _log.exception("worker round failed")
