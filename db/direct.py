"""Statements of the busiest ways, straight to the driver: compiled once, and awaited without SQLAlchemy between.

They run on the session's own connection and so in its transaction, beside whatever the session does itself. A session's
`execute` costs the process three times what the driver costs, and a decision takes twenty of them. Where nobody waits
in numbers, a session's own statements read better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.sql.compiler import SQLCompiler

# Under this name a session in a transaction knows the driver's connection.
_LINE: Final = "line"

_DIALECT: Final = PGDialectAsync_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


async def begin_on(session: AsyncSession, connection: AsyncConnection, beginning: str) -> None:
    """Begin the session's transaction on its connection with these statements, which are one message and take no
    parameters. Raises what the session's `execute` raises."""
    line = session.info[_LINE] = _line_of(connection)
    try:
        await psycopg.AsyncCursor(line).execute(beginning.encode(), prepare=False)
    except psycopg.Error as error:
        raise await _as_sqlalchemy_would(session, line, error) from error


async def read_on(
    connection: AsyncConnection, settings: str, asked: Sequence[tuple[Direct, Mapping[str, Any]]]
) -> list[list[Any]]:
    """What these statements find, in a transaction of their own, one message and its answer: what a message holds is
    one transaction, which `settings` makes one of the console's. Raises what a session's `execute` raises."""
    line = _line_of(connection)
    sent = []
    try:
        async with line.pipeline():
            await psycopg.AsyncCursor(line).execute(settings.encode(), prepare=False)
            for statement, values in asked:
                sent.append(await statement._sent(line, values))
        return [await _rows(one) for one in sent]
    except psycopg.Error as error:
        raise await _as_sqlalchemy_would(connection, line, error) from error


class Direct:
    """A statement of SQLAlchemy's, text or not, whose parameters are named; none of them may be a list to expand.
    It is prepared on each connection when it comes there first, unless the connection is a pooler's.

    It answers with the columns as the driver reads them, as attributes of each row. What is changed in the session and
    not flushed is not seen.
    """

    def __init__(self, statement: Executable) -> None:
        self.statement = statement
        self._make: Callable[[Sequence[Any]], Any] | None = None

    async def all(self, session: AsyncSession, values: Mapping[str, Any]) -> list[Any]:
        """Every row, as a named tuple. Raises what the session's `execute` raises."""
        line: psycopg.AsyncConnection[Any] = session.info[_LINE]
        try:
            return await _rows(await self._sent(line, values))
        except psycopg.Error as error:
            raise await _as_sqlalchemy_would(session, line, error) from error

    async def first(self, session: AsyncSession, values: Mapping[str, Any]) -> Any | None:
        """The first row; None where there is none."""
        rows = await self.all(session, values)
        return rows[0] if rows else None

    async def run(self, session: AsyncSession, values: Mapping[str, Any]) -> None:
        """Do what answers nothing."""
        await self.all(session, values)

    async def commit(self, session: AsyncSession, values: Mapping[str, Any]) -> None:
        """Do it as the transaction's last statement, and commit. Both leave in one message: what the statement locks is
        let go of as soon as the server is done, whatever this process is busy with. Where it fails nothing is
        committed. Raises what the session's `execute` and `commit` raise."""
        line: psycopg.AsyncConnection[Any] = session.info[_LINE]
        text, parameters = self._ready(values)
        try:
            async with line.pipeline():
                await psycopg.AsyncRawCursor(line).execute(text, parameters, prepare=True)
                await psycopg.AsyncRawCursor(line).execute(b"commit", prepare=False)
        except psycopg.Error as error:
            raise await _as_sqlalchemy_would(session, line, error) from error

    async def _sent(self, line: psycopg.AsyncConnection[Any], values: Mapping[str, Any]) -> psycopg.AsyncCursor[Any]:
        """The cursor that it was executed on; in a pipeline its answer is there once that is over."""
        cursor = psycopg.AsyncRawCursor(line, row_factory=self._row_factory)
        text, parameters = self._ready(values)
        return await cursor.execute(text, parameters, prepare=True)

    def _ready(self, values: Mapping[str, Any]) -> tuple[bytes, list[Any]]:
        """The text and what the driver is given for $1, $2, …"""
        text, names, given, ready = self._compiled
        merged = {**given, **values} if given else values
        return text, [
            merged[name] if make is None else make(merged[name]) for name, make in zip(names, ready, strict=True)
        ]

    @cached_property
    def _compiled(
        self,
    ) -> tuple[bytes, tuple[str, ...], dict[str, Any], tuple[Callable[[Any], Any] | None, ...]]:
        """The text with $1, $2, …, the names of those in their order, the statement's own values, and what makes each
        value ready for the driver."""
        compiled = self.statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        # Lists that stand in the statement itself are spelled out; what is given later has no value yet.
        state = compiled.construct_expanded_state(dict.fromkeys(compiled.params) | compiled.params)
        names = tuple(dict.fromkeys(state.positiontup or ()))
        own = {name: value for name, value in state.parameters.items() if value is not None}
        ready: dict[str, Any] = {**compiled._bind_processors, **state.processors}
        return state.statement.encode(), names, own, tuple(ready.get(name) for name in names)

    def _row_factory(self, cursor: psycopg.AsyncCursor[Any]) -> Callable[[Sequence[Any]], Any]:
        # The columns are always the same: their names are read once.
        result = cursor.pgresult
        if result is None or not result.nfields:
            return tuple
        if self._make is None:
            self._make = namedtuple_row(cursor)
        return self._make


async def _rows(cursor: psycopg.AsyncCursor[Any]) -> list[Any]:
    result = cursor.pgresult
    return await cursor.fetchall() if result is not None and result.nfields else []


def _line_of(connection: AsyncConnection) -> psycopg.AsyncConnection[Any]:
    """The driver's connection under one of SQLAlchemy's that was just opened."""
    held = connection.sync_connection
    line = held.connection.driver_connection if held is not None else None
    assert isinstance(line, psycopg.AsyncConnection)
    return line


async def _as_sqlalchemy_would(
    holder: AsyncSession | AsyncConnection, line: psycopg.AsyncConnection[Any], error: psycopg.Error
) -> Exception:
    """The error as SQLAlchemy tells of it, without values; a connection that is gone leaves the pool."""
    gone = line.closed
    if gone:
        connection = await holder.connection() if isinstance(holder, AsyncSession) else holder
        await connection.invalidate(error)
    told: Exception = DBAPIError.instance(
        None, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=gone, dialect=_DIALECT
    )
    return told
