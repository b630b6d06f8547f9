"""A process that stands still in the middle of a transaction: how long others wait for what it has locked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from console.access import session_list, session_store, sessions
from console.actor import Actor
from console.audit.entries import Event, record
from console.review import leaving
from console.review.claims import claim
from console.review.item_locks import locked_item
from console.ui.line_guard import SIGN_OF_LIFE_EVERY, SIGN_OF_LIFE_WITHIN
from db import beginning
from db.engine import transaction, wait_outside
from db.models import AuditEntry
from tests.access.fresh import fresh
from tests.edge.site import session_of
from tests.factories import import_items, item_ids, make_bank, x9_item

# A page of it is loaded anew elsewhere after its silence, and once nginx has given the replica up.
ELSEWHERE_SECONDS = SIGN_OF_LIFE_EVERY + SIGN_OF_LIFE_WITHIN + 2
SHORT_MS = 500
LONG_SECONDS = 0.8


async def bound(**how: Any) -> str:
    async with transaction(None, **how) as session:
        return str(await session.scalar(text("show idle_in_transaction_session_timeout")))


def test_locks_are_free_before_a_stopped_replicas_pages_are_elsewhere(run: Callable) -> None:
    async def story() -> None:
        for how in ({}, {"plans_once": True}, {"statement_timeout_ms": 1_000}, {"read_only": True}):
            assert await bound(**how) == "10s"
        # Whoever waits for the object store or a thread in a transaction has a longer statement timeout as well.
        assert await bound(statement_timeout_ms=60_000) == "1min"
        async with transaction(None) as session:
            await wait_outside(session)
            assert await session.scalar(text("show idle_in_transaction_session_timeout")) == "1min"
        assert await bound() == "10s"

    run(story())
    assert beginning.IDLE_TIMEOUT_MS / 1000 <= ELSEWHERE_SECONDS


async def again(act: Callable[[], Awaitable[object]]) -> None:
    """Until it is done: on a busy machine anybody may be too late, now and then."""
    for _ in range(9):
        try:
            await act()
        except DBAPIError:
            continue
        return
    raise AssertionError("it was never done")


async def entries(actor: Actor, event: Event) -> int:
    async with transaction(actor) as session:
        query = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == event.value)
        return int(await session.scalar(query) or 0)


def test_what_it_had_locked_is_free_then_and_nothing_that_it_wrote_is_there(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "10.00", "021000021")])
        (item,) = await item_ids(bank)
        with pytest.raises(DBAPIError):
            async with transaction(bank.reviewer, plans_once=True) as session:
                await locked_item(session, item)
                # The head of the audit chain as well, for which everybody waits who changes anything.
                await record(session, bank.reviewer, Event.ITEM_RELEASED, "item", item, after={"why": "it stood still"})
                # As it is set from the beginning, and sooner.
                shorter = text(f"select set_config('idle_in_transaction_session_timeout', '{SHORT_MS}', true)")
                await session.execute(shorter)
                await again(lambda: claim(bank.second_reviewer, item))
                await session.execute(text("select 1"))
        assert await entries(bank.system, Event.ITEM_RELEASED) == 0
        assert await entries(bank.system, Event.ITEM_CLAIMED) == 1

    run(story())


def test_a_slow_redis_ends_no_transaction_that_waits_for_it(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(name: str) -> None:
        at_once = getattr(sessions, name)

        async def end(*given: Any, **named: Any) -> Any:
            await asyncio.sleep(LONG_SECONDS)
            return await at_once(*given, **named)

        monkeypatch.setattr(sessions, name, end)

    async def story() -> None:
        bank = await make_bank()
        admin, reviewer = fresh(bank.administrator), bank.reviewer.user_id
        assert reviewer is not None
        slowly("end_named")
        slowly("end_all_of")

        async def signed_in() -> str:
            return (await session_of(bank.reviewer)).partition(".")[0]

        async def in_spite_of_it(act: Callable[[str], Awaitable[object]]) -> str:
            """Nobody stands still for longer than SHORT_MS while it is done; the session that was there before."""
            for _ in range(9):
                session = await signed_in()
                with monkeypatch.context() as short:
                    short.setattr(beginning, "IDLE_TIMEOUT_MS", SHORT_MS)
                    # What it remembers names the usual time.
                    short.setattr(beginning, "settings", beginning.settings.__wrapped__)
                    try:
                        await act(session)
                    except DBAPIError:  # as anybody's may be on a busy machine, now and then
                        continue
                return session
            raise AssertionError("it was never done")

        await in_spite_of_it(lambda session: session_list.end_session(admin, session, "left the desk"))
        await in_spite_of_it(lambda _: session_list.end_sessions_of(admin, reviewer, "left the desk"))
        assert await entries(bank.system, Event.SESSION_ENDED) == 2
        last = await in_spite_of_it(lambda _: leaving.deactivate(admin, reviewer, "left the bank"))
        assert await session_store.read(last) is None

    run(story())
