"""What the database keeps of sessions, whatever becomes of Redis and of the database itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from console.access import session_history, sessions
from console.access import session_store as store
from console.access.session_history import catch_up, purge
from console.access.sessions import EndReason, SessionServiceUnavailable, Stage
from console.actor import Actor
from console.audit.entries import Event
from console.settings import Settings, settings
from db.engine import close_engine, open_engine, transaction
from db.models import AuditEntry, SessionRecord
from db.redis_pool import close_redis, open_redis, redis
from jobs.scheduler import JOBS
from tests.access.test_sessions import HERE, person_of
from tests.factories import Bank, make_bank


async def history(actor: Actor) -> list[SessionRecord]:
    """Everything kept, the oldest first."""
    async with transaction(actor) as rows:
        return list(await rows.scalars(select(SessionRecord).order_by(SessionRecord.started_at)))


async def change(actor: Actor, reference: str, **values: object) -> None:
    async with transaction(actor) as rows:
        await rows.execute(update(SessionRecord).where(SessionRecord.reference == reference).values(**values))


async def audited(actor: Actor, event: Event) -> list[AuditEntry]:
    async with transaction(actor) as rows:
        of_it = select(AuditEntry).where(AuditEntry.action == event.value).order_by(AuditEntry.sequence)
        return list(await rows.scalars(of_it))


async def open_session(bank: Bank) -> tuple[str, str]:
    """Token and reference of a full session."""
    token = await sessions.start(person_of(bank.reviewer), Stage.FULL, HERE)
    return token, token.partition(".")[0]


def job(name: str) -> Callable:
    return next(one.work for one in JOBS if one.name == name)


def test_a_session_is_written_down_from_when_it_is_full_to_its_end(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        pending = await sessions.start(person_of(bank.reviewer), Stage.PASSWORD, HERE)
        assert await history(bank.system) == []
        token = await sessions.promote(pending)
        (row,) = await history(bank.system)
        assert (row.user_id, row.reference, row.method) == (bank.reviewer.user_id, token.partition(".")[0], "password")
        assert (row.address, row.agent, row.ended_at) == ("192.0.2.7", "a browser", None)
        await asyncio.sleep(0.005)
        await sessions.touch(token)
        await sessions.end(token, EndReason.SIGNED_OUT)
        (row,) = await history(bank.system)
        assert row.end_reason == "signed_out" and row.ended_at >= row.last_seen_at > row.started_at

    run(story())


def test_the_one_that_is_too_many_is_written_down_and_audited(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        references = []
        for _ in range(4):
            references.append((await open_session(bank))[1])
            await asyncio.sleep(0.002)
        reasons = {row.reference: row.end_reason for row in await history(bank.system)}
        assert [reasons[one] for one in references] == ["too_many_sessions", None, None, None]
        (entry,) = await audited(bank.system, Event.SESSION_ENDED)
        assert (entry.object_id, entry.after["reason"]) == (references[0], "too_many_sessions")

    run(story())


def test_without_history_there_is_no_session(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        beside = f"session:{{{store.index(bank.reviewer.user_id)[13:17]}}}:*"
        before = set(await redis().keys(beside))
        await close_engine()
        open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
        with pytest.raises(Exception, match="connection"):
            await open_session(bank)
        # Of no person whose sessions lie in the same slot either: Redis is every test's.
        assert set(await redis().keys(beside)) <= before

    run(story())


def test_what_redis_let_go_is_closed_with_the_reason(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        now = datetime.now(UTC)
        _, idle = await open_session(bank)
        _, expired = await open_session(bank)
        _, lost = await open_session(bank)
        person = person_of(bank.approver)
        late = await sessions.start(person, Stage.FULL, HERE)
        await redis().delete(*(store.key(one) for one in (idle, expired, lost)))
        await change(bank.system, idle, started_at=now - timedelta(hours=1), last_seen_at=now - timedelta(minutes=40))
        await change(bank.system, expired, started_at=now - timedelta(hours=13), last_seen_at=now - timedelta(hours=1))
        await asyncio.sleep(0.005)
        await sessions.touch(late)
        assert await job("catch up with sessions")() == 3
        rows = {row.reference: row for row in await history(bank.system)}
        assert rows[idle].end_reason == "idle" and rows[idle].ended_at == now - timedelta(minutes=10)
        assert rows[expired].end_reason == "expired" and rows[expired].ended_at == now - timedelta(hours=1)
        assert rows[lost].end_reason == "lost" and rows[lost].ended_at >= now
        row = rows[late.partition(".")[0]]
        assert row.ended_at is None and row.last_seen_at > row.started_at
        assert await catch_up(bank.institution_id) == 0

    run(story())


def test_an_end_that_the_database_missed_is_written_later(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        token, reference = await open_session(bank)
        await close_engine()
        open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
        await sessions.end_named(reference, EndReason.ENDED_BY_ADMINISTRATOR)
        assert await sessions.resolve(token) is None
        await close_engine()
        open_engine(console.database_url.get_secret_value())
        assert (await history(bank.system))[0].ended_at is None
        assert await catch_up(bank.institution_id) == 1
        assert (await history(bank.system))[0].end_reason == "ended_by_administrator"

    run(story())


def test_a_session_that_came_back_is_ended_again(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        token, reference = await open_session(bank)
        kept = await redis().dump(store.key(token))
        await sessions.end_named(reference, EndReason.DEACTIVATED)
        await redis().restore(store.key(token), 60_000, kept)  # a replica that had not heard of the end took over
        assert await sessions.resolve(token) is not None
        await catch_up(bank.institution_id)
        assert await sessions.resolve(token) is None
        assert (await history(bank.system))[0].end_reason == "deactivated"

    run(story())


def test_while_redis_is_away_nothing_is_closed(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        await open_session(bank)
        await close_redis()
        open_redis("redis://127.0.0.1:1/0")
        with pytest.raises(SessionServiceUnavailable):
            await catch_up(bank.institution_id)
        assert (await history(bank.system))[0].ended_at is None

    run(story())


def test_old_history_is_purged(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        bank = await make_bank()
        now = datetime.now(UTC)
        old, newer, still_open = [(await open_session(bank))[1] for _ in range(3)]
        for reference, days in ((old, 91), (newer, 89)):
            await sessions.end_named(reference, EndReason.SIGNED_OUT)
            await change(bank.system, reference, ended_at=now - timedelta(days=days))
        await change(bank.system, still_open, started_at=now - timedelta(days=200))
        assert await purge(bank.institution_id) == 1
        assert {row.reference for row in await history(bank.system)} == {newer, still_open}
        (entry,) = await audited(bank.system, Event.SESSIONS_PURGED)
        assert entry.after["count"] == 1 and entry.actor_name == "sessions"
        monkeypatch.setenv("SESSION_HISTORY_DAYS", "7")
        settings.cache_clear()
        assert await purge(bank.institution_id) == 1
        assert await purge(bank.institution_id) == 0
        assert len(await audited(bank.system, Event.SESSIONS_PURGED)) == 2

    run(story())


def test_another_institution_s_history_is_not_touched(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        token, _ = await open_session(bank)
        await redis().delete(store.key(token))
        assert await session_history.catch_up(UUID(int=7)) == 0
        assert (await history(bank.system))[0].ended_at is None

    run(story())
