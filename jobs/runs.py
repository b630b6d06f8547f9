"""One run of a job at a time over all workers: who runs what stands in the database.

There is no leader that would have to be replaced. Whoever locks the job's row starts its run, with a lease that the
worker renews while it lives; a run whose lease is over belongs to nobody and is begun again by whoever looks next. An
advisory lock would do neither through PgBouncer's transactions nor for a worker that is stopped and not dead: its
connection, and so its lock, would stay.

Every moment is the database's, so that workers whose clocks differ agree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.settings import settings
from db.engine import transaction
from jobs.schedule import Job, LastRun, Standing, retry_after, start_of

# A dead worker's runs are begun again so long after its last sign of life, and a look.
LEASE: Final = timedelta(seconds=8)
# Runs that found nothing to do, which are nearly all.
IDLE_KEPT: Final = timedelta(days=1)
_LONGEST_ERROR: Final = 300

_STANDINGS: Final = """
    select clock_timestamp() as now, j.name, j.paused_at, j.asked_at, j.asked_by, j.retry_at,
        r.due_at, r.attempt, r.outcome, r.lease_until
    from scheduled_job j left join lateral (
        select * from job_run r where r.job = j.name order by r.due_at desc, r.attempt desc limit 1
    ) r on true
"""
_LOOK: Final = text(f"{_STANDINGS} where j.name = any(:jobs)")
_LOOK_AT_ONE: Final = text(f"{_STANDINGS} where j.name = :job")
# A row that is locked belongs to a worker that is just starting or ending a run of this job.
_LOCK: Final = text("select 1 from scheduled_job where name = :job for update skip locked")
_REGISTER: Final = text(
    """
    insert into scheduled_job (name, meaning, schedule) values (:name, :meaning, :schedule)
    on conflict (name) do update set meaning = excluded.meaning, schedule = excluded.schedule
    where (scheduled_job.meaning, scheduled_job.schedule) is distinct from (excluded.meaning, excluded.schedule)
    """
)
_LOST: Final = text(
    """
    update job_run set outcome = 'lost', finished_at = clock_timestamp(), error = :error
    where job = :job and outcome = 'running'
    """
)
_TAKE: Final = text(
    """
    insert into job_run (job, due_at, attempt, worker, started_at, lease_until, asked_by)
    select :job, :due_at, :attempt, :worker, t, t + cast(:lease as interval), :asked_by from clock_timestamp() t
    """
)
_ANSWERED: Final = text("update scheduled_job set asked_at = null, asked_by = null where name = :job")
_RENEW: Final = text(
    """
    update job_run set lease_until = clock_timestamp() + cast(:lease as interval)
    where worker = :worker and outcome = 'running' returning job, due_at, attempt
    """
)
_FINISH: Final = text(
    """
    update job_run set outcome = :outcome, finished_at = clock_timestamp(), done = :done, error = :error
    where job = :job and due_at = :due_at and attempt = :attempt and worker = :worker and outcome = 'running'
    returning 1
    """
)
_WENT_WELL: Final = text(
    """
    update scheduled_job set failures = 0, failing_since = null, retry_at = null, last_done_at = clock_timestamp()
    where name = :job
    """
)
_FAILURES: Final = text("select failures from scheduled_job where name = :job for update")
_FAILED: Final = text(
    """
    update scheduled_job set failures = :failures, failing_since = coalesce(failing_since, clock_timestamp()),
        retry_at = clock_timestamp() + cast(:wait as interval)
    where name = :job returning failing_since
    """
)


@dataclass(frozen=True)
class Run:
    """A run that a worker has taken."""

    job: str
    due_at: datetime
    attempt: int


@dataclass(frozen=True)
class Failure:
    """A job that has failed so many times in a row, since then."""

    failures: int
    since: datetime


async def register(jobs: Sequence[Job], meanings: dict[str, str]) -> None:
    """Make these jobs known; how they stand is left as it is."""
    async with transaction(None) as session:
        for job in sorted(jobs, key=lambda one: one.name):  # in one order, so that workers do not wait for each other
            values = {"name": job.name, "meaning": meanings[job.name], "schedule": job.words()}
            await session.execute(_REGISTER, values)


async def due(jobs: Sequence[Job]) -> list[Job]:
    """The jobs of these that could start now, as far as one look tells."""
    known = {job.name: job for job in jobs}
    async with transaction(None) as session:
        rows = (await session.execute(_LOOK, {"jobs": list(known)})).all()
    return [known[row.name] for row in rows if start_of(known[row.name], _standing(row), row.now)]


async def take(job: Job, worker: str) -> Run | None:
    """Start a run of this job for this worker; None where none is due, or another worker has it."""
    async with transaction(None) as session:
        # The lock first: what is read after it is what whoever held it before has written.
        if (await session.execute(_LOCK, {"job": job.name})).first() is None:
            return None
        row = (await session.execute(_LOOK_AT_ONE, {"job": job.name})).one()
        start = start_of(job, _standing(row), row.now)
        if start is None:
            return None
        if row.outcome == "running":
            await session.execute(_LOST, {"job": job.name, "error": "Its worker gave no sign of life any more."})
        run = Run(job.name, start.due_at, start.attempt)
        values = {"job": run.job, "due_at": run.due_at, "attempt": run.attempt, "worker": worker, "lease": LEASE}
        await session.execute(_TAKE, values | {"asked_by": row.asked_by})
        if row.asked_at is not None:
            await session.execute(_ANSWERED, {"job": job.name})
    return run


async def renew(worker: str) -> frozenset[Run]:
    """Prolong the leases of this worker's runs; the runs that are still its own."""
    async with transaction(None) as session:
        rows = await session.execute(_RENEW, {"worker": worker, "lease": LEASE})
        return frozenset(Run(row.job, row.due_at.astimezone(UTC), row.attempt) for row in rows)


