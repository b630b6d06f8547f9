"""When each job runs: triggers, and nothing else."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from console.resources import resources
from console.settings import Settings
from jobs.activate_policies import activate_policies
from jobs.catch_up_with_sessions import catch_up_with_sessions
from jobs.check_return_deadlines import check_return_deadlines
from jobs.check_sla import check_sla
from jobs.commit_decisions import commit_decisions
from jobs.deliver_notices import deliver_notices
from jobs.fold_tallies import fold_tallies
from jobs.forget_drafts import forget_drafts
from jobs.note_overdue_reviews import note_overdue_reviews
from jobs.purge_notices import purge_notices
from jobs.purge_session_history import purge_session_history
from jobs.release_holds import release_holds
from jobs.release_idle_claims import release_idle_claims
from jobs.slots import forget_old_slots, take_slot

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Job:
    name: str
    every: timedelta
    work: Callable[[], Awaitable[int]]


JOBS = (
    Job("commit decisions", timedelta(seconds=5), commit_decisions),
    Job("release idle claims", timedelta(seconds=15), release_idle_claims),
    Job("release holds", timedelta(minutes=1), release_holds),
    Job("activate policies", timedelta(seconds=30), activate_policies),
    Job("check SLA", timedelta(seconds=30), check_sla),
    Job("check return deadlines", timedelta(seconds=30), check_return_deadlines),
    Job("purge notices", timedelta(hours=6), purge_notices),
    Job("deliver notices", timedelta(seconds=15), deliver_notices),
    Job("fold queue figures", timedelta(minutes=1), fold_tallies),
    Job("catch up with sessions", timedelta(seconds=30), catch_up_with_sessions),
    Job("purge session history", timedelta(hours=6), purge_session_history),
    Job("note overdue reviews", timedelta(minutes=15), note_overdue_reviews),
    Job("forget drafts", timedelta(hours=1), forget_drafts),
    Job("forget old job runs", timedelta(hours=6), forget_old_slots),
)


async def run_due(job: Job) -> int | None:
    """Run the job unless another worker has this due time; what it did, or None."""
    if await take_slot(job.name, job.every) is None:
        return None
    done = await job.work()
    if done:
        _log.info("job done", job=job.name, items=done)
    return done


async def run_worker(settings: Settings) -> None:
    """Run every job at its times until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with resources(settings):
        scheduler = AsyncIOScheduler(timezone="UTC")
        for job in JOBS:
            scheduler.add_job(
                _guarded,
                IntervalTrigger(seconds=int(job.every.total_seconds())),
                args=[job],
                id=job.name,
                # What fell due while no worker ran is done at once, not an interval later.
                next_run_time=datetime.now(UTC),
                # A run that takes longer than its interval is followed by one, not by a pile.
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        scheduler.start()
        _log.info("worker ready", jobs=[job.name for job in JOBS])
        await stop.wait()
        scheduler.shutdown(wait=False)


async def _guarded(job: Job) -> None:
    try:
        await run_due(job)
    except Exception:
        # The next due time tries again; the log says why this one failed.
        _log.exception("job failed", job=job.name)
