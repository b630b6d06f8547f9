"""Statements that go straight to the driver: the same transaction, the same answers and errors as the session's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from console.audit.entries import Event, NewEntry, record_at_end
from db.direct import Direct
from db.engine import end_with, pool_state, transaction
from db.models import AuditEntry, Institution
from tests.conftest import Database
from tests.factories import make_bank

Run = Callable[[Coroutine[Any, Any, Any]], Any]

_VALUES = Direct(
    text(
        "select :number as number, :number + 1 as next, cast(:id as uuid) as id, cast(:amount as numeric) as amount,"
        " cast(:at as timestamptz) as at, :parts as parts"
    ).bindparams(bindparam("parts", type_=JSONB))
)
_RENAME = Direct(text("update institution set name = :name where id = :id returning name"))
_NAMES = Direct(select(Institution.name).where(Institution.id == bindparam("id")))


def test_values_come_back_as_the_types_that_they_went_in_with(run: Run) -> None:
    sent = {
        "number": 3,
        "id": uuid4(),
        "amount": Decimal("12.30"),
        "at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "parts": {"a": [1, None]},
    }

    async def ask() -> Any:
        async with transaction(None) as session:
            return await _VALUES.first(session, sent)

    row = run(ask())
    assert row._asdict() == sent | {"next": 4}
    assert str(row.amount) == "12.30"


def test_it_is_the_sessions_transaction(run: Run) -> None:
    class Changed(Exception): ...

    async def work() -> tuple[str, str, str]:
        bank = await make_bank()
        own = {"id": bank.system.institution_id}
        with pytest.raises(Changed):
            async with transaction(bank.system) as session:
                await _RENAME.run(session, own | {"name": "Another"})
                inside = (await session.execute(select(Institution.name))).scalar_one()
                raise Changed
        async with transaction(bank.system) as session:
            (row,) = await _NAMES.all(session, own)
            await _RENAME.run(session, own | {"name": "Kept"})
        async with transaction(bank.system) as session:
            kept = (await session.execute(select(Institution.name))).scalar_one()
        return inside, row.name, kept

    inside, after, kept = run(work())
    assert inside == "Another"
    assert after not in {"Another", "Kept"}
    assert kept == "Kept"


def test_errors_are_those_of_the_session_and_tell_no_values(run: Run) -> None:
    refused = Direct(text("insert into institution (id, name) values (:id, :name)"))

    async def insert() -> None:
        async with transaction(None) as session:
            await refused.run(session, {"id": uuid4(), "name": None})

    with pytest.raises(DBAPIError) as told:
        run(insert())
    assert told.value.orig is not None
    divided = Direct(select(func.sqrt(bindparam("number"))))

    async def root() -> None:
        async with transaction(None) as session:
            await divided.run(session, {"number": -123456})

    with pytest.raises(DBAPIError) as told:
        run(root())
    assert "123456" not in str(told.value)


def test_a_rule_of_the_database_is_an_integrity_error(run: Run) -> None:
    doubled = Direct(text("insert into institution select * from institution where id = :id"))

    async def work() -> None:
        bank = await make_bank()
        async with transaction(bank.system) as session:
            await doubled.run(session, {"id": bank.system.institution_id})

    with pytest.raises(IntegrityError):
        run(work())


@pytest.mark.parametrize("at_the_end", [False, True])
def test_a_connection_that_is_lost_leaves_the_pool(run: Run, database: Database, at_the_end: bool) -> None:
    """The transaction fails as unavailable, and the next one has another connection."""
    own = Direct(text("select pg_backend_pid() as pid"))

    def end(pid: int) -> None:
        with psycopg.connect(database.superuser_url) as superuser:
            superuser.execute("select pg_terminate_backend(%s)", (pid,))

    async def work() -> tuple[int, int]:
        with pytest.raises(OperationalError):
            async with transaction(None) as session:
                first = (await own.all(session, {}))[0].pid
                await asyncio.to_thread(end, first)
                if at_the_end:
                    end_with(session, lambda: (own, {}))
                else:
                    await own.first(session, {})
        async with transaction(None) as session:
            return first, (await own.all(session, {}))[0].pid

    first, second = run(work())
    assert first != second


def test_the_last_statement_comes_with_the_commit_and_not_before(run: Run) -> None:
    async def work() -> tuple[str, str, str]:
        bank = await make_bank()
        own = {"id": bank.system.institution_id}
        async with transaction(bank.system) as session:
            await _RENAME.run(session, own | {"name": "First"})
            end_with(session, lambda: (_RENAME, own | {"name": "Last"}))
            inside = (await _NAMES.all(session, own))[0].name
            with pytest.raises(RuntimeError):
                end_with(session, lambda: (_RENAME, own | {"name": "Other"}))
        async with transaction(bank.system) as session:
            after = (await _NAMES.all(session, own))[0].name
            role = (await session.execute(text("select current_user"))).scalar_one()
        return inside, after, role

    assert run(work()) == ("First", "Last", "console_app")


@pytest.mark.parametrize("times", [1, 8])
def test_a_last_statement_that_fails_commits_nothing(run: Run, times: int) -> None:
    """Also where it was prepared on the connection before."""
    halved = Direct(text("select 1 / cast(:by as integer)"))

    async def work() -> str:
        bank = await make_bank()
        own = {"id": bank.system.institution_id}
        async with transaction(bank.system) as session:
            await _RENAME.run(session, own | {"name": "Kept"})
            for _ in range(times):
                await halved.run(session, {"by": 1})
        for _ in range(2):
            with pytest.raises(DBAPIError, match="zero"):
                async with transaction(bank.system) as session:
                    await _RENAME.run(session, own | {"name": "Lost"})
                    end_with(session, lambda: (halved, {"by": 0}))
        async with transaction(bank.system) as session:
            return str((await _NAMES.all(session, own))[0].name)

    assert run(work()) == "Kept"


def test_an_entry_at_the_end_needs_a_chain(run: Run, database: Database) -> None:
    """Without one nothing of the transaction is there."""
    news = [NewEntry(Event.HOURS_CHANGED, "institution", "here")]

    async def chain() -> list[tuple[int, str]]:
        async with transaction(bank.system) as session:
            found = await session.execute(select(AuditEntry.sequence, AuditEntry.action).order_by(AuditEntry.sequence))
            return [(row.sequence, row.action) for row in found]

    async def enter(name: str) -> None:
        async with transaction(bank.system) as session:
            await _RENAME.run(session, {"id": bank.system.institution_id, "name": name})
            record_at_end(session, bank.system, news)
            record_at_end(session, bank.system, news)

    bank = run(make_bank())
    before = run(chain())
    run(enter("Entered"))
    told = run(chain())[len(before) :]
    assert told == [(len(before) + 1, "institution.hours_changed"), (len(before) + 2, "institution.hours_changed")]
    with psycopg.connect(database.superuser_url) as superuser:
        superuser.execute("delete from audit_head where institution_id = %s", (bank.system.institution_id,))
    with pytest.raises(DBAPIError):
        run(enter("Not entered"))

    async def name() -> str:
        async with transaction(bank.system) as session:
            return str((await _NAMES.all(session, {"id": bank.system.institution_id}))[0].name)

    assert run(name()) == "Entered"


def test_transactions_have_their_turn_in_the_order_in_which_they_asked(run: Run) -> None:
    """Whoever has just ended one and begins another waits behind those who waited before."""
    most = 15
    begun: list[str] = []

    async def hold(until: asyncio.Event) -> None:
        async with transaction(None):
            await until.wait()

    async def busy(until: asyncio.Event) -> None:
        await hold(until)
        async with transaction(None):
            begun.append("again")

    async def waits(name: str) -> None:
        async with transaction(None):
            begun.append(name)

    async def work() -> None:
        first, rest = asyncio.Event(), asyncio.Event()
        held = [asyncio.create_task(busy(first)), *(asyncio.create_task(hold(rest)) for _ in range(most - 1))]
        while pool_state().used < most:
            await asyncio.sleep(0.01)
        waiting = []
        for name in ("first", "second", "third"):
            waiting.append(asyncio.create_task(waits(name)))
            await asyncio.sleep(0)
        first.set()
        await asyncio.gather(held[0], *waiting)
        rest.set()
        await asyncio.gather(*held)

    run(work())
    assert begun == ["first", "second", "third", "again"]


def test_how_plans_are_made_is_each_transactions_own(run: Run) -> None:
    """Also where both are on one connection."""
    set_as = Direct(
        text(
            "select pg_backend_pid() as pid, current_setting('plan_cache_mode') as mode,"
            " current_setting('enable_seqscan') as whole"
        )
    )

    async def work(once: bool) -> tuple[Any, ...]:
        async with transaction(None, plans_once=once) as session:
            return tuple((await set_as.all(session, {}))[0])

    async def both() -> list[tuple[Any, ...]]:
        return [await work(once) for once in (False, True, False)]

    (first, *usual), (second, *once), (third, *after) = run(both())
    assert first == second == third
    assert usual == after == ["auto", "on"]
    assert once == ["force_generic_plan", "off"]


def test_a_task_that_is_ended_at_its_last_statement_commits_nothing(run: Run) -> None:
    """And the connection, or another one in its place, serves the next."""
    slow = Direct(text("select pg_sleep(30)"))

    async def work() -> str:
        bank = await make_bank()
        own = {"id": bank.system.institution_id}

        async def rename(name: str, last: Direct, values: dict[str, Any]) -> None:
            async with transaction(bank.system) as session:
                await _RENAME.run(session, own | {"name": name})
                end_with(session, lambda: (last, values))

        await rename("Kept", _NAMES, own)
        task = asyncio.create_task(rename("Lost", slow, {}))
        while pool_state().used == 0:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(10):
                await task
        for _ in range(3):
            async with transaction(bank.system) as session:
                name = str((await _NAMES.all(session, own))[0].name)
        assert pool_state().used == 0
        return name

    assert run(work()) == "Kept"
