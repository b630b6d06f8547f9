"""How fast the queue is listed, filtered, searched and counted, small and large, beside the same SQL by hand.

The floor sends exactly the statements that the service sent, in one transaction each time, on a connection that
stays open, and makes nothing of the rows. The service sends in one message what is known before anything is read, its
beginning and end included; by hand each statement is a message, as with any driver.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import md5
from typing import Any

import psycopg

from console.actor import Actor, Bounds
from console.review.claims import claim_next
from console.review.giving_back import release
from console.review.queue import PAGE, Key, list_items
from console.review.queue_counts import counts, neighbours
from console.review.queue_filter import Filter, Sort
from console.review.states import Status
from console.review.surroundings import peek_next
from tests.bench import by_hand
from tests.bench.figures import Figure, percentile
from tests.bench.ground import Ground
from tests.bench.many_items import add_items
from tests.factories import Bank, make_bank

SIZES = (250, 100_000, 1_000_000)
TURNS = 60
# So few are transit, and none of them is in the queue of high priority: whoever works on these alone waits for nobody.
TRANSIT_EVERY = 25_000
# A page of the queue, whatever is asked for: p95 in the service, and at most this many times the same SQL by hand.
TARGET_MS = 50.0
TARGET_SHARE = 1.5

Work = Callable[[], Awaitable[Any]]


def run(ground: Ground, sizes: Sequence[int] = SIZES, turns: int = TURNS) -> list[Figure]:
    """p95 of `turns` calls each, at each size; service and floor take turns."""
    return ground.run(_measure(ground, sizes, turns))


async def works(bank: Bank) -> dict[str, Work]:
    """What the queue page asks for, by name."""
    who = bank.reviewer
    half, none = (replace(who, bounds=Bounds(queues=frozenset({one}))) for one in ("high_priority", "special_review"))
    few, no = few_of(who), few_of(who, "high_priority")
    first = await list_items(who)
    here = first.rows[-1].id
    now = datetime.now(UTC)
    hour = Filter(received_from=now - timedelta(hours=2), received_before=now - timedelta(hours=1))
    nowhere = Filter(queue="high_priority", item_type="transit")
    deep = Key((Decimal("4500.00"),), here)
    payee = md5(b"321", usedforsecurity=False).hexdigest()[:6]  # as `many_items` names people
    return {
        "first page": lambda: list_items(who),
        "next page": lambda: list_items(who, after=first.next),
        "one queue": lambda: list_items(who, Filter(queue="high_priority")),
        "by amount, largest first": lambda: list_items(who, sort=Sort.AMOUNT, descending=True),
        "by amount, from the middle": lambda: list_items(who, sort=Sort.AMOUNT, descending=True, after=deep),
        "by time received": lambda: list_items(who, sort=Sort.RECEIVED),
        "status, frequent": lambda: list_items(who, Filter(status=Status.NEW)),
        "status, rare": lambda: list_items(who, Filter(status=Status.NEEDS_INFO)),
        "priority, rare": lambda: list_items(who, Filter(priority=1)),
        "flag, frequent": lambda: list_items(who, Filter(flag="velocity")),
        "flag, rare": lambda: list_items(who, Filter(flag="stop_payment")),
        "flag, on nothing": lambda: list_items(who, Filter(flag="void_check")),
        "amounts, few": lambda: list_items(who, Filter(amount_from=Decimal("8995.00"))),
        "amounts, half": lambda: list_items(who, Filter(amount_from=Decimal("4500.00"))),
        "assigned to one": lambda: list_items(who, Filter(assigned_to=bank.second_reviewer.user_id)),
        "mine": lambda: list_items(bank.second_reviewer, Filter(mine=True)),
        "due soon": lambda: list_items(who, Filter(due_before=now + timedelta(minutes=30))),
        "received in an hour": lambda: list_items(who, hour),
        "search: digits": lambda: list_items(who, Filter(search="4711")),
        "search: a payee": lambda: list_items(who, Filter(search=payee)),
        "search: an amount": lambda: list_items(who, Filter(search="4,711.08")),
        "search: in vain": lambda: list_items(who, Filter(search="nobody at all")),
        "who works in one queue": lambda: list_items(half),
        "who works where nothing waits": lambda: list_items(none),
        "counts": lambda: counts(who, now - timedelta(hours=12)),
        "counts, who works in one queue": lambda: counts(half, now - timedelta(hours=12)),
        "place in the queue": lambda: neighbours(who, None, here),
        "next to decide": lambda: peek_next(who),
        "next to decide, who works in one queue": lambda: peek_next(half),
        "next to decide, where nothing waits": lambda: peek_next(none),
        "who works on few": lambda: list_items(few),
        "who works on few, by amount": lambda: list_items(few, sort=Sort.AMOUNT, descending=True),
        "who works on few, status": lambda: list_items(few, Filter(status=Status.NEEDS_INFO)),
        "who works on few, priority": lambda: list_items(few, Filter(priority=4)),
        "who works on few, flag": lambda: list_items(few, Filter(flag="velocity")),
        "who works on few, amounts": lambda: list_items(few, Filter(amount_from=Decimal("4500.00"))),
        "who works on few, received": lambda: list_items(few, hour),
        "one queue and type, nothing there": lambda: list_items(who, nowhere),
        "counts, who works on few": lambda: counts(few, now - timedelta(hours=12)),
        "place in the queue, who works on few": lambda: neighbours(few, None, here),
        "next to decide, who works on few": lambda: peek_next(few),
        "next to decide, of one queue with nothing": lambda: peek_next(no, "high_priority"),
    }


def few_of(who: Actor, *queues: str) -> Actor:
    """Somebody who works on transit checks alone, of which there are few; only of these queues, where any are named."""
    return replace(who, bounds=Bounds(queues=frozenset(queues) or None, item_types=frozenset({"transit"})))


async def _measure(ground: Ground, sizes: Sequence[int], turns: int) -> list[Figure]:
    bank = await make_bank()
    figures: list[Figure] = []
    there = 0
    connection = await by_hand.connect(ground.endpoints.database_url)
    async with connection:
        for size in sizes:
            add_items(
                ground.endpoints.superuser_database_url, bank, size - there, under_way=True, transit_every=TRANSIT_EVERY
            )
            there = size
            for name, work in (await works(bank)).items():
                ours, floor = await _compare(connection, work, turns)
                figures.append(_figure(f"queue: {name}, {size:,} items", ours, floor))
            figures.append(await _taken("taken by Start", bank.reviewer, size, turns))
            figures.append(await _taken("taken by Start, who works on few", few_of(bank.reviewer), size, turns))
    figures[0] = _explained(figures[0])
    return figures


def _figure(name: str, ours: list[float], floor: list[float]) -> Figure:
    """p95 beside the floor's; what it is measured against is the middle of both, which one slow turn does not move."""
    p95, middle, floor_middle = percentile(ours, 95), percentile(ours, 50), percentile(floor, 50)
    return Figure(
        name,
        round(p95, 1),
        "ms p95",
        round(percentile(floor, 95), 1),
        round(floor_middle / middle, 3),
        f"< {TARGET_MS:.0f} ms and ≤ {TARGET_SHARE} × floor",
        p95 < TARGET_MS and middle <= TARGET_SHARE * floor_middle,
        f"p50 {middle:.1f} ms, floor {floor_middle:.1f} ms",
    )


async def _taken(what: str, who: Actor, size: int, turns: int) -> Figure:
    """The most urgent check taken by Start, to its commit; it is given back each time. Or none, where none is there."""
    times = []
    for turn in range(turns + 5):
        start = time.perf_counter()
        held = await claim_next(who)
        if turn >= 5:
            times.append((time.perf_counter() - start) * 1e3)
        if held is not None:
            await release(who, held.item_id)
    p95, note = percentile(times, 95), f"p50 {percentile(times, 50):.1f} ms, with its audit entry, flushed to disk"
    target = f"< {TARGET_MS:.0f} ms"
    return Figure(
        f"queue: {what}, {size:,} items", round(p95, 1), "ms p95", target=target, met=p95 < TARGET_MS, note=note
    )


def _explained(figure: Figure) -> Figure:
    text = f"a page of {PAGE} rows; {figure.note}; floor: the same SQL by psycopg alone; its share is of p50"
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
