"""What is refused is kept: who, what, whence; and a flood of refusals is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from console.access import refusals
from console.access.permissions import NotAllowed, Permission, require
from console.access.refusals import Refusal, Why, keep, keep_of_nobody, witnessed
from console.access.visit import Visit
from console.actor import Actor
from console.settings import Settings
from db.engine import transaction
from db.models import AuditEntry
from db.redis_pool import close_redis, open_redis
from tests.access.forgotten import refusals_forgotten
from tests.edge.site import browser, session_of, site
from tests.factories import Bank, make_bank

Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def entries(bank: Bank) -> list[AuditEntry]:
    async with transaction(bank.system) as session:
        query = select(AuditEntry).where(AuditEntry.action == "access.refused").order_by(AuditEntry.sequence)
        return list(await session.scalars(query))


def fresh(actor: Actor, name: str) -> Actor:
    """The person in a session that nobody has counted yet: Redis is shared by all tests."""
    return replace(actor, session=f"{name}-{actor.user_id}")


def test_a_refusal_says_who_what_and_whence(run: Run) -> None:
    async def story() -> None:
        bank = await make_bank()
        actor = fresh(bank.reviewer, "says")
        with pytest.raises(NotAllowed):
            async with witnessed(actor, "/intake take_file"):
                require(actor, Permission.FILE_IMPORT)
        (entry,) = await entries(bank)
        assert (entry.actor_id, entry.actor_name, entry.address) == (actor.user_id, actor.name, "127.0.0.1")
        assert (entry.session, entry.request_id) == (actor.session, "a-request")
        assert (entry.object_type, entry.object_id) == ("operation", "/intake take_file")
        assert entry.after == {"why": "permission", "permission": "file:import"}

    run(story())


def test_what_goes_through_or_fails_otherwise_leaves_nothing(run: Run) -> None:
    async def story() -> None:
        bank = await make_bank()
        with pytest.raises(LookupError):
            async with witnessed(bank.reviewer, "look"):
                raise LookupError
        async with witnessed(bank.reviewer, "look"):
            pass
        assert await entries(bank) == []

    run(story())


def test_the_same_again_is_kept_three_times_a_minute_and_other_things_too(run: Run) -> None:
    async def story() -> None:
        bank = await make_bank()
        actor = fresh(bank.reviewer, "same")
        await asyncio.gather(*(keep(actor, Refusal("GET /intake", Why.PERMISSION, "file:read")) for _ in range(20)))
        kept = await entries(bank)
        assert len(kept) == refusals.SAME_PER_MINUTE
        assert sum("note" in (entry.after or {}) for entry in kept) == 1
        await keep(actor, Refusal("GET /people", Why.PERMISSION, "user:read"))
        await keep(fresh(bank.reviewer, "another"), Refusal("GET /intake", Why.PERMISSION, "file:read"))
        assert len(await entries(bank)) == refusals.SAME_PER_MINUTE + 2

    run(story())


def test_a_session_that_tries_everything_cannot_fill_the_trail(run: Run) -> None:
    async def story() -> None:
        bank = await make_bank()
        actor = fresh(bank.auditor, "walks")
        for number in range(refusals.SESSION_PER_MINUTE + 20):
            await keep(actor, Refusal(f"GET /review/{number}", Why.NOT_FOUND))
        assert len(await entries(bank)) == refusals.SESSION_PER_MINUTE

    run(story())


def test_those_without_a_session_share_one_bound(run: Run) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with refusals_forgotten():
            for number in range(refusals.NOBODY_PER_MINUTE + 20):
                await keep_of_nobody(Visit(f"192.0.2.{number}"), Refusal("GET /queue", Why.NO_SESSION))
        kept = await entries(bank)
        assert len(kept) == refusals.NOBODY_PER_MINUTE
        assert {entry.actor_id for entry in kept} == {None}
        assert kept[0].address == "192.0.2.0"

    run(story())


def test_text_of_a_request_is_made_printable_and_short(run: Run) -> None:
    async def story() -> None:
        bank = await make_bank()
        await keep(fresh(bank.reviewer, "odd"), Refusal("GET /review/\x00\x1b[2J" + "x" * 5000, Why.NOT_FOUND))
        (entry,) = await entries(bank)
        assert entry.object_id.startswith("GET /review/��[2J")
        assert len(entry.object_id) == refusals.MAXIMUM_TEXT

    run(story())


def test_what_cannot_be_kept_stays_refused(run: Run) -> None:
    async def story() -> None:
        bank = await make_bank()
        await close_redis()
        open_redis("redis://127.0.0.1:1/0")
        with pytest.raises(NotAllowed):
            async with witnessed(bank.reviewer, "anything"):
                require(bank.reviewer, Permission.FILE_IMPORT)
        assert await entries(bank) == []

    run(story())


def test_the_edge_keeps_a_forged_session_and_another_sessions_page(run: Run, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with refusals_forgotten(), browser(console, site(console)) as client:
            client.cookies.set("console_session", "made-up")
            assert (await client.get("/review/1")).status_code == 303
            client.cookies.set("console_session", await session_of(bank.reviewer))
            answer = await client.post("/_nicegui/client/page-of-somebody/upload/1")
            assert answer.status_code == 403
        forged, foreign = await entries(bank)
        assert (forged.actor_name, forged.object_id) == ("nobody", "GET /review/1")
        assert (forged.address, forged.after) == ("192.0.2.7", {"why": "no session", "permission": None})
        assert forged.request_id
        assert foreign.actor_id == bank.reviewer.user_id
        assert foreign.after == {"why": "page of another session", "permission": None}

    run(story())


def test_whoever_comes_with_no_session_at_all_begins_at_the_sign_in(run: Run, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with browser(console, site(console)) as client:
            assert (await client.get("/queue")).headers["location"] == "/sign-in?next=/queue"
        assert await entries(bank) == []

    run(story())
