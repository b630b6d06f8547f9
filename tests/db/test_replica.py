"""DATABASE_REPLICA_URL on a real streaming standby: what reads there, and what becomes of it when the standby fails."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from decimal import Decimal
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.access_export import Format, export_report
from console.access.access_report import Chosen, count_report, list_report
from console.actor import system_actor
from console.edge.health import CHECK_SECONDS, REMEMBERED_SECONDS, Health, check_database
from console.insight import chosen as insight
from console.insight.reports import read_overview, read_people
from console.lab.changed_items import Change, count_changed
from console.lab.replay import run_replay, start_replay
from console.lab.sweep import run_sweep, start_sweep
from console.lab.trials import read_trial
from console.operations.replica import read_replica
from console.operations.replica_panel import words_of
from console.resources import resources
from console.roles import Role
from console.settings import settings
from db.migrations.run import upgrade
from db.replica import LOOK_SECONDS, REST_SECONDS, read_aside, reads
from deploy.embedded.services import Endpoints
from tests.access.fresh import fresh
from tests.deploy.standby import Pair, primary_and_standby
from tests.factories import Bank, make_bank, make_person
from tests.lab.past import drafted, past_item, put
from tests.operations.test_metrics import exposed

# Longer than what a busy machine needs for a report that waits for nobody.
WAIT = 4.0
Run = Callable[[Callable[[Bank], Coroutine[Any, Any, None]]], None]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with primary_and_standby(tmp_path_factory.mktemp("pair")) as made:
        upgrade(made.primary.owner_url)
        yield made


@pytest.fixture(scope="module")
def bank(pair: Pair, services: Endpoints) -> Iterator[Bank]:
    """One bank on the pair, with the settings in force for the module."""
    environ = services.environ() | {
        "DATABASE_URL": pair.primary.url,
        "DATABASE_OWNER_URL": pair.primary.owner_url,
        "DATABASE_REPLICA_URL": pair.standby.url,
        "DATABASE_REPLICA_WAIT_SECONDS": str(WAIT),
        "SECRET_KEY": secrets.token_hex(48),
        "ARGON2_MEMORY_KIB": "8192",
    }

    async def make() -> Bank:
        async with resources(settings()):
            return await make_bank()

    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        settings.cache_clear()
        yield asyncio.run(make())
    settings.cache_clear()


@pytest.fixture
def story(bank: Bank) -> Run:
    """Runs a test's story with everything open, as a process has it that just started."""

    def run(work: Callable[[Bank], Coroutine[Any, Any, None]]) -> None:
        async def inside() -> None:
            async with resources(settings()):
                await work(bank)

        asyncio.run(inside())

    return run


async def where(session: AsyncSession) -> str:
    """Which of the two answers."""
    standby = (await session.execute(text("select pg_is_in_recovery()"))).scalar_one()
    return "replica" if standby else "primary"


def counted() -> tuple[int, int]:
    found = reads()
    assert found is not None
    return found.replica, found.primary


async def answers_within(
    seconds: float, ask: Callable[[], Awaitable[object]], wanted: object, pause: float = 0
) -> None:
    """This answer comes sooner than that, once in three times: a busy machine may stand still for a while."""
    for _ in range(3):
        began = time.monotonic()
        assert await ask() == wanted
        if time.monotonic() - began < seconds:
            return
        await asyncio.sleep(pause)
    raise AssertionError(f"it never took less than {seconds} s")


async def usable_again(bank: Bank) -> None:
    """Until a look finds the replica well, as the monitoring's does."""
    deadline = time.monotonic() + 60
    while not ((state := await read_replica(bank.administrator)) and state.usable):
        assert time.monotonic() < deadline, state
        await asyncio.sleep(0.1)
    assert await read_aside(bank.auditor, where) == "replica"


def test_reports_read_at_the_replica_what_was_just_committed(story: Run) -> None:
    async def work(bank: Bank) -> None:
        people = (await count_report(bank.auditor)).people
        for number in range(1, 6):
            who = await make_person(bank.system, f"new_person_{number}", Role.REVIEWER)
            page = await list_report(bank.auditor, limit=200)
            assert who.user_id in {line.user_id for line in page.lines}
            assert (await count_report(bank.auditor)).people == people + number
        file = await export_report(fresh(bank.auditor), Chosen(), Format.CSV)
        assert b"new_person_5" in file.content
        assert counted() == (12, 0)

    story(work)


