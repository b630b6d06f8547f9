"""A reading that is one message: a transaction of its own, in one institution, that cannot write and leaves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from console.actor import system_actor
from db.direct import Direct
from db.engine import pool_state, read_at_once, transaction
from db.models import Institution
from tests.conftest import Database
from tests.factories import make_bank

Run = Callable[[Coroutine[Any, Any, Any]], Any]

_STANDING = Direct(
    text(
        "select current_user as role, current_setting('console.institution_id', true) as institution,"
        " current_setting('timezone') as zone, current_setting('transaction_read_only') as read_only,"
        " current_setting('lock_timeout') as locks, now() as begun, clock_timestamp() as at, pg_backend_pid() as pid"
    )
)
_NAMES = Direct(select(Institution.name))
_RENAME = Direct(text("update institution set name = :name"))
_HALVED = Direct(text("select 1 / cast(:by as integer) as half"))
_SLEEP = Direct(text("select pg_sleep(:seconds)").bindparams(bindparam("seconds", 0.0)))


def test_all_of_it_is_one_transaction_of_the_institution(run: Run) -> None:
    async def work() -> None:
        bank = await make_bank()
        [first], names, [last] = await read_at_once(bank.system, (_STANDING, {}), (_NAMES, {}), (_STANDING, {}))
        assert tuple(first)[:5] == tuple(last)[:5] == ("console_app", str(bank.institution_id), "UTC", "on", "2s")
        assert first.begun == last.begun and first.at < last.at and first.pid == last.pid
        assert len(names) == 1
        for stranger in (None, system_actor(uuid4(), "tests")):
            assert await read_at_once(stranger, (_NAMES, {})) == [[]]

    run(work())


def test_nothing_of_it_is_left_on_the_connection(run: Run, database: Database) -> None:
    async def work() -> tuple[Any, Any]:
        bank = await make_bank()
        [[inside]] = await read_at_once(bank.system, (_STANDING, {}))
        async with transaction(None) as session:
            # Ends what this transaction set, so that the connection's own is seen.
            await session.execute(text("commit"))
            return inside, (await _STANDING.all(session, {}))[0]

    inside, after = run(work())
    assert after.pid == inside.pid
    assert after.role == psycopg.conninfo.conninfo_to_dict(database.url)["user"] != "console_app"
    assert not after.institution and after.read_only == "off" and after.locks == "0"


def test_it_cannot_write(run: Run) -> None:
    async def work() -> tuple[str, str]:
        bank = await make_bank()
        [[before]] = await read_at_once(bank.system, (_NAMES, {}))
        with pytest.raises(DBAPIError, match="read-only"):
            await read_at_once(bank.system, (_RENAME, {"name": "Another"}))
        [[after]] = await read_at_once(bank.system, (_NAMES, {}))
        return before.name, after.name

    before, after = run(work())
    assert before == after


@pytest.mark.parametrize("times", [1, 7])
def test_one_that_fails_is_told_of_without_values_and_the_next_go_on(run: Run, times: int) -> None:
    async def work() -> None:
        bank = await make_bank()
        for _ in range(times):
            with pytest.raises(DBAPIError, match="division by zero") as told:
                await read_at_once(bank.system, (_NAMES, {}), (_HALVED, {"by": 0}), (_NAMES, {}))
            assert told.value.params is None and told.value.statement is None
            rows, [half] = await read_at_once(bank.system, (_NAMES, {}), (_HALVED, {"by": 1}))
            assert len(rows) == 1 and half.half == 1
        assert pool_state().used == 0 and pool_state().open == 1

    run(work())


def test_each_statement_has_its_time(run: Run) -> None:
    async def work() -> None:
        # Together longer than what one may take, and each so much shorter that a busy machine does not make it late.
        brief, most = (_SLEEP, {"seconds": 0.6}), 1500
        assert len(await read_at_once(None, brief, brief, brief, statement_timeout_ms=most)) == 3
        with pytest.raises(DBAPIError, match="statement timeout"):
            await read_at_once(None, brief, (_SLEEP, {"seconds": 10}), statement_timeout_ms=most)
        await read_at_once(None, (_SLEEP, {"seconds": 0}))

    run(work())


def test_a_connection_that_is_lost_leaves_the_pool(run: Run, database: Database) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as superuser:

        async def work() -> None:
            [[row]] = await read_at_once(None, (_STANDING, {}))
            task = asyncio.create_task(read_at_once(None, (_STANDING, {}), (_SLEEP, {"seconds": 20})))
            await asyncio.sleep(0.2)
            superuser.execute("select pg_terminate_backend(%s)", (row.pid,))
            with pytest.raises(OperationalError):
                await task
            [[other]] = await read_at_once(None, (_STANDING, {}))
            assert other.pid != row.pid and pool_state().used == 0

        run(work())


def test_a_task_that_is_ended_gives_its_connection_back(run: Run) -> None:
    async def work() -> None:
        bank = await make_bank()
        task = asyncio.create_task(read_at_once(bank.system, (_NAMES, {}), (_SLEEP, {"seconds": 20})))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(10):
                await task
        for _ in range(3):
            [rows] = await read_at_once(bank.system, (_NAMES, {}))
            assert len(rows) == 1
        assert pool_state().used == 0

    run(work())


def test_values_go_in_as_a_sessions_do(run: Run) -> None:
    wanted = Direct(select(Institution.id).where(Institution.id == bindparam("id")))

    async def work() -> None:
        bank = await make_bank()
        own, others = await read_at_once(bank.system, (wanted, {"id": bank.institution_id}), (wanted, {"id": uuid4()}))
        assert [row.id for row in own] == [bank.institution_id] and others == []

    run(work())
