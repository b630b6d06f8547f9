"""Jobs over several workers: one run at a time, taken over, retried, never in each other's way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from console.notices.inbox import list_notices
from console.notices.kinds import NoticeKind
from console.retention.audit_months import make_months
from console.review.claims import claim
from console.review.states import Status
from console.settings import settings
from db import beginning
from db.engine import transaction
from db.models import Claim
from jobs import runs
from jobs.each import each_institution
from jobs.release_idle_claims import release_idle_claims
from jobs.runs import forget_old_runs, in_words
from jobs.schedule import Job
from jobs.scheduler import JOBS
from jobs.worker import JobWorker, meaning_of
from tests.access.strangers import make_stranger
from tests.conftest import Database
from tests.factories import import_items, item_ids, make_bank, view_of, x9_item

DAY = timedelta(days=1)
# Once a day, and as far from now as may be: no other day begins during a test.
AT = timedelta(hours=(datetime.now(UTC).hour + 12) % 24)


async def nothing() -> int:
    return 0


async def finished(worker: JobWorker) -> None:
    """Look once and wait for what was started."""
    await worker.look()
    while worker._running:
        await asyncio.sleep(0.01)


def test_of_many_workers_one_runs_it(run: Callable) -> None:
    ran: list[int] = []

    async def once() -> int:
        ran.append(1)
        await asyncio.sleep(0.2)
        return 1

    async def story() -> None:
        workers = [JobWorker([Job("a job", DAY, once, at=AT), Job("another", DAY, once, at=AT)]) for _ in range(8)]
        for _ in range(3):
            await asyncio.gather(*(finished(one) for one in workers))

    run(story())
    assert len(ran) == 2


def test_a_failing_job_is_told_retried_later_and_stops_no_other(run: Callable, database: Database) -> None:
    tried: list[datetime] = []

    async def fails() -> int:
        tried.append(datetime.now(UTC))
        raise ValueError("no such account 1234567890\nand more")

    others: list[int] = []

    async def works() -> int:
        others.append(1)
        return 3

    async def story() -> None:
        bank = await make_bank()
        worker = JobWorker([Job("fails", DAY, fails, at=AT), Job("works", timedelta(seconds=1), works)])
        for failures in (1, 2, 3):
            await finished(worker)
            await finished(worker)
            assert len(tried) == failures  # the second look found that it must wait
            arrived = (await list_notices(bank.administrator)).notices
            assert [one.kind for one in arrived] == [NoticeKind.JOB_FAILING] * (failures >= 3)
            assert not (await list_notices(bank.reviewer)).notices
            with psycopg.connect(database.owner_url, autocommit=True) as owner:
                owner.execute("update scheduled_job set retry_at = clock_timestamp() where name = 'fails'")
            await asyncio.sleep(1.0)
        assert len(others) >= 3

    run(story())
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute("select attempt, outcome, error from job_run where job = 'fails'").fetchall()
        assert {(row[1], row[2]) for row in rows} == {("failed", "ValueError: no such account …")}
        state = owner.execute("select failures, failing_since is not null from scheduled_job where name = 'fails'")
        assert state.fetchone() == (3, True)
        assert {row[0] for row in owner.execute("select done from job_run where job = 'works'")} == {3}


def test_one_that_hangs_is_ended_and_counts_as_failed(run: Callable, database: Database) -> None:
    async def hangs() -> int:
        await asyncio.sleep(60)
        return 0

    run(finished(JobWorker([Job("hangs", DAY, hangs, at=AT, longest=timedelta(seconds=0.2))])))
    with psycopg.connect(database.owner_url) as owner:
        assert owner.execute("select outcome, error from job_run").fetchone() == ("failed", "TimeoutError")


def test_a_run_taken_over_ends_where_it_began(run: Callable, database: Database) -> None:
    """As for a worker that was stopped and comes back: what it was doing is another's now."""
    ended: list[str] = []

    async def long() -> int:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return 7

    async def short() -> int:
        return 1

    async def story() -> None:
        slow, quick = JobWorker([Job("a job", DAY, long, at=AT)]), JobWorker([Job("a job", DAY, short, at=AT)])
        await slow.look()
        await asyncio.sleep(0)
        await finished(quick)  # its lease is good: nobody takes it
        await slow.beat()
        assert slow._running and not ended
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute("update job_run set lease_until = clock_timestamp()")
        await finished(quick)
        await slow.beat()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert ended == ["cancelled"]

    run(story())
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute("select attempt, outcome, done from job_run order by attempt").fetchall()
    assert rows == [(1, "lost", None), (2, "done", 1)]


