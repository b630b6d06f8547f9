"""Sessions in a real Redis: what keeps them alive, what ends them, and what stays secret."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.access import session_store as store
from console.access import sessions
from console.access.sessions import (
    EndReason,
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
from console.actor import Actor
from console.roles import Role
from console.settings import Settings, settings
from db.redis_pool import close_redis, open_redis, redis
from tests.factories import make_bank

HERE = Visit("192.0.2.7", "a browser", "a-request")


async def make_ann() -> Person:
    """A reviewer of a bank of the test's own."""
    return person_of((await make_bank()).reviewer)


def person_of(actor: Actor) -> Person:
    assert actor.user_id is not None
    return Person(actor.institution_id, actor.user_id, "ann", "Ann Onym", frozenset({Role.REVIEWER, Role.AUDITOR}))


async def remaining(token: str) -> timedelta:
    """How long Redis will keep the session."""
    return timedelta(milliseconds=await redis().pttl(store.key(token)))


async def shorten(token: str, span: timedelta) -> None:
    """Let time pass: the session has only this long to go."""
    await redis().pexpire(store.key(token), span)


def test_a_session_is_its_actor(run: Callable) -> None:
    async def story() -> None:
        ann = await make_ann()
        token = await start(ann, Stage.FULL, HERE)
        assert len(token.partition(".")[2]) >= 43  # 256 bits
        actor = await resolve(token)
        assert actor is not None
        assert (actor.institution_id, actor.user_id, actor.name) == (ann.institution_id, ann.user_id, "ann")
        assert (actor.roles, actor.address, actor.system) == (ann.roles, "192.0.2.7", False)
        assert (await resolve(token, Visit("198.51.100.9", "", "r2"))) == replace(
            actor, address="198.51.100.9", request_id="r2"
        )
        session = await sessions.find(token)
        assert session is not None and session.person == ann
        assert session.ends_at - session.started_at == timedelta(hours=12)
        assert session.idle_until() - session.last_seen_at == timedelta(minutes=30)
        reference = session.reference
        for nobody in (
            "", "x", token[:-1], token + "A", reference, f"{reference}.", f"{reference}.x", f"{reference}.{reference}",
            "}" + token[1:], "*" * 20 + token[20:],
        ):  # fmt: skip
            assert await resolve(nobody) is None
            assert await sessions.end(nobody) is None
        # Neither the secret nor anything that opens a session can be read from Redis.
        secret = token.partition(".")[2].encode()
        everything = [await redis().dump(key) for key in await redis().keys("*")] + await redis().keys("*")
        assert not any(secret in value for value in everything if value is not None)  # None: its time was over
        assert await resolve(token) == actor
        # Whose session it is cannot be read from the token.
        assert str(ann.user_id)[:8] not in token and ann.user_id.hex[:4] != token[:4]

    run(story())


@pytest.mark.parametrize("stage", [Stage.PASSWORD, Stage.ENROL])
def test_a_pending_session_is_nobody(run: Callable, stage: Stage) -> None:
    async def story() -> None:
        token = await start(await make_ann(), stage, HERE)
        assert await resolve(token) is None
        with pytest.raises(SignedOut):
            await PageSession(token).actor()
        with pytest.raises(SignedOut):
            await PageSession(token).session()
        assert timedelta(minutes=9) < await remaining(token) <= timedelta(minutes=10)
        await touch(token)
        assert await remaining(token) <= timedelta(minutes=10)
        with pytest.raises(SignedOut):
            await sessions.promote(token.partition(".")[0] + ".guessed")

    run(story())


def test_only_activity_keeps_a_session(run: Callable) -> None:
    async def story() -> None:
        ann = await make_ann()
        token = await start(ann, Stage.FULL, HERE)
        await shorten(token, timedelta(minutes=5))
        page = PageSession(token)
        for look in (resolve(token), sessions.find(token), sessions.is_alive(token), page.actor(), page.session()):
            assert await look
        assert await remaining(token) <= timedelta(minutes=5)
        assert (await page.acting()).user_id == ann.user_id
        assert timedelta(minutes=29) < await remaining(token) <= timedelta(minutes=30)

    run(story())


