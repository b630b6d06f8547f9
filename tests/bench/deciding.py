"""How many checks are claimed and decided a second, beside the same SQL by hand.

The floor sends the statements of `claim_next` and of `decide` as the services send them, with the item and the ids
of its own turn put in: the same locks, rows and commits, and nothing made of what was read.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg

from console.review.choices import Choice
from console.review.claims import claim_next
from console.review.decisions import decide
from console.review.states import Act
from tests.bench import by_hand
from tests.bench.by_hand import Statement
from tests.bench.figures import Figure, rate
from tests.bench.ground import Ground
from tests.bench.many_items import add_items
from tests.factories import Bank, look, make_bank

WAITING = 100_000
WORKERS = {1: 80, 20: 400}
"""Items that so many workers decide between them."""
_PAY = Choice(Act.PAY)


def run(ground: Ground, waiting: int = WAITING, workers: Mapping[int, int] = WORKERS) -> list[Figure]:
    """Claims and decisions a second, first by one worker, then by many at once, among `waiting` items."""
    return ground.run(_measure(ground, waiting, workers))


async def _measure(ground: Ground, waiting: int, workers: Mapping[int, int]) -> list[Figure]:
    bank = await make_bank()
    add_items(ground.endpoints.superuser_database_url, bank, waiting, cents=90_000, flagged=False)
    template = await _template(bank)
    figures = []
    for count, items in workers.items():
        ours = await _services(bank, count, items)
        floor = await _by_hand(ground.endpoints.database_url, template, count, items)
        note = f"{items} of {waiting:,} items; each is two transactions, both with their audit entry"
        figures.append(rate(f"claim + decide, {count} at once", items / ours, items / floor, "items/s", note=note))
    return figures


async def _services(bank: Bank, workers: int, items: int) -> float:
    """Seconds to claim and to decide; looking at the items in between is not counted."""

    async def take(_: int) -> UUID:
        held = await claim_next(bank.reviewer)
        assert held is not None
        return held.item_id

    claiming, held = await _timed(take, range(items), workers)
    seen = {item_id: (await look(bank.reviewer, item_id))[1] for item_id in held}

    async def pay(item_id: UUID) -> None:
        await decide(bank.reviewer, item_id, _PAY, seen[item_id])

    deciding, _ = await _timed(pay, held, workers)
    return claiming + deciding


@dataclass(frozen=True)
class Template:
    """What the services sent for one item, and the ids in it that are another item's business."""

    claim: list[Statement]
    decide: list[Statement]
    item_id: UUID
    decision_id: UUID


async def _template(bank: Bank) -> Template:
    with by_hand.written_down() as claiming:
        held = await claim_next(bank.reviewer)
    assert held is not None
    _, seen = await look(bank.reviewer, held.item_id)
    with by_hand.written_down() as deciding:
        outcome = await decide(bank.reviewer, held.item_id, _PAY, seen)
    return Template(claiming, deciding, held.item_id, outcome.decision_id)


async def _by_hand(url: str, template: Template, workers: int, items: int) -> float:
    async with AsyncExitStack() as stack:
        free: asyncio.Queue[psycopg.AsyncConnection[Any]] = asyncio.Queue()
        for _ in range(workers):
            free.put_nowait(await stack.enter_async_context(await by_hand.connect(url)))

        async def with_connection(work: Callable[[psycopg.AsyncConnection[Any]], Awaitable[UUID]]) -> UUID:
            connection = await free.get()
            try:
                return await work(connection)
            finally:
                free.put_nowait(connection)

        async def take(_: int) -> UUID:
            return await with_connection(lambda connection: _send(connection, template.claim, {}, template.item_id))

        async def pay(item_id: UUID) -> None:
            ids = {template.item_id: item_id, template.decision_id: uuid4()}
            await with_connection(lambda connection: _send(connection, template.decide, ids, item_id))

        claiming, held = await _timed(take, range(items), workers)
        deciding, _ = await _timed(pay, held, workers)
    return claiming + deciding


async def _send(
    connection: psycopg.AsyncConnection[Any], statements: list[Statement], ids: dict[UUID, UUID], item_id: UUID
) -> UUID:
    """Send one transaction with these ids put in; the item that it was about."""
    async with connection.transaction(), connection.cursor() as cursor:
        for statement, template in statements:
            values = {name: _in_place(value, ids) for name, value in template.items()}
            if "INSERT INTO audit_entry" in statement:  # the database itself continues the chain
                values |= {name: uuid4() for name in template if _ENTRY_ID.fullmatch(name)}
            await cursor.execute(statement.encode(), values)
            rows = await cursor.fetchall() if cursor.description else []
            if "insert into claim" in statement:
                item_id = rows[0][0]
    return item_id


# An entry's id among the values of the statement that appends it.
_ENTRY_ID: Final = re.compile(r"id_\d+")


def _in_place(value: Any, ids: dict[UUID, UUID]) -> Any:
    return ids.get(value, value) if isinstance(value, UUID) else value


async def _timed(work: Callable[[Any], Awaitable[Any]], over: Any, workers: int) -> tuple[float, list[Any]]:
    """Seconds that `workers` take to do the work on each, sharing it out among them, and the answers."""
    left, answers = iter(over), []

    async def worker() -> None:
        for one in left:
            answers.append(await work(one))

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(workers)))
    return time.perf_counter() - start, answers
