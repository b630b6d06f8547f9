"""Thirty-two workers at five hundred items at once, in real processes: each item is decided once, and how fast."""

from __future__ import annotations

import time
from collections import Counter

from sqlalchemy import func, select

from console.audit.verify import verify_all
from db.engine import transaction
from db.models import CheckItem, Claim, Decision, Evidence
from tests.bench.figures import Figure
from tests.bench.ground import Ground
from tests.bench.many_items import add_items
from tests.factories import Bank, make_bank
from tests.review.race import race

ITEMS = 500
PROCESSES = 8
WORKERS = 4


class Lost(Exception):
    """An item was decided twice, or not at all."""


def run(ground: Ground, items: int = ITEMS, processes: int = PROCESSES, workers: int = WORKERS) -> list[Figure]:
    """Seconds of the whole race. Raises Lost, or what a worker met, such as a deadlock."""
    bank = ground.run(_bank(ground, items))
    people = [(bank.reviewer, bank.second_reviewer)[n % 2] for n in range(processes)]
    start = time.monotonic()
    won = race(people, act="work", workers=workers)
    seconds = time.monotonic() - start
    decided = Counter(item for mine in won for item in mine)
    if len(decided) != items or set(decided.values()) != {1}:
        raise Lost(f"{len(decided)} of {items} items, {decided.most_common(1)}")
    ground.run(_check(bank, items))
    note = f"{items} items, {processes} processes of {workers} workers; chains verified, processes' start included"
    return [Figure("race: claim and decide", round(items / seconds, 1), "items/s", note=note)]


async def _bank(ground: Ground, items: int) -> Bank:
    bank = await make_bank()
    # None is decided beforehand: those of `many_items` have neither decision nor evidence.
    add_items(ground.endpoints.superuser_database_url, bank, items, cents=90_000, flagged=False, decided=False)
    return bank


async def _check(bank: Bank, items: int) -> None:
    """Every item has one decision with its evidence, nobody holds any, and both chains are whole."""
    async with transaction(bank.system) as session:
        found = [
            (await session.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (Decision, Evidence, Claim)
        ]
        left = select(func.count()).where(CheckItem.status != "approved")
        found.append((await session.execute(left)).scalar_one())
    if found != [items, items, 0, 0]:
        raise Lost(f"decisions, evidence, claims, left: {found}")
    if not (await verify_all()).ok:
        raise Lost("a chain does not verify")
