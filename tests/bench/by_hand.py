"""The same SQL by hand: what a service sends is written down, then sent again by psycopg alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from db import engine
from db.direct import Direct, begin_on, read_on

Statement = tuple[str, dict[str, Any]]
_DIALECT: Final = PGDialectAsync_psycopg()  # type: ignore[no-untyped-call]


@contextmanager
def written_down() -> Iterator[list[Statement]]:
    """Every statement that services send in the block, with its values, in the order of sending."""
    statements: list[Statement] = []
    begin, straight, at_once = begin_on, Direct.all, read_on

    def note(_: Any, cursor: Any, statement: str, parameters: dict[str, Any], context: Any, many: bool) -> None:
        statements.append((statement, dict(parameters or {})))

    async def note_beginning(session: AsyncSession, connection: AsyncConnection, beginning: str) -> None:
        statements.append((beginning, {}))
        await begin(session, connection, beginning)

    async def note_direct(direct: Direct, session: AsyncSession, values: Mapping[str, Any]) -> list[Any]:
        statements.append(_as_sqlalchemy_sends(direct, values))
        return await straight(direct, session, values)

    async def note_reading(
        connection: AsyncConnection, settings: str, asked: Sequence[tuple[Direct, Mapping[str, Any]]]
    ) -> list[list[Any]]:
        # By hand, several such readings are one transaction, which begins as the last of them.
        statements[:1] = [(f"begin; {settings}", {})]
        statements.extend(_as_sqlalchemy_sends(direct, values) for direct, values in asked)
        return await at_once(connection, settings, asked)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with (
            patch.object(engine, "begin_on", note_beginning),
            patch.object(engine, "read_on", note_reading),
            patch.object(Direct, "all", note_direct),
        ):
            yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _as_sqlalchemy_sends(direct: Direct, values: Mapping[str, Any]) -> Statement:
    """The statement with its parameters' names in it."""
    compiled = direct.statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
    state = compiled.construct_expanded_state(dict(values))
    ready: dict[str, Any] = {**compiled._bind_processors, **state.processors}
    sent = {name: ready[name](value) if name in ready else value for name, value in state.parameters.items()}
    return state.statement, sent


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


async def touched(connection: psycopg.AsyncConnection[Any], statements: list[Statement]) -> int:
    """How many pages of the database the statements look at, all but the first, which begins their transaction; of 8
    KiB each, and as often as they look. It says what they cost whatever else the machine is busy with."""
    (beginning, _), *read = statements
    pages = 0
    async with connection.cursor() as cursor:
        await cursor.execute(beginning.encode())
        for statement, values in read:
            asked = sql.SQL("explain (analyze, buffers, timing off, format json) ") + sql.SQL(statement)
            await cursor.execute(asked, values)
            ((plan,),) = await cursor.fetchall()
            pages += plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]
    await connection.commit()
    return pages
