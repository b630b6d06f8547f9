"""Many rows at once: COPY into a temporary table, then one INSERT into the real one.

PostgreSQL refuses COPY into a table with row-level security; the INSERT is checked by it like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from psycopg import AsyncConnection, sql
from psycopg.types.json import Jsonb
from sqlalchemy import JSON, Column, Table
from sqlalchemy.ext.asyncio import AsyncSession


class JsonText(str):
    """A document that is JSON text already, for a JSON column: it is written as it stands."""

    __slots__ = ()


async def copy_rows(session: AsyncSession, table: Table, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert the rows, given by column name and all with the same columns; how many there were.

    A column that is not named takes its default in the database.
    """
    rows = list(rows)
    await insert_staged(session, [await stage_rows(session, table, rows)])
    return len(rows)


async def stage_rows(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]) -> sql.Composable:
    """The first half of `copy_rows`: the rows wait beside the table. What is returned is for `insert_staged`."""
    if not rows:
        return sql.SQL("")
    columns = [table.columns[name] for name in rows[0]]
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    staging, target = sql.Identifier(f"staged_{table.name}"), sql.Identifier(table.name)
    async with (await _driver(session)).cursor() as cursor:
        await cursor.execute(
            sql.SQL("create temporary table if not exists {} on commit drop as select {} from {} with no data").format(
                staging, names, target
            )
        )
        async with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(staging, names)) as copy:
            for values in map(_reader(columns), rows):
                await copy.write_row(values)
    move = sql.SQL("insert into {} ({}) select {} from {}; truncate {};")
    return move.format(target, names, names, staging, staging)


async def insert_staged(session: AsyncSession, staged: Sequence[sql.Composable]) -> None:
    """The second half, for several tables at once and in this order. The server alone works meanwhile; the session
    must not be used for anything else until it is done."""
    if staged:
        async with (await _driver(session)).cursor() as cursor:
            await cursor.execute(sql.Composed(staged))


async def _driver(session: AsyncSession) -> AsyncConnection[Any]:
    raw = await (await session.connection()).get_raw_connection()
    connection: AsyncConnection[Any] = raw.driver_connection  # type: ignore[assignment]  # psycopg's own connection
    return connection


def _reader(columns: Sequence[Column[Any]]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """Takes a row's values in the columns' order, JSON wrapped as psycopg wants it."""
    take = itemgetter(*(column.key for column in columns))
    documents = [at for at, column in enumerate(columns) if isinstance(column.type, JSON)]

    def read(row: Mapping[str, Any]) -> Sequence[Any]:
        values = list(take(row)) if len(columns) > 1 else [take(row)]
        for at in documents:
            if values[at] is not None:
                values[at] = Jsonb(values[at], dumps=str) if isinstance(values[at], JsonText) else Jsonb(values[at])
        return values

    return read
