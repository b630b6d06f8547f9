"""Passwords: verified off the event loop, at the same cost for everybody."""

from __future__ import annotations

import asyncio
import time
import unicodedata

import pytest

from console.access import passwords
from console.access.passwords import WeakPassword
from console.settings import settings

GOOD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def slow_hashes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ARGON2_TIME_COST", "3")
    monkeypatch.setenv("ARGON2_MEMORY_KIB", "32768")
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_only_the_right_password_verifies() -> None:
    async def story() -> None:
        stored = await passwords.hash_new(GOOD)
        assert stored.startswith("$argon2id$v=19$m=32768,t=3,p=1$")
        assert await passwords.verify(stored, GOOD)
        assert not await passwords.verify(stored, GOOD + " ")
        assert not await passwords.verify(stored, "")
        assert not await passwords.verify(None, GOOD)
        assert not await passwords.verify("not a hash", GOOD)

    asyncio.run(story())


def test_lengths() -> None:
    async def story() -> None:
        for wrong in ("a" * 11, "a" * 257):
            with pytest.raises(WeakPassword):
                await passwords.hash_new(wrong)
        long = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. " * 4
        longest = await passwords.hash_new(long[:256])
        assert await passwords.verify(longest, long[:256])
        assert not await passwords.verify(longest, long[:257])
        assert not await passwords.verify(longest, long * 1000)
        # One keyboard writes ö as one character, another as two.
        assert await passwords.verify(longest, unicodedata.normalize("NFD", long[:256]))

    asyncio.run(story())


def test_hash_is_renewed_when_the_settings_ask_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = asyncio.run(passwords.hash_new(GOOD))
    assert not passwords.needs_rehash(stored)
    monkeypatch.setenv("ARGON2_TIME_COST", "4")
    settings.cache_clear()
    assert passwords.needs_rehash(stored)
    assert asyncio.run(passwords.verify(stored, GOOD))


def test_one_time_passwords_may_be_chosen_and_are_never_the_same() -> None:
    made = {passwords.one_time() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.check_new(password, ("m.reyes", "Margaret Reyes"))


def test_unknown_and_wrong_cost_the_same() -> None:
    # Of all threads of this process, and of nothing else that the machine does.
    async def seconds(stored: str | None, password: str) -> float:
        began = time.process_time()
        await passwords.verify(stored, password)
        return time.process_time() - began

    async def story() -> None:
        stored = await passwords.hash_new(GOOD)
        await passwords.verify(None, GOOD)  # makes the hash that nobody's password has
        known, unknown, long = [], [], []
        for _ in range(7):
            known.append(await seconds(stored, "wrong password"))
            unknown.append(await seconds(None, "wrong password"))
            long.append(await seconds(stored, "x" * 100_000))
        # The least of several is what the computation costs.
        assert 0.6 < min(unknown) / min(known) < 1.6
        assert 0.6 < min(long) / min(known) < 1.6

    asyncio.run(story())


def test_the_loop_goes_on_while_hashing() -> None:
    async def story() -> None:
        stored = await passwords.hash_new(GOOD)
        # In time of the loop's own thread: another one's, or a machine that does other things, is none of its waiting.
        gaps, last, done = [], time.thread_time(), False

        async def tick() -> None:
            nonlocal last
            while not done:
                await asyncio.sleep(0)
                now = time.thread_time()
                gaps.append(now - last)
                last = now

        began = time.process_time()
        await passwords.verify(stored, GOOD)
        cost = time.process_time() - began
        ticking = asyncio.create_task(tick())
        await asyncio.gather(*(passwords.verify(stored, GOOD) for _ in range(6)))
        done = True
        await ticking
        # On the loop, six hashes would let it turn six times.
        assert len(gaps) > 50
        assert max(gaps) < cost / 2

    asyncio.run(story())