def test_another_institution_sees_nothing_there(story: Run) -> None:
    async def people(session: AsyncSession) -> int:
        assert await where(session) == "replica"
        return int((await session.execute(text("select count(*) from app_user"))).scalar_one())

    async def work(bank: Bank) -> None:
        assert await read_aside(bank.auditor, people) > 5
        assert await read_aside(system_actor(uuid4(), "tests"), people) == 0

    story(work)


def test_nothing_writes_there_nor_at_the_primary_in_its_place(story: Run, pair: Pair) -> None:
    async def write(session: AsyncSession) -> None:
        await session.execute(text("update institution set name = name"))

    async def work(bank: Bank) -> None:
        for answered_by in ("replica", "primary"):
            assert await read_aside(bank.system, where) == answered_by
            with pytest.raises(DBAPIError, match="read-only transaction"):
                await read_aside(bank.system, write)
            if answered_by == "replica":
                pair.standby.stop()
        pair.standby.start()
        await usable_again(bank)

    story(work)


def test_one_that_is_behind_is_waited_for_a_while(story: Run, pair: Pair) -> None:
    async def work(bank: Bank) -> None:
        pair.hold_replay()
        try:
            await make_person(bank.system, "comes_meanwhile", Role.REVIEWER)
            began = time.monotonic()
            page = await list_report(bank.auditor, limit=200)
            waited = time.monotonic() - began
            assert "comes_meanwhile" in {line.username for line in page.lines}
            assert WAIT <= waited < WAIT + 15
            state = await read_replica(bank.administrator)
            assert state is not None and not state.usable
            assert state.lag_bytes and state.lag_seconds is not None and 0 < state.lag_seconds < 60
            assert words_of(state).startswith("Read at the primary: the replica is too far behind (")
            # Once it was found behind nobody waits for it, until it rested or was seen to be well.
            began = time.monotonic()
            await count_report(bank.auditor)
            assert time.monotonic() - began < WAIT
            assert counted() == (0, 2)
            figures = await exposed(settings())
            assert figures.sum("crc_replica_usable") == 0 and figures.sum("crc_replica_lag_bytes") > 0
            assert figures.sum("crc_replica_reads_total", answered_by="primary") == 2
        finally:
            pair.go_on_replaying()
        await usable_again(bank)
        state = await read_replica(bank.administrator)
        assert state is not None and words_of(state).startswith("Read there; it is 0.")
        figures = await exposed(settings())
        assert figures.sum("crc_replica_usable") == 1 and figures.sum("crc_replica_lag_seconds") < WAIT
        assert figures.sum("crc_shared_metrics_read", source="replica") == 1

    story(work)


def test_reports_and_the_lab_read_at_the_replica_and_find_the_same_at_the_primary(story: Run, pair: Pair) -> None:
    async def work(bank: Bank) -> None:
        rng = Random(5)
        put(pair.primary.superuser_url, bank, [past_item(rng) for _ in range(60)])
        draft_id = await drafted(bank, dual_control_amount="2500.00", new_account_amount="0")
        found = []
        for answered_by in ("replica", "primary"):
            before = counted()
            trial_id = await start_replay(bank.supervisor, draft_id, 90)
            await run_replay(bank.supervisor, trial_id)
            sweep_id = await start_sweep(
                bank.supervisor, draft_id, "dual_control_amount", Decimal(100), Decimal(9000), 90
            )
            await run_sweep(bank.supervisor, sweep_id)
            replayed, swept = [await read_trial(bank.supervisor, one) for one in (trial_id, sweep_id)]
            assert replayed.status == swept.status == "finished" and replayed.items == 60
            listed = (await count_changed(bank.supervisor, trial_id))[Change.ANY]
            assert listed == (replayed.result or {})["listed"] > 0
            work_done = (await read_overview(bank.supervisor, insight.Chosen())).found.now
            assert work_done.work.whole.received > 0
            by_person = (await read_people(bank.supervisor, insight.Chosen())).found
            assert sum(one.ended for one in by_person) > 0
            found.append((replayed.result, swept.result, work_done, by_person))
            after = counted()
            assert (after[0] > before[0], after[1] > before[1]) == (answered_by == "replica", answered_by == "primary")
            if answered_by == "replica":
                pair.standby.stop()
        assert found[0] == found[1]
        pair.standby.start()
        await usable_again(bank)

    story(work)