async def succeed(run: Run, worker: str, done: int) -> bool:
    """Write that the run is over and what it did; False where it was taken from this worker meanwhile."""
    async with transaction(None) as session:
        if not await _finish(session, run, worker, "done", done, None):
            return False
        await session.execute(_WENT_WELL, {"job": run.job})
    return True


async def fail(job: Job, run: Run, worker: str, error: BaseException) -> Failure | None:
    """Write that the run failed, and when to try again; None where it was taken from this worker meanwhile."""
    async with transaction(None) as session:
        if not await _finish(session, run, worker, "failed", None, in_words(error)):
            return None
        failures: int = (await session.execute(_FAILURES, {"job": run.job})).scalar_one() + 1
        wait = retry_after(job, failures)
        row = (await session.execute(_FAILED, {"job": run.job, "failures": failures, "wait": wait})).one()
    return Failure(failures, row.failing_since)


async def give_up(run: Run, worker: str) -> None:
    """Leave a run that the end of this worker interrupts to the others, at once."""
    async with transaction(None) as session:
        await _finish(session, run, worker, "lost", None, "Its worker was told to stop.")


async def forget_old_runs() -> int:
    """Delete runs of long ago, and jobs that no worker has run since; how many runs there were."""
    async with transaction(None) as session:
        gone = await session.execute(
            text(
                "delete from job_run r where outcome <> 'running' and started_at < now() - case"
                " when outcome = 'done' and coalesce(done, 0) = 0 then cast(:idle as interval)"
                " else cast(:kept as interval) end"
                # Of each job its latest run stays: by it the next one is due.
                " and exists (select from job_run n where n.job = r.job and n.due_at > r.due_at) returning job"
            ),
            {"kept": timedelta(days=settings().job_run_retention_days), "idle": IDLE_KEPT},
        )
        await session.execute(text("delete from worker where beat_at < now() - interval '1 day'"))
        return len(gone.all())


def in_words(error: BaseException) -> str:
    """The error's kind and first line, without long numbers: a message may quote an account."""
    first = next(iter(str(error).strip().splitlines()), "")
    return re.sub(r"\d{5,}", "…", f"{type(error).__name__}: {first}".removesuffix(": "))[:_LONGEST_ERROR]


async def _finish(
    session: AsyncSession, run: Run, worker: str, outcome: str, done: int | None, error: str | None
) -> bool:
    values = {"job": run.job, "due_at": run.due_at, "attempt": run.attempt, "worker": worker}
    found = await session.execute(_FINISH, values | {"outcome": outcome, "done": done, "error": error})
    return found.first() is not None


def _standing(row: Row[Any]) -> Standing:
    last = LastRun(row.due_at, row.attempt, row.outcome, row.lease_until) if row.due_at is not None else None
    return Standing(row.paused_at is not None, row.asked_at, row.retry_at, last)
