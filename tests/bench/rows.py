"""How fast the rows of a file are written, beside the floor: the same rows by a bare COPY for each table, by hand.

The floor's tables have the real ones' columns and nothing else: no index, constraint, trigger or row-level security,
and its rows are ready in memory. What lies between is the console's work: looking up accounts, earlier checks, stop
orders and duplicates, raising flags, judging by the policy, and keeping every guard of the database.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from console.actor import Actor
from console.images.render import ImageFacts
from console.intake.accounts import load_accounts
from console.intake.file_rows import file_row
from console.intake.file_terms import begin
from console.intake.report import Progress
from console.intake.rows import write_items
from console.intake.spool import PART, SpooledItem, StoredView, spool_item, spool_items, spooled
from console.intake.survey import Survey
from console.intake.x9.records import Addendum, ItemKind, Side, Totals, X9Item
from db.engine import transaction
from tests.bench.accounts import account
from tests.bench.figures import Figure, rate
from tests.bench.ground import Ground
from tests.factories import Bank, make_bank

ITEMS = 6_000
TARGET = 3_000
_ACCOUNTS = 400
_TABLES = ("check_item", "item_facts", "image", "flag")
_FOREIGN = "122000661"


def run(ground: Ground, items: int = ITEMS, repeat: int = 3) -> list[Figure]:
    """Best of `repeat` files of `items` checks each: rows of items, of their facts, of both images and of flags."""
    written = ground.run(_write(items, repeat))
    floor, rows = _bare_copy(ground.endpoints.superuser_database_url, repeat)
    note = (
        f"{items:,} items, with facts, images, flags {rows / items:.1f} rows each, in one transaction to its commit; "
        "floor: the same rows by bare COPY into tables without indexes and guards"
    )
    return [rate("import: rows stored", items / written, items / floor, "items/s", at_least=TARGET, note=note)]


async def _write(items: int, repeat: int) -> float:
    bank = await make_bank()
    await load_accounts(bank.system, [account(bank.routing, n) for n in range(_ACCOUNTS)], _today())
    best = float("inf")
    for turn in range(repeat):
        with tempfile.TemporaryFile() as spool:
            for first in range(turn * items, (turn + 1) * items, PART):
                spool_items(spool, [_item(bank, n) for n in range(first, min(first + PART, (turn + 1) * items))])
            start = time.perf_counter()
            await _write_file(bank.system, spooled(spool), turn)
            best = min(best, time.perf_counter() - start)
    return best


async def _write_file(actor: Actor, spool: Iterator[SpooledItem], turn: int) -> None:
    file_id = uuid4()
    found = Survey(turn.to_bytes(32, "big"), 0, None, Totals(), None, None, (), 0, None)
    async with transaction(actor, statement_timeout_ms=60_000) as session:
        intake = await begin(session, actor, file_id)
        session.add(file_row(actor, file_id, "bench", found, "imported"))
        await session.flush()
        await write_items(session, intake, spool, Progress())


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the machine's day is good enough for a bench


def _item(bank: Bank, n: int) -> SpooledItem:
    """Two of three drawn on us, over all accounts, the serials going on from those of the history."""
    rng = random.Random(n)
    account = f"{7_000_000 + n % _ACCOUNTS}"
    on_us = n % 3 != 0
    addendum = {"record_number": "1", "deposit_account": account, "payee_name": f"Payee {n % 20}"}
    item = X9Item(
        kind=ItemKind.CHECK,
        record_type="25",
        routing=bank.routing if on_us else _FOREIGN,
        on_us=f"{account if on_us else 10_000_000 + n}/{120 + n // _ACCOUNTS}",
        amount_cents=rng.randrange(1_000, 600_000),
        sequence=f"{n:015}",
        ordinal=n,
        record=5 * n + 4,
        addenda=(Addendum("26", 0, 0, addendum),),
    )
    facts = ImageFacts("tiff", 1200, 540, 200, None)
    views = tuple(
        StoredView(
            side.value, hashlib.sha256(f"{side} {n}".encode()).digest(), 9_000, facts, None, 5 * n + 6, 40_000 * n
        )
        for side in Side
    )
    return spool_item(item, views)


def _bare_copy(url: str, repeat: int) -> tuple[float, float]:
    """Best of `repeat` times to put one file's rows of every table into tables of the same shape, and how many."""
    best, count = float("inf"), 0
    with psycopg.connect(url) as connection:
        data = {table: _rows_of_one_file(connection, table) for table in _TABLES}
        connection.rollback()
        for _ in range(repeat):
            for table in _TABLES:
                name = sql.Identifier(f"bare_{table}")
                connection.execute(sql.SQL("drop table if exists {}").format(name))
                connection.execute(sql.SQL("create table {} (like {})").format(name, sql.Identifier(table)))
            connection.commit()
            start = time.perf_counter()
            count = sum(_copy(connection, f"bare_{table}", rows) for table, rows in data.items())
            connection.commit()
            best = min(best, time.perf_counter() - start)
    return best, count


def _rows_of_one_file(connection: psycopg.Connection, table: str) -> list[tuple[Any, ...]]:
    """The rows as they came to stand in the database, ready to be copied in again."""
    item = sql.Identifier("id" if table == "check_item" else "item_id")
    query = sql.SQL(
        "select * from {} where {} in"
        " (select id from check_item where file_id = (select id from file_received limit 1))"
    ).format(sql.Identifier(table), item)
    rows = connection.execute(query).fetchall()
    return [tuple(Jsonb(value) if isinstance(value, dict) else value for value in row) for row in rows]


def _copy(connection: psycopg.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> int:
    with connection.cursor() as cursor, cursor.copy(f"copy {table} from stdin".encode()) as copy:
        for row in rows:
            copy.write_row(row)
    return len(rows)
