"""Five failures lock an account for half an hour, whether somebody has this name or not, over all replicas."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import mean
from time import perf_counter
from uuid import uuid4

import pytest
from sqlalchemy import select

from console.access import authentication, lockout
from console.access.attempts import TooManyAttempts
from console.access.authentication import WrongCode, WrongCredentials
from console.access.lockout import LockedOut, SlowDown
from console.access.permissions import NotAllowed
from console.access.visit import Visit
from console.settings import Settings, settings
from db.engine import transaction
from db.models import AuditEntry
from db.redis_pool import redis
from tests.access.forgotten import refusals_forgotten
from tests.edge.site import browser, code, enrol
from tests.factories import PASSWORD, Bank, make_bank

HERE = Visit("192.0.2.7")
HELD_BACK = authentication.FAILURE_SECONDS


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    # What is held back is tested beside the forms.
    monkeypatch.setattr(authentication, "FAILURE_SECONDS", 0.001)


async def audited(bank: Bank) -> list[tuple[str, object]]:
    async with transaction(bank.system) as session:
        entries = await session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        return [(one.action, one.after) for one in entries if one.action.startswith(("sign_in", "user.unlocked"))]


async def fail(username: str, times: int, visit: Visit = HERE) -> None:
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            await authentication.prove_password(username, "wrong password", visit)


def test_the_fifth_failure_locks_and_only_the_right_password_hears_of_it(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await fail("reviewer", 4)
        await authentication.prove_password("reviewer", PASSWORD, HERE)
        await fail("reviewer", 1)
        before = datetime.now(UTC)
        with pytest.raises(LockedOut) as locked:
            await authentication.prove_password("reviewer", PASSWORD, HERE)
        assert abs(locked.value.until - before - timedelta(minutes=30)) < timedelta(seconds=20)
        assert str(locked.value.until.tzinfo) == "America/New_York"
        # Guessing on looks as before and locks no longer.
        await fail("reviewer", 2)
        state = await lockout.state(bank.institution_id, bank.reviewer.user_id)
        assert state.failures == 5 and abs(state.locked_until - locked.value.until) < timedelta(seconds=20)
        wrong = ("sign_in.failed", {"reason": "password"})
        assert await audited(bank) == [
            *[wrong] * 5, ("sign_in.locked_out", {"minutes": 30}), ("sign_in.failed", {"reason": "locked"}),
            *[("sign_in.failed", {"reason": "password", "locked": True})] * 2,
        ]  # fmt: skip

    run(story())


def test_nobody_learns_whether_an_account_exists(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockout, "FREE_FAILURES", 100)

    async def story() -> None:
        await make_bank()
        async with browser(console) as client:
            answers: dict[str, list[tuple[int, str]]] = {"reviewer": [], "nobody": []}
            for _ in range(7):
                for username, heard in answers.items():
                    answer = await client.post("/sign-in", data={"username": username, "password": "wrong"})
                    heard.append((answer.status_code, answer.text.replace(username, "NAME")))
        assert answers["reviewer"] == answers["nobody"]
        assert {status for status, _ in answers["reviewer"][:5]} == {422}
        # Both names are counted and locked alike, and Redis holds neither of them.
        keys = [key.decode() async for key in redis().scan_iter("sign-in-failures:*")]
        assert not any("reviewer" in key or "nobody" in key for key in keys)
        assert await redis().get(lockout.account_key(None, " NOBODY ")) == b"5"

    run(story())


def test_the_locked_person_is_told_until_when(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with browser(console) as client:
            for _ in range(5):
                await client.post("/sign-in", data={"username": "reviewer", "password": "wrong"})
            told = await client.post("/sign-in", data={"username": "reviewer", "password": PASSWORD})
            assert told.status_code == 403 and "in 30 minutes" in told.text and "Your account is locked" in told.text
            with pytest.raises(NotAllowed):
                await lockout.unlock(bank.supervisor, bank.reviewer.user_id)
            await lockout.unlock(bank.administrator, bank.reviewer.user_id)
            back = await client.post("/sign-in", data={"username": "reviewer", "password": PASSWORD})
            assert back.status_code == 303
        assert (await audited(bank))[-1] == ("user.unlocked", None)

    run(story())


def test_codes_count_and_a_right_password_does_not_start_again(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        account = await authentication.prove_password("reviewer", PASSWORD, HERE)
        for _ in range(2):
            await fail("reviewer", 1)
            await authentication.prove_password("reviewer", PASSWORD, HERE)
            with pytest.raises(WrongCode):
                await authentication.prove_code(account, "000000", bank.reviewer)
        with pytest.raises(LockedOut):
            await authentication.prove_code(account, "00000x", bank.reviewer)
        with pytest.raises(LockedOut):
            await authentication.prove_code(account, code(), bank.reviewer)
        assert [action for action, _ in await audited(bank)].count("sign_in.locked_out") == 1

    run(story())


def test_a_complete_sign_in_forgets_failures(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        await fail("reviewer", 4)
        async with browser(console) as client:
            await client.post("/sign-in", data={"username": "reviewer", "password": PASSWORD})
            assert (await client.post("/sign-in/code", data={"code": code()})).status_code == 303
        assert (await lockout.state(bank.institution_id, bank.reviewer.user_id)).failures == 0

    run(story())


def test_many_at_once_lock_like_many_in_a_row(run: Callable, console: Settings) -> None:
    async def story() -> None:
        await make_bank()
        tries = [authentication.prove_password("reviewer", f"wrong {n}", HERE) for n in range(12)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert {type(one) for one in results} == {WrongCredentials}
        with pytest.raises(LockedOut):
            await authentication.prove_password("reviewer", PASSWORD, Visit("198.51.100.9"))

    run(story())


@pytest.mark.parametrize(("minutes", "failures"), [(1, 3), (90, 4)])
def test_number_and_time_are_the_settings(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch, minutes: int, failures: int
) -> None:
    monkeypatch.setenv("LOCKOUT_FAILURES", str(failures))
    monkeypatch.setenv("LOCKOUT_MINUTES", str(minutes))
    settings.cache_clear()

    async def story() -> None:
        await make_bank()
        await fail("reviewer", failures - 1)
        await authentication.prove_password("reviewer", PASSWORD, HERE)
        await fail("reviewer", 1)
        with pytest.raises(LockedOut) as locked:
            await authentication.prove_password("reviewer", PASSWORD, HERE)
        left = locked.value.until - datetime.now(UTC)
        assert timedelta(minutes=minutes) - timedelta(seconds=20) < left <= timedelta(minutes=minutes)

    run(story())


def test_an_address_that_fails_again_and_again_is_slowed_down(run: Callable, console: Settings) -> None:
    async def story() -> None:
        await make_bank()
        for n in range(lockout.FREE_FAILURES):
            await fail(f"name {n}", 1)
        # A wait begins with the failure, and some of it may be over when it is asked for.
        for wait in (1, 2, 4, 8, 16, 32):
            began = perf_counter()
            await lockout.count_address(HERE.address)
            told = 0
            try:
                await authentication.prove_password("reviewer", PASSWORD, HERE)
            except SlowDown as slow:
                told = slow.seconds
            assert wait - (perf_counter() - began) <= told <= wait
        await authentication.prove_password("reviewer", PASSWORD, Visit("192.0.2.8"))
        async with browser(console) as client:
            answer = await client.post("/sign-in", data={"username": "reviewer", "password": PASSWORD})
            assert answer.status_code == 429
            assert wait - (perf_counter() - began) <= int(answer.headers["retry-after"]) <= wait
        for _ in range(20):
            await lockout.count_address(HERE.address)
        with pytest.raises(SlowDown) as slow:
            await lockout.check_address(HERE.address)
        assert slow.value.seconds <= lockout.LONGEST_WAIT.seconds

    run(story())


def test_a_network_of_ipv6_is_one_address(run: Callable, console: Settings) -> None:
    async def story() -> None:
        for n in range(lockout.FREE_FAILURES + 6):  # half a minute to wait, whatever else the machine does
            await lockout.count_address(f"2001:db8::{n:x}")
        with pytest.raises(SlowDown):
            await lockout.check_address("2001:db8:0:0:ffff::1")
        await lockout.check_address("2001:db8:0:1::1")

    run(story())


def test_unknown_names_and_wrong_passwords_last_alike(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two distributions, without what is held back: 60 of each, taken in turn."""
    monkeypatch.setenv("ARGON2_TIME_COST", "3")  # as it is where nobody sets it
    settings.cache_clear()

    async def seconds(username: str) -> float:
        began = perf_counter()
        with pytest.raises(WrongCredentials):
            await authentication.prove_password(username, "wrong password", Visit())
        return perf_counter() - began

    async def story() -> None:
        await make_bank()
        await seconds("nobody")  # makes the hash that nobody's password has
        known, unknown = [], []
        for n in range(60):
            known.append(await seconds(("reviewer", "approver", "supervisor")[n % 3]))
            unknown.append(await seconds(f"nobody {n % 3}"))
        # The quicker ones: the machine does other things too. The audit entry is what is left of the difference.
        trimmed = [mean(sorted(one)[3:23]) for one in (known, unknown)]
        assert 0.5 < trimmed[0] / trimmed[1] < 2.0
        # What two halves of the same differ by is the machine's.
        halves = [[mean(sorted(one[half::2])[2:12]) for half in (0, 1)] for one in (known, unknown)]
        noise = max(abs(one - other) for one, other in halves)
        assert abs(trimmed[0] - trimmed[1]) < max(0.05 * HELD_BACK, 3 * noise)

    run(story())


