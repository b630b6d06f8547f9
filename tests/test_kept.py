"""What tests run their coroutines on: open from call to call, closed outside of them, as at first after any call."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from console.settings import Settings
from db import engine
from db.engine import transaction
from tests.kept import Run, afresh


async def backend() -> int:
    async with transaction(None) as session:
        found: int = (await session.execute(text("select pg_backend_pid()"))).scalar_one()
        return found


def test_a_connection_is_kept_and_nothing_is_open_between_calls(run: Run, console: Settings) -> None:
    first = run(backend())
    assert not engine.is_open()
    assert run(backend()) == first
    assert afresh(console)(backend()) != first
    assert run(backend()) == first


def test_what_a_call_leaves_running_is_cancelled(run: Run) -> None:
    async def leave() -> asyncio.Task[None]:
        task = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        return task

    assert run(leave()).cancelled()


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, asyncio.CancelledError])
def test_what_a_call_raises_is_raised_and_the_next_goes_on(run: Run, kind: type[BaseException]) -> None:
    async def fail() -> None:
        async with transaction(None):
            raise kind("so")

    first = run(backend())
    with pytest.raises(kind, match="so"):
        run(fail())
    assert run(backend()) == first


def test_after_a_call_that_opened_something_else_all_is_as_at_first(run: Run) -> None:
    async def elsewhere() -> None:
        await engine.close_engine()
        engine.open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")

    first = run(backend())
    run(elsewhere())
    assert not engine.is_open()
    assert run(backend()) != first