def test_an_idle_session_ends(run: Callable) -> None:
    async def story() -> None:
        token = await start(await make_ann(), Stage.FULL, HERE)
        await shorten(token, timedelta(milliseconds=40))
        await asyncio.sleep(0.1)
        assert await resolve(token) is None
        assert not await touch(token)
        assert not await sessions.is_alive(token)
        with pytest.raises(SignedOut):
            await PageSession(token).acting()
        for late in (sessions.mark_code(token), sessions.rotate(token), sessions.promote(token)):
            with pytest.raises(SignedOut):
                await late
        assert await redis().exists(store.key(token)) == 0  # nothing of that brought it back

    run(story())


def test_no_activity_carries_a_session_past_its_hours(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        ann = await make_ann()
        monkeypatch.setenv("SESSION_MAX_HOURS", "9")
        settings.cache_clear()
        token = await start(ann, Stage.FULL, HERE)
        session = await sessions.find(token)
        assert session is not None and session.ends_at - session.started_at == timedelta(hours=9)
        seconds, _ = await redis().time()
        await redis().hset(store.key(token), "ends_at", (seconds + 60) * 1000)
        assert await touch(token)
        assert await remaining(token) <= timedelta(seconds=60)
        await redis().hset(store.key(token), "ends_at", (seconds - 1) * 1000)
        assert not await touch(token)
        assert await resolve(token) is None

    run(story())


def test_promotion_renews_the_token_and_keeps_the_reference(run: Callable) -> None:
    async def story() -> None:
        pending = await start(await make_ann(), Stage.PASSWORD, HERE)
        before = await sessions.find(pending)
        outcomes = await asyncio.gather(*(sessions.promote(pending) for _ in range(5)), return_exceptions=True)
        renewed = [outcome for outcome in outcomes if isinstance(outcome, str)]
        assert len(renewed) == 1  # a token is good for one promotion
        assert await sessions.find(pending) is None
        actor = await resolve(renewed[0])
        assert before is not None and actor is not None and actor.session == before.reference
        assert timedelta(minutes=29) < await remaining(renewed[0])

    run(story())


def test_the_last_code_is_known(run: Callable) -> None:
    async def story() -> None:
        ann = await make_ann()
        for with_code in (True, False):
            token = await sessions.promote(await start(ann, Stage.PASSWORD, HERE), with_code=with_code)
            actor = await resolve(token)
            assert actor is not None and (actor.code_at is not None) is with_code
            await redis().hset(store.key(token), "code_at", 1000)
            actor = await resolve(token)
            assert actor is not None and actor.code_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
            await sessions.mark_code(token)
            actor = await PageSession(token).actor()
            assert actor.code_at is not None
            assert abs(actor.code_at - datetime.now(UTC)) < timedelta(seconds=60)

    run(story())


def test_rotation_renews_the_token_and_open_pages_follow(run: Callable) -> None:
    async def story() -> None:
        token = await start(await make_ann(), Stage.FULL, HERE)
        page, before = PageSession(token), await sessions.find(token)
        outcomes = await asyncio.gather(*(sessions.rotate(token) for _ in range(4)), return_exceptions=True)
        (renewed,) = [outcome for outcome in outcomes if isinstance(outcome, str)]
        assert await resolve(token) is None and await sessions.find(renewed) == before
        assert (await page.acting()).session == page.reference == renewed.partition(".")[0]
        assert await sessions.end(token) is None  # an old token ends nothing either
        assert await sessions.end(renewed) is not None
        with pytest.raises(SignedOut):
            await page.actor()

    run(story())


def test_one_session_too_many_ends_the_oldest(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        bank = await make_bank()
        ann, bea = person_of(bank.reviewer), person_of(bank.approver)
        others = await start(bea, Stage.FULL, HERE)
        monkeypatch.setenv("SESSIONS_PER_USER", "2")
        settings.cache_clear()
        tokens = []
        for _ in range(2):
            tokens.append(await start(ann, Stage.FULL, HERE))
            await asyncio.sleep(0.002)  # the oldest is told by Redis' milliseconds
        pending = await start(ann, Stage.PASSWORD, HERE)
        await touch(tokens[0])  # the oldest is the one that began first, used or not
        assert all([await resolve(one) for one in tokens])  # a pending one counts for nothing
        third = await sessions.promote(pending)
        assert [await resolve(one) is not None for one in (*tokens, third, others)] == [False, True, True, True]
        assert await sessions.why_ended(tokens[0]) is EndReason.TOO_MANY_SESSIONS
        # However many sign in at once, and whichever of them wins.
        many = await asyncio.gather(*(start(ann, Stage.FULL, HERE) for _ in range(8)), return_exceptions=True)
        alive = [one for one in many if isinstance(one, str) and await resolve(one) is not None]
        assert len(alive) == 2

    run(story())


def test_ending_tells_every_replica(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        ann, bea = person_of(bank.reviewer), person_of(bank.approver)
        token, other = await start(bea, Stage.FULL, HERE), await start(bea, Stage.FULL, HERE)
        stranger = await start(ann, Stage.FULL, HERE)
        references = [one.partition(".")[0] for one in (token, other)]
        async with redis().pubsub() as listening:
            await listening.subscribe(sessions.ENDED_CHANNEL)
            await listening.get_message(timeout=20)
            ended = await sessions.end(token)
            assert ended is not None and ended.reference == references[0]
            heard = await listening.get_message(ignore_subscribe_messages=True, timeout=20)
            assert heard["data"].decode() == f"{references[0]} signed_out"
            assert await resolve(token) is None and await resolve(other) is not None
            assert await sessions.end(token) is None
            assert await sessions.end_all_of(bea.user_id, reason="deactivated") == 1
            heard = await listening.get_message(ignore_subscribe_messages=True, timeout=20)
            assert heard["data"].decode() == f"{references[1]} deactivated"
        assert await resolve(other) is None and await resolve(stranger) is not None
        assert await sessions.end_all_of(bea.user_id) == 0
        assert await sessions.why_ended(other) is EndReason.DEACTIVATED
        assert await sessions.why_ended(stranger) is None

    run(story())


def test_all_sessions_but_one_can_be_ended(run: Callable) -> None:
    async def story() -> None:
        ann = await make_ann()
        kept, *others = [await start(ann, stage, HERE) for stage in (Stage.FULL, Stage.FULL, Stage.PASSWORD)]
        assert await sessions.end_all_of(ann.user_id, EndReason.PASSWORD_CHANGED, keep=PageSession(kept).reference) == 2
        assert await resolve(kept) is not None
        assert [await sessions.find(one) for one in others] == [None, None]

    run(story())


def test_attempts_are_counted_and_end_with_the_session(run: Callable) -> None:
    async def story() -> None:
        token = await start(await make_ann(), Stage.PASSWORD, HERE)
        assert [await sessions.count_attempt(token) for _ in range(3)] == [1, 2, 3]
        await sessions.end(token)
        with pytest.raises(SignedOut):
            await sessions.count_attempt(token)
        assert await redis().exists(store.key(token)) == 0

    run(story())


def test_without_redis_nobody_is_recognised(run: Callable, console: Settings) -> None:
    async def story() -> None:
        ann = await make_ann()
        token = await start(ann, Stage.FULL, HERE)
        await close_redis()
        open_redis("redis://127.0.0.1:1/0")
        for work in (resolve(token), touch(token), sessions.end(token), start(ann, Stage.FULL, HERE)):
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