def test_what_anybody_can_measure_says_nothing(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two distributions as they are seen outside, with what is held back: 30 of each, side by side."""
    held = 0.1
    monkeypatch.setattr(authentication, "FAILURE_SECONDS", held)

    async def seconds(username: str) -> float:
        began = perf_counter()
        with pytest.raises(WrongCredentials):
            await authentication.prove_password(username, "wrong password", Visit())
        return perf_counter() - began

    async def story() -> None:
        await make_bank()
        known, unknown = [], []
        for n in range(30):
            pair = [(known, ("reviewer", "approver", "supervisor")[n % 3]), (unknown, f"nobody {n % 3}")]
            pair = pair if n % 2 else pair[::-1]
            for (times, _), taken in zip(pair, await asyncio.gather(*(seconds(name) for _, name in pair)), strict=True):
                times.append(taken)
        assert min(known + unknown) >= held
        # How likely it is that a known name's answer comes later (Mann and Whitney): one half, within four deviations.
        later = sum((a > b) + (a == b) / 2 for a in known for b in unknown) / len(known) / len(unknown)
        deviation = math.sqrt((len(known) + len(unknown) + 1) / (12 * len(known) * len(unknown)))
        assert abs(later - 0.5) < 4 * deviation, (later, sorted(known), sorted(unknown))

    run(story())


def test_whoever_tries_too_often_is_in_the_audit_trail(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGN_IN_LIMIT_PER_MINUTE", "2")
    settings.cache_clear()

    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        here = Visit(f"192.0.2.{uuid4().int % 250}")
        async with refusals_forgotten():
            await fail("nobody at all", 2, here)
            for _ in range(5):
                with pytest.raises(TooManyAttempts):
                    await authentication.prove_password("nobody at all", "wrong password", here)
        account = await authentication.prove_password("reviewer", PASSWORD, Visit())
        person = replace(bank.reviewer, session=f"too often {uuid4()}"[:30], address=None)
        for _ in range(2):
            with pytest.raises(WrongCode):
                await authentication.prove_code(account, "000000", person)
        with pytest.raises(TooManyAttempts):
            await authentication.prove_code(account, "000000", person)
        async with transaction(bank.system) as session:
            query = select(AuditEntry).where(AuditEntry.action == "access.refused").order_by(AuditEntry.sequence)
            kept = [(one.object_id, one.actor_id, one.address) for one in await session.scalars(query)]
        code_, password = ("sign-in: code", bank.reviewer.user_id, None), ("sign-in: password", None, here.address)
        assert kept == [*[password] * 3, code_]

    run(story())
