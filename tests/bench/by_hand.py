"""The same SQL by hand: what a service sends is written down, then sent again by psycopg alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.engine import Engine

Statement = tuple[str, dict[str, Any]]


@contextmanager
def written_down() -> Iterator[list[Statement]]:
    """Every statement that SQLAlchemy sends in the block, with its values, in the order of sending."""
    statements: list[Statement] = []

    def note(_: Any, cursor: Any, statement: str, parameters: dict[str, Any], context: Any, many: bool) -> None:
        statements.append((statement, dict(parameters or {})))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def connect(url: str) -> psycopg.AsyncConnection[Any]:
    """A connection as the console's login."""
    assert urlsplit(url).scheme == "postgresql"
    return await psycopg.AsyncConnection.connect(url, autocommit=True, options="-c timezone=UTC -c lock_timeout=2000")


async def send(connection: psycopg.AsyncConnection[Any], statements: list[Statement]) -> None:
    """Send the statements, of which the first begins a transaction, take every row of their answers, and commit."""
    async with connection.cursor() as cursor:
        for statement, values in statements:
            await cursor.execute(statement.encode(), values or None)
            if cursor.description:
                await cursor.fetchall()
    await connection.commit()


async def explain(connection: psycopg.AsyncConnection[Any], statements: list[Statement]) -> str:
    """The plan of the last statement, executed after those before it in their transaction."""
    *before, (last, values) = statements
    async with connection.cursor() as cursor:
        for statement, its_own in before:
            await cursor.execute(statement.encode(), its_own or None)
        await cursor.execute(sql.SQL("explain (analyze, costs off, timing off) ") + sql.SQL(last), values)
        plan = "\n".join(line for (line,) in await cursor.fetchall())
    await connection.commit()
    return plan
