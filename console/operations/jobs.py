"""What administrators see of the scheduled jobs, and do to them: run one at once, pause one, let it go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from db.engine import transaction
from db.models import InstallationCheck, JobRun, ScheduledJob, Worker

RUNS_SHOWN: Final = 100


class JobNotFound(LookupError):
    """No worker knows such a job."""

    def __init__(self) -> None:
        super().__init__("There is no such job any more. Nothing was changed; reload the page.")


class JobUnchanged(Exception):
    """The job is already as it is asked to be; the message says so."""


@dataclass(frozen=True)
class RunShown:
    """A run. `done` counts what it did; `error` is why it failed, without account numbers."""

    job: str
    due_at: datetime
    attempt: int
    outcome: str
    started_at: datetime
    finished_at: datetime | None
    done: int | None
    error: str | None
    worker: str
    asked_by: str | None


@dataclass(frozen=True)
class JobShown:
    """A job, how it stands, and its latest run."""

    name: str
    meaning: str
    schedule: str
    paused_at: datetime | None
    paused_by: str | None
    asked_by: str | None
    failures: int
    retry_at: datetime | None
    last_done_at: datetime | None
    last: RunShown | None


@dataclass(frozen=True)
class WorkerShown:
    """A process that runs jobs."""

    id: str
    started_at: datetime
    beat_at: datetime


@dataclass(frozen=True)
class CheckShown:
    """What a regular check of the installation found the last time."""

    name: str
    at: datetime
    ok: bool
    detail: str


# Key of the last line of a page: when it began, and which job.
Key = tuple[datetime, str]

_JOBS: Final = text(
    """
    select j.name, j.meaning, j.schedule, j.paused_at, j.paused_by, j.asked_by, j.failures, j.retry_at, j.last_done_at,
        r.due_at, r.attempt, r.outcome, r.started_at, r.finished_at, r.done, r.error, r.worker,
        r.asked_by as run_asked_by
    from scheduled_job j left join lateral (
        select * from job_run r where r.job = j.name order by r.due_at desc, r.attempt desc limit 1
    ) r on true
    order by j.failures = 0, j.paused_at is null, j.name
    """
)


async def list_jobs(actor: Actor) -> list[JobShown]:
    """Every job: failing ones first, then paused ones. Raises NotAllowed."""
    require(actor, Permission.OPERATIONS_READ)
    async with transaction(actor) as session:
        return [_job(row) for row in await session.execute(_JOBS)]


async def list_runs(
    actor: Actor, job: str | None = None, *, idle: bool = False, after: Key | None = None
) -> tuple[list[RunShown], Key | None]:
    """Runs, the newest first, of one job or of all, and the key to go on from; without `idle` those that found nothing
    to do are left out. Raises NotAllowed."""
    require(actor, Permission.OPERATIONS_READ)
    query = select(JobRun).order_by(JobRun.started_at.desc(), JobRun.job.desc()).limit(RUNS_SHOWN + 1)
    if job is not None:
        query = query.where(JobRun.job == job)
    if not idle:
        query = query.where((JobRun.outcome != "done") | (JobRun.done > 0))
    if after is not None:
        query = query.where(tuple_(JobRun.started_at, JobRun.job) < after)
    async with transaction(actor) as session:
        rows = list(await session.scalars(query))
    shown = [_run(row) for row in rows[:RUNS_SHOWN]]
    more = len(rows) > RUNS_SHOWN
    return shown, (shown[-1].started_at, shown[-1].job) if more else None


async def list_workers(actor: Actor) -> list[WorkerShown]:
    """The processes that run jobs, those heard of last first. Raises NotAllowed."""
    require(actor, Permission.OPERATIONS_READ)
    async with transaction(actor) as session:
        rows = await session.scalars(select(Worker).order_by(Worker.beat_at.desc()).limit(50))
        return [WorkerShown(row.id, row.started_at, row.beat_at) for row in rows]


async def list_checks(actor: Actor) -> list[CheckShown]:
    """What regular checks found, faults first. Raises NotAllowed."""
    require(actor, Permission.OPERATIONS_READ)
    async with transaction(actor) as session:
        rows = await session.scalars(select(InstallationCheck).order_by(InstallationCheck.ok, InstallationCheck.name))
        return [CheckShown(row.name, row.at, row.ok, row.detail) for row in rows]


async def run_now(actor: Actor, job: str) -> None:
    """Have the job run at once, paused or not. Raises NotAllowed, JobNotFound or JobUnchanged."""
    require(actor, Permission.OPERATIONS_MANAGE)
    async with transaction(actor) as session:
        await ask_for(session, actor, job)


async def ask_for(session: AsyncSession, actor: Actor, job: str) -> None:
    """Have the job run at once, for a caller who has seen that the actor may. Raises JobNotFound or JobUnchanged."""
    found = await _locked(session, job)
    if found.asked_at is not None:
        raise JobUnchanged(f"“{job}” is about to run: {found.asked_by} has asked for it.")
    values = {"asked_at": text("clock_timestamp()"), "asked_by": actor.name}
    await session.execute(update(ScheduledJob).where(ScheduledJob.name == job).values(values))
    await record(session, actor, Event.JOB_ASKED_FOR, "job", job)


async def pause(actor: Actor, job: str, reason: str) -> None:
    """Run the job no more until somebody resumes it; a run under way ends. Raises NotAllowed, JobNotFound or
    JobUnchanged."""
    require(actor, Permission.OPERATIONS_MANAGE)
    async with transaction(actor) as session:
        found = await _locked(session, job)
        if found.paused_at is not None:
            raise JobUnchanged(f"“{job}” is paused already, by {found.paused_by}.")
        values = {"paused_at": text("clock_timestamp()"), "paused_by": actor.name}
        await session.execute(update(ScheduledJob).where(ScheduledJob.name == job).values(values))
        await record(session, actor, Event.JOB_PAUSED, "job", job, after={"reason": reason})


async def resume(actor: Actor, job: str) -> None:
    """Let the job run at its times again; what was missed is caught up once. Raises NotAllowed, JobNotFound or
    JobUnchanged."""
    require(actor, Permission.OPERATIONS_MANAGE)
    async with transaction(actor) as session:
        found = await _locked(session, job)
        if found.paused_at is None:
            raise JobUnchanged(f"“{job}” is not paused.")
        before = {"paused_at": found.paused_at, "paused_by": found.paused_by}
        values = {"paused_at": None, "paused_by": None}
        await session.execute(update(ScheduledJob).where(ScheduledJob.name == job).values(values))
        await record(session, actor, Event.JOB_RESUMED, "job", job, before=before)


async def _locked(session: AsyncSession, job: str) -> ScheduledJob:
    query = select(ScheduledJob).where(ScheduledJob.name == job).with_for_update()
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise JobNotFound
    return found


def _job(row: Any) -> JobShown:
    last = None
    if row.due_at is not None:
        last = RunShown(
            row.name, row.due_at, row.attempt, row.outcome, row.started_at, row.finished_at,
            row.done, row.error, row.worker, row.run_asked_by,
        )  # fmt: skip
    return JobShown(
        row.name, row.meaning, row.schedule, row.paused_at, row.paused_by, row.asked_by,
        row.failures, row.retry_at, row.last_done_at, last,
    )  # fmt: skip


def _run(row: JobRun) -> RunShown:
    return RunShown(
        row.job, row.due_at, row.attempt, row.outcome, row.started_at, row.finished_at,
        row.done, row.error, row.worker, row.asked_by,
    )  # fmt: skip
