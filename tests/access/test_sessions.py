"""Sessions in a real Redis: what keeps them alive, what ends them, and what stays secret."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from console.access import sessions
from console.access.sessions import (
    PageSession,
    Person,
    SessionServiceUnavailable,
    SignedOut,
    Stage,
    cookie_name,
    resolve,
    start,
    touch,
)
from console.access.visit import Visit
from console.roles import Role
from console.settings import Settings
from db.redis_pool import close_redis, open_redis, redis

ANN = Person(UUID(int=1), UUID(int=2), "ann", "Ann Onym", frozenset({Role.REVIEWER, Role.AUDITOR}))
HERE = Visit("192.0.2.7", "a browser", "a-request")


async def remaining(token: str) -> timedelta:
    """How long Redis will keep the session."""
    return timedelta(milliseconds=await redis().pttl(sessions._key(token)))


async def shorten(token: str, span: timedelta) -> None:
    """Let time pass: the session has only this long to go."""
    await redis().pexpire(sessions._key(token), span)


def test_a_session_is_its_actor(run: Callable) -> None:
    async def story() -> None:
        token = await start(ANN, Stage.FULL, HERE)
        assert len(token) >= 43  # 256 bits
        actor = await resolve(token)
        assert actor is not None
        assert (actor.institution_id, actor.user_id, actor.name) == (ANN.institution_id, ANN.user_id, "ann")
        assert (actor.roles, actor.address, actor.system) == (ANN.roles, "192.0.2.7", False)
        assert (await resolve(token, Visit("198.51.100.9", "", "r2"))) == replace(
            actor, address="198.51.100.9", request_id="r2"
        )
        session = await sessions.find(token)
        assert session is not None and session.person == ANN
        assert session.ends_at - session.started_at == timedelta(hours=12)
        assert session.idle_until() - session.last_seen_at == timedelta(minutes=30)
        for nobody in ("", "x", token[:-1], token + "A"):
            assert await resolve(nobody) is None
        # Neither a token nor anything that opens a session can be read from Redis.
        everything = [await redis().dump(key) for key in await redis().keys("*")] + await redis().keys("*")
        assert not any(token.encode() in value for value in everything)
        assert actor.session is not None and await resolve(actor.session) is None

    run(story())


@pytest.mark.parametrize("stage", [Stage.PASSWORD, Stage.ENROL])
def test_a_pending_session_is_nobody(run: Callable, stage: Stage) -> None:
    async def story() -> None:
        token = await start(ANN, stage, HERE)
        assert await resolve(token) is None
        with pytest.raises(SignedOut):
            await PageSession(token).actor()
        with pytest.raises(SignedOut):
            await PageSession(token).session()
        assert timedelta(minutes=9) < await remaining(token) <= timedelta(minutes=10)
        await touch(token)
        assert await remaining(token) <= timedelta(minutes=10)

    run(story())


def test_only_activity_keeps_a_session(run: Callable) -> None:
    async def story() -> None:
        token = await start(ANN, Stage.FULL, HERE)
        await shorten(token, timedelta(minutes=5))
        page = PageSession(token)
        for look in (resolve(token), sessions.find(token), sessions.is_alive(token), page.actor(), page.session()):
            assert await look
        assert await remaining(token) <= timedelta(minutes=5)
        assert (await page.acting()).user_id == ANN.user_id
        assert timedelta(minutes=29) < await remaining(token) <= timedelta(minutes=30)

    run(story())


def test_an_idle_session_ends(run: Callable) -> None:
    async def story() -> None:
        token = await start(ANN, Stage.FULL, HERE)
        await shorten(token, timedelta(milliseconds=40))
        await asyncio.sleep(0.1)
        assert await resolve(token) is None
        assert not await touch(token)
        assert not await sessions.is_alive(token)
        with pytest.raises(SignedOut):
            await PageSession(token).acting()
        assert await redis().exists(sessions._key(token)) == 0  # touching brought nothing back

    run(story())


def test_no_activity_carries_a_session_past_twelve_hours(run: Callable) -> None:
    async def story() -> None:
        token = await start(ANN, Stage.FULL, HERE)
        seconds, _ = await redis().time()
        await redis().hset(sessions._key(token), "ends_at", (seconds + 60) * 1000)
        assert await touch(token)
        assert await remaining(token) <= timedelta(seconds=60)
        await redis().hset(sessions._key(token), "ends_at", (seconds - 1) * 1000)
        assert not await touch(token)
        assert await resolve(token) is None

    run(story())


def test_promotion_renews_the_token_and_keeps_the_reference(run: Callable) -> None:
    async def story() -> None:
        pending = await start(ANN, Stage.PASSWORD, HERE)
        before = await sessions.find(pending)
        outcomes = await asyncio.gather(*(sessions.promote(pending) for _ in range(5)), return_exceptions=True)
        renewed = [outcome for outcome in outcomes if isinstance(outcome, str)]
        assert len(renewed) == 1  # a token is good for one promotion
        assert await sessions.find(pending) is None
        actor = await resolve(renewed[0])
        assert before is not None and actor is not None and actor.session == before.reference
        assert timedelta(minutes=29) < await remaining(renewed[0])

    run(story())


def test_ending_tells_every_replica(run: Callable) -> None:
    async def story() -> None:
        bea = replace(ANN, user_id=uuid4())
        token, other = await start(bea, Stage.FULL, HERE), await start(bea, Stage.FULL, HERE)
        stranger = await start(ANN, Stage.FULL, HERE)
        references = [(await resolve(one)).session for one in (token, other)]
        async with redis().pubsub() as listening:
            await listening.subscribe(sessions.ENDED_CHANNEL)
            await listening.get_message(timeout=2)
            assert (await sessions.end(token)).reference == references[0]
            heard = await listening.get_message(ignore_subscribe_messages=True, timeout=2)
            assert heard["data"].decode() == references[0]
            assert await resolve(token) is None and await resolve(other) is not None
            assert await sessions.end(token) is None
            assert await sessions.end_all_of(bea.user_id) == 1
            heard = await listening.get_message(ignore_subscribe_messages=True, timeout=2)
            assert heard["data"].decode() == references[1]
        assert await resolve(other) is None and await resolve(stranger) is not None
        assert await sessions.end_all_of(bea.user_id) == 0

    run(story())


def test_attempts_are_counted_and_end_with_the_session(run: Callable) -> None:
    async def story() -> None:
        token = await start(ANN, Stage.PASSWORD, HERE)
        assert [await sessions.count_attempt(token) for _ in range(3)] == [1, 2, 3]
        await sessions.end(token)
        with pytest.raises(SignedOut):
            await sessions.count_attempt(token)
        assert await redis().exists(sessions._key(token)) == 0

    run(story())


def test_without_redis_nobody_is_recognised(run: Callable, console: Settings) -> None:
    async def story() -> None:
        token = await start(ANN, Stage.FULL, HERE)
        await close_redis()
        open_redis("redis://127.0.0.1:1/0")
        for work in (resolve(token), touch(token), sessions.end(token), start(ANN, Stage.FULL, HERE)):
            with pytest.raises(SessionServiceUnavailable):
                await work
        with pytest.raises(SessionServiceUnavailable):
            await sessions.is_alive(token)

    run(story())


def test_a_page_shows_no_token() -> None:
    assert "s3cret" not in repr(PageSession("s3cret"))


def test_names_of_the_cookie() -> None:
    assert cookie_name(Settings(public_origin="https://console.example.com")) == "__Host-console_session"
    assert cookie_name(Settings(public_origin="http://127.0.0.1:8000")) == "console_session"