def test_a_worker_told_to_stop_finishes_or_leaves_its_runs_to_others(run: Callable, database: Database) -> None:
    stopping = asyncio.Event()

    async def short() -> int:
        await stopping.wait()
        return 1

    async def long() -> int:
        await asyncio.sleep(60)
        return 1

    async def story() -> None:
        finishing, leaving = JobWorker([Job("short", DAY, short, at=AT)]), JobWorker([Job("long", DAY, long, at=AT)])
        for worker in (finishing, leaving):
            await worker.beat()
            await worker.look()
        await asyncio.sleep(0)
        stop = asyncio.create_task(finishing.stop(60))
        await asyncio.sleep(0)
        stopping.set()
        await stop
        await leaving.stop(0.2)
        assert await runs.take(Job("long", DAY, short, at=AT), "another") is not None

    run(story())
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute("select job, attempt, outcome from job_run order by job, attempt").fetchall()
        assert rows == [("long", 1, "lost"), ("long", 2, "running"), ("short", 1, "done")]
        assert owner.execute("select count(*) from worker").fetchone() == (0,)


def test_the_database_allows_one_run_at_a_time(database: Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("insert into job_run (job, due_at) values ('a job', now())")
        with pytest.raises(psycopg.errors.UniqueViolation, match="uq_job_run_running"):
            owner.execute("insert into job_run (job, due_at) values ('a job', now() + interval '1 day')")


def test_old_runs_are_forgotten_but_the_last(
    run: Callable, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [("a", 40, 5), ("a", 35, 0), ("a", 20, 5), ("a", 2, 0), ("a", 0, 0), ("b", 90, 1)]
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        for name, days, done in rows:
            owner.execute(
                "insert into job_run (job, due_at, started_at, finished_at, outcome, done)"
                " select %s, t, t, t, 'done', %s from (select now() - make_interval(days => %s) t) x",
                (name, done, days),
            )
    assert run(forget_old_runs()) == 3
    with psycopg.connect(database.owner_url) as owner:
        left = owner.execute("select job, (now() - due_at) > interval '10 days' from job_run order by job, due_at")
        assert left.fetchall() == [("a", True), ("a", False), ("b", True)]
    monkeypatch.setenv("JOB_RUN_RETENTION_DAYS", "10")
    settings.cache_clear()
    assert run(forget_old_runs()) == 1


def test_each_job_works_in_an_empty_and_in_a_used_bank(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        await make_months()  # one may have begun since the database was made
        for job in JOBS:
            assert await job.work() == 0
            assert meaning_of(job).endswith(".") and len(meaning_of(job)) < 140
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "10.00", "021000021")])
        (item,) = await item_ids(bank)
        await claim(bank.reviewer, item)
        async with transaction(bank.system) as session:
            await session.execute(update(Claim).values(expires_at=datetime.now(UTC) - DAY))
        worker = JobWorker([Job("release idle claims", DAY, release_idle_claims, at=AT)])
        await finished(worker)
        assert (await view_of(bank.reviewer, item)).status is Status.NEW

    run(story())
    assert len({job.name for job in JOBS}) == len(JOBS)


def test_what_fails_in_one_institution_keeps_it_from_no_other(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        both = {bank.institution_id, (await make_stranger(bank, tmp_path)).institution_id}
        for failing in (set(), *({one} for one in both), both):
            served: list[UUID] = []

            async def work(institution: UUID, failing: set[UUID] = failing, served: list[UUID] = served) -> int:
                served.append(institution)
                if institution in failing:
                    raise ValueError(f"not {institution}")
                return 2

            if not failing:
                assert await each_institution(work) == 4
            elif len(failing) == 1:
                with pytest.raises(ValueError, match=f"not {next(iter(failing))}"):
                    await each_institution(work)
            else:
                with pytest.raises(ExceptionGroup, match="2 of 2 institutions, not"):
                    await each_institution(work)
            assert set(served) == both and len(served) == 2

    run(story())


@pytest.mark.parametrize(
    ("error", "words"),
    [(TimeoutError(), "TimeoutError"), (ValueError("a\nb"), "ValueError: a"), (OSError(5, "x" * 900), None)],
)
def test_errors_are_kept_short(error: Any, words: str | None) -> None:
    assert in_words(error) == words if words else len(in_words(error)) == 300


def test_a_process_that_stands_still_loses_its_locks(
    run: Callable, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a stopped worker does in the middle of a transaction: others need not wait until it comes back."""

    async def story() -> None:
        await runs.register([Job("a job", DAY, nothing, at=AT)], {"a job": "It does nothing."})
        monkeypatch.setattr(beginning, "IDLE_TIMEOUT_MS", 300)
        # What it remembers names the usual time.
        monkeypatch.setattr(beginning, "settings", beginning.settings.__wrapped__)
        with pytest.raises(DBAPIError):
            async with transaction(None) as session:
                await session.execute(text("select 1 from scheduled_job for update"))
                await asyncio.sleep(0.8)
                assert await runs.take(Job("a job", DAY, nothing, at=AT), "another") is not None
                await session.execute(text("select 1"))

    run(story())
