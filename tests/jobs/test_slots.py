"""A job runs once per due time, whoever else wants to run it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from sqlalchemy import update

from console.review.claims import claim
from console.review.states import Status
from db.engine import transaction
from db.models import Claim
from jobs.release_idle_claims import release_idle_claims
from jobs.scheduler import JOBS, Job, run_due
from jobs.slots import forget_old_slots, take_slot
from tests.conftest import Database
from tests.factories import import_items, item_ids, make_bank, view_of, x9_item

ROOT = Path(__file__).resolve().parents[2]
DAY = timedelta(days=1)


def test_one_of_many_takes_the_slot(run: Callable) -> None:
    async def story() -> None:
        taken = await asyncio.gather(*(take_slot("a job", DAY) for _ in range(20)))
        assert sum(due is not None for due in taken) == 1
        assert await take_slot("another job", DAY) is not None

    run(story())


def test_the_next_due_time_is_another_slot(run: Callable) -> None:
    async def story() -> None:
        first = await take_slot("quick", timedelta(seconds=1))
        await asyncio.sleep(1.1)
        second = await take_slot("quick", timedelta(seconds=1))
        assert first is not None and second is not None and second > first

    run(story())


def test_old_slots_are_forgotten(run: Callable, database: Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("insert into job_run values ('old', now() - interval '8 days'), ('new', now())")
    assert run(forget_old_slots()) == 1
    with psycopg.connect(database.owner_url) as owner:
        assert owner.execute("select job from job_run").fetchall() == [("new",)]


def test_each_job_works_in_an_empty_and_in_a_used_bank(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        for job in JOBS:
            assert await job.work() == 0
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "10.00", "021000021")])
        (item,) = await item_ids(bank)
        await claim(bank.reviewer, item)
        async with transaction(bank.system) as session:
            await session.execute(update(Claim).values(expires_at=datetime.now(UTC) - DAY))
        job = Job("release idle claims", DAY, release_idle_claims)
        assert await run_due(job) == 1
        assert await run_due(job) is None
        assert (await view_of(bank.reviewer, item)).status is Status.NEW

    run(story())


def test_the_worker_puts_idle_items_back_and_ends_on_sigterm(run: Callable, tmp_path: Path) -> None:
    async def prepare():  # type: ignore[no-untyped-def]
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "10.00", "021000021")])
        (item,) = await item_ids(bank)
        await claim(bank.reviewer, item)
        async with transaction(bank.system) as session:
            await session.execute(update(Claim).values(expires_at=datetime.now(UTC) - DAY))
        return bank, item

    bank, item = run(prepare())
    environ = os.environ | {"CRC_BOOTSTRAP": "off"}
    worker = subprocess.Popen([sys.executable, "main.py", "worker"], cwd=ROOT, env=environ)
    try:
        deadline = time.monotonic() + 45
        while run(view_of(bank.reviewer, item)).status is not Status.NEW:
            assert time.monotonic() < deadline, "the worker did not put the item back"
            time.sleep(0.5)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=10) == 0
