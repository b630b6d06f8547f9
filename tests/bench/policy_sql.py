"""How fast a policy of thirty rules is judged over all items in SQL, beside the same judgement written by hand.

Both run over the same `item_facts`, in the same transaction, and must say the same of every item.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import ColumnElement, Select, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.policy.judgement import Terms
from console.policy.judgement_sql import judgement_sql
from console.policy.kept import facts_as_json, read_facts
from console.policy.outcomes_sql import OUTCOMES
from db.engine import transaction
from db.models import KeptFacts
from tests.bench.figures import Figure, duration
from tests.bench.ground import Ground
from tests.bench.policy_by_hand import query
from tests.bench.policy_rules import LISTS, TODAY, document, item
from tests.factories import make_bank

ITEMS = 100_000
MOST_TIMES = 3.0
_NAMESPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def run(ground: Ground, items: int = ITEMS, repeat: int = 3) -> list[Figure]:
    """Best of `repeat` runs over `items` items; every outcome of every item is worked out, and counted."""
    ours, floor = ground.run(_measure(ground.endpoints.superuser_database_url, items, repeat))
    note = (
        f"{items:,} items, 30 rules of 84 conditions after the built-in flags, {len(OUTCOMES)} outcomes each; "
        "floor: one query of CASE expressions written by hand, which says the same of every item"
    )
    return [duration("policy: judged in SQL", ours * 1000, floor * 1000, at_most=MOST_TIMES, note=note)]


async def _measure(url: str, items: int, repeat: int) -> tuple[float, float]:
    bank = await make_bank()
    await asyncio.to_thread(_fill, url, bank.institution_id, items)
    compiled = judgement_sql(Terms(document(), TODAY, LISTS), KeptFacts.__table__)
    columns: list[ColumnElement[Any]] = [literal_column(name) for name in ("item_id", *OUTCOMES)]
    by_hand = select(*columns).select_from(text(f"({query()}) by_hand"))
    async with transaction(bank.system, statement_timeout_ms=120_000) as session:
        await _same(session, compiled, by_hand)
    return await _best(bank.system, compiled, repeat), await _best(bank.system, by_hand, repeat)


def _fill(url: str, institution_id: UUID, items: int) -> None:
    """Facts alone: nothing of the judgement looks at the items themselves."""
    with psycopg.connect(url) as connection:
        connection.execute("alter table item_facts drop constraint fk_item_facts_item_id")
        connection.execute("alter table item_facts disable trigger guard_of_item")
        with connection.cursor().copy(
            "copy item_facts (item_id, institution_id, received_at, facts) from stdin"
        ) as copy:
            for row in _rows(institution_id, items):
                copy.write_row(row)
        connection.commit()
        connection.execute("analyze item_facts")


def _rows(institution_id: UUID, items: int) -> Iterator[tuple[Any, ...]]:
    rng, now = Random(1), datetime.now(UTC)
    for at in range(items):
        yield uuid5(_NAMESPACE, str(at)), institution_id, now, Jsonb(facts_as_json(read_facts(item(rng))))


async def _same(session: AsyncSession, one: Select[Any], other: Select[Any]) -> None:
    """Raise unless both say the same of every item."""
    ours, by_hand = [
        {row["item_id"]: [row[name] for name in OUTCOMES] for row in (await session.execute(each)).mappings()}
        for each in (one, other)
    ]
    if differ := [item_id for item_id, said in ours.items() if by_hand.get(item_id) != said]:
        first = differ[0]
        raise AssertionError(f"{len(differ)} items differ, {first} first: {ours[first]}, by hand {by_hand[first]}")


async def _best(actor: Actor, judged: Select[Any], repeat: int) -> float:
    """Seconds to judge all: the outcomes are made in the database and counted there, so that nothing is sent."""
    inner = judged.subquery("judged")
    columns = ", ".join(f"count(judged.{name})" for name in OUTCOMES)
    best = float("inf")
    async with transaction(actor, statement_timeout_ms=120_000) as session:
        for _ in range(repeat):
            start = time.perf_counter()
            await session.execute(select(text(columns)).select_from(inner))
            best = min(best, time.perf_counter() - start)
    return best
