"""How many people sign in a second, beside argon2id alone; and what a session costs at each event and in memory.

The password is hashed as in production, unlike in the other benches: that is nearly all of a sign-in's work.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from argon2 import PasswordHasher

from console.access import people, sessions, signing_in, totp
from console.access import session_store as store
from console.access.sessions import Stage
from console.access.visit import Visit
from console.actor import Actor
from console.roles import Role
from console.settings import Settings, settings
from db.engine import transaction
from db.redis_pool import redis
from tests.bench.figures import Figure, percentile, rate
from tests.bench.ground import Ground
from tests.factories import PASSWORD, make_bank, make_person

PEOPLE = 60
TOGETHER = 4
TURN = 12
EVENTS = 2_000
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ACTOR_TARGET_MS = 2.0


def run(ground: Ground, people_: int = PEOPLE, events: int = EVENTS) -> list[Figure]:
    """Each person signs in once, with password and code, `TOGETHER` at a time."""
    with _hashing_as_in_production():
        return ground.run(_measure(people_, events))


@contextmanager
def _hashing_as_in_production() -> Iterator[None]:
    given = {name: os.environ[name] for name in ("ARGON2_MEMORY_KIB", "ARGON2_TIME_COST")}
    os.environ.update({name: str(Settings.model_fields[name.lower()].default) for name in given})
    settings.cache_clear()
    try:
        yield
    finally:
        os.environ.update(given)
        settings.cache_clear()


async def _measure(people_: int, events: int) -> list[Figure]:
    bank = await make_bank()
    everybody = [await _enrolled(bank.system, f"person_{number}") for number in range(people_)]
    tokens: list[str] = []

    async def sign_in(number: int) -> None:
        # Each from an address of their own: the limit per address is not what is measured.
        visit = Visit(f"10.0.{number // 250}.{number % 250}", "bench")
        step = await signing_in.with_password(f"person_{number}", PASSWORD, visit)
        step = await signing_in.with_code(step.token, totp.code_at(SECRET, datetime.now(UTC)), visit)
        assert step.stage is Stage.FULL
        tokens.append(step.token)

    stored = await _hash_of(everybody[0])
    argon2 = PasswordHasher()

    async def floor(_: int) -> None:
        await asyncio.to_thread(argon2.verify, stored, PASSWORD)

    # In turns, so that whatever else the machine does weighs on both.
    ours = alone = 0.0
    for first in range(0, people_, TURN):
        turn = range(first, min(first + TURN, people_))
        alone += await _seconds(floor, turn)
        ours += await _seconds(sign_in, turn)
    parameters = f"{settings().argon2_memory_kib // 1024} MiB, {settings().argon2_time_cost} passes"
    note = f"password and code, {TOGETHER} at a time; floor: argon2id alone ({parameters})"
    return [
        rate("sign-in", people_ / ours, people_ / alone, "a second", note=note),
        await _resolution(tokens[0], events),
        await _memory(tokens),
    ]


async def _enrolled(system: Actor, name: str) -> Actor:
    person = await make_person(system, name, Role.REVIEWER)
    assert person.user_id is not None
    async with transaction(person) as session:
        await people.set_totp(session, person.user_id, SECRET)
        await people.confirm_totp(session, person.user_id)
    return person


async def _hash_of(person: Actor) -> str:
    assert person.user_id is not None
    account = await people.read_account(person.institution_id, person.user_id)
    assert account is not None
    return account.password_hash


async def _seconds(work: Callable[[int], Awaitable[None]], numbers: Iterable[int]) -> float:
    """How long the work takes for all of these, so many at a time."""
    waiting = iter(numbers)

    async def worker() -> None:
        for number in waiting:
            await work(number)

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(TOGETHER)))
    return time.perf_counter() - start


async def _resolution(token: str, events: int) -> Figure:
    """Who acts, asked at every event of a page; floor: reading the same hash from the same Redis."""
    ours = await _milliseconds(lambda: sessions.resolve(token), events)
    floor = await _milliseconds(lambda: redis().hgetall(store.key(token)), events)
    value = percentile(ours, 95)
    return Figure(
        "actor of an event, p95", round(value, 3), "ms", round(percentile(floor, 95), 3),
        round(percentile(floor, 95) / value, 3), f"< {ACTOR_TARGET_MS} ms", value < ACTOR_TARGET_MS,
        f"p50 {percentile(ours, 50):.2f} ms; floor: HGETALL of the same key",
    )  # fmt: skip


async def _milliseconds(work: Callable[[], Awaitable[Any]], times: int) -> Sequence[float]:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - start) * 1e3)
    return taken


async def _memory(tokens: Sequence[str]) -> Figure:
    """What Redis holds for a session: everything it gained by so many, shared out."""
    keys = [key async for key in redis().scan_iter(b"*session*")]
    total = sum([await redis().memory_usage(key) or 0 for key in keys])
    return Figure("memory of a session", round(total / len(tokens)), "bytes", note="all its keys in Redis")