def failing_once(fail: Callable[[], None]) -> Callable[[AsyncSession], Awaitable[str]]:
    """Reads; the first time the replica fails in the middle of it."""
    failed: list[bool] = []

    async def read(session: AsyncSession) -> str:
        first = await where(session)
        if not failed:
            failed.append(True)
            await asyncio.to_thread(fail)
        await session.execute(text("select pg_sleep(0.2)"))
        assert await where(session) == first
        return first

    return read


def test_one_that_dies_or_hangs_while_it_reads_is_replaced_by_the_primary(story: Run, pair: Pair) -> None:
    async def work(bank: Bank) -> None:
        assert await read_aside(bank.auditor, failing_once(pair.standby.kill)) == "primary"
        # Refused at once, and not asked again for a while.
        assert await read_aside(bank.auditor, where) == "primary"
        pair.standby.start()
        await usable_again(bank)
        began = time.monotonic()
        try:
            assert await read_aside(bank.auditor, failing_once(pair.standby.freeze)) == "primary"
            assert time.monotonic() - began < REST_SECONDS
            state = await read_replica(bank.administrator)
            assert state is not None and words_of(state) == "Read at the primary: the replica does not answer."
            await answers_within(LOOK_SECONDS, lambda: read_aside(bank.auditor, where), "primary")
        finally:
            pair.standby.thaw()
        await usable_again(bank)

    story(work)


def test_a_statement_that_is_wrong_or_slow_is_not_tried_twice(story: Run) -> None:
    tried: list[str] = []

    def asking(question: str) -> Callable[[AsyncSession], Awaitable[None]]:
        async def ask(session: AsyncSession) -> None:
            tried.append(await where(session))
            await session.execute(text(question))

        return ask

    async def work(bank: Bank) -> None:
        for question, why in (("select nonsense", "nonsense"), ("select pg_sleep(10)", "statement timeout")):
            with pytest.raises(DBAPIError, match=why):
                await read_aside(bank.auditor, asking(question), statement_timeout_ms=1500)
        assert tried == ["replica", "replica"]
        assert await read_aside(bank.auditor, where) == "replica"

    story(work)


def test_without_a_replica_nothing_of_one_is_told(story: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(bank: Bank) -> None:
        pass

    story(work)
    monkeypatch.setenv("DATABASE_REPLICA_URL", "")
    settings.cache_clear()

    async def alone(bank: Bank) -> None:
        assert await read_aside(bank.auditor, where) == "primary"
        assert reads() is None and await read_replica(bank.administrator) is None
        assert not {name for name in (await exposed(settings())).names if "replica" in name}

    story(alone)
    monkeypatch.undo()
    settings.cache_clear()


def test_the_health_check_keeps_its_bound_while_the_primary_hangs(story: Run, pair: Pair) -> None:
    async def work(_: Bank) -> None:
        health = Health({"database": check_database})

        async def well() -> bool:
            return (await health.answers())["database"].ok

        assert await well()
        await asyncio.sleep(REMEMBERED_SECONDS + 0.1)
        pair.primary.freeze()
        try:
            await answers_within(CHECK_SECONDS + 3, well, False)
            # From now on the first question hangs, and another would only take a connection.
            await asyncio.sleep(REMEMBERED_SECONDS + 0.1)
            await answers_within(CHECK_SECONDS, well, False, REMEMBERED_SECONDS + 0.1)
            await asyncio.sleep(REMEMBERED_SECONDS + 0.1)
        finally:
            pair.primary.thaw()
        deadline = time.monotonic() + 60
        while not await well():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.5)

    story(work)


def test_one_that_was_promoted_is_asked_no_more(story: Run, pair: Pair) -> None:
    """Last: there is no way back."""

    async def work(bank: Bank) -> None:
        pair.standby.promote()
        assert await read_aside(bank.auditor, where) == "primary"
        state = await read_replica(bank.administrator)
        assert state is not None and "it was promoted" in words_of(state)

    story(work)
