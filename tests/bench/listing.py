"""How fast the queue is listed and counted, small and large, beside the same SQL by hand.

The floor sends exactly the statements that the service sent, in one transaction each time, on a connection that
stays open, and makes nothing of the rows.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from console.review.queue import PAGE, Filter, Sort, list_items
from console.review.queue_counts import counts
from tests.bench import by_hand
from tests.bench.figures import Figure, duration, percentile
from tests.bench.ground import Ground
from tests.bench.many_items import add_items
from tests.factories import Bank, make_bank

SIZES = (250, 100_000)
TURNS = 60

Work = Callable[[], Awaitable[Any]]


def run(ground: Ground, sizes: Sequence[int] = SIZES, turns: int = TURNS) -> list[Figure]:
    """p50 and p95 of `turns` calls each, at each size; service and floor take turns."""
    return ground.run(_measure(ground, sizes, turns))


async def works(bank: Bank) -> dict[str, Work]:
    """What the queue page asks for, by name."""
    first = await list_items(bank.reviewer)
    midnight = datetime.now(UTC) - timedelta(hours=12)
    return {
        "first page": lambda: list_items(bank.reviewer),
        "next page": lambda: list_items(bank.reviewer, after=first.next),
        "one queue": lambda: list_items(bank.reviewer, Filter(queue="high_priority")),
        "by amount, largest first": lambda: list_items(bank.reviewer, sort=Sort.AMOUNT, descending=True),
        "counts": lambda: counts(bank.reviewer, midnight),
    }


async def _measure(ground: Ground, sizes: Sequence[int], turns: int) -> list[Figure]:
    bank = await make_bank()
    figures: list[Figure] = []
    there = 0
    connection = await by_hand.connect(ground.endpoints.database_url)
    async with connection:
        for size in sizes:
            add_items(ground.endpoints.superuser_database_url, bank, size - there)
            there = size
            for name, work in (await works(bank)).items():
                ours, floor = await _compare(connection, work, turns)
                note = f"p95 {percentile(ours, 95):.1f} ms, floor {percentile(floor, 95):.1f} ms"
                title = f"queue: {name}, {size:,} items"
                figures.append(duration(title, percentile(ours, 50), percentile(floor, 50), note=note))
    figures[0] = _explained(figures[0])
    return figures


def _explained(figure: Figure) -> Figure:
    text = f"p50 of a page of {PAGE} rows; {figure.note}; floor: the same SQL by psycopg alone"
    return Figure(**{**figure.as_json(), "note": text})


async def _compare(connection: psycopg.AsyncConnection[Any], work: Work, turns: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each call, of the service and by hand."""
    with by_hand.written_down() as statements:
        await work()
    ours, floor = [], []
    for turn in range(turns + 5):
        start = time.perf_counter()
        await work()
        between = time.perf_counter()
        await by_hand.send(connection, statements)
        end = time.perf_counter()
        if turn >= 5:  # the first ones prepare statements and fill caches
            ours.append((between - start) * 1e3)
            floor.append((end - between) * 1e3)
    return ours, floor
