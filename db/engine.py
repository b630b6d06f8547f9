"""The way into the database: one engine per process, and short transactions inside an institution.

Every transaction runs as the role `console_app`, which owns nothing and cannot bypass row-level security,
and names its institution; without one it sees no row of any institution's data.
"""

from __future__ import annotations

import asyncio
import select
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast
from uuid import UUID

from sqlalchemy import event, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import QueuePool

from db.beginning import PATIENT_IDLE_TIMEOUT_MS, STATEMENT_TIMEOUT_MS, settings
from db.beginning import beginning as beginning_of
from db.direct import Direct, begin_on, read_on

POOL_TIMEOUT_SECONDS = 30.0
_CLOSED: Final = "the database is not open in this process: call open_engine first"

# Under this name a session in a transaction knows what makes the statement that ends it.
_LAST: Final = "last"


class InInstitution(Protocol):
    """Whoever acts inside one institution: a signed-in person, or a job."""

    @property
    def institution_id(self) -> UUID: ...


AfterCommit = Callable[[], Awaitable[None]]


@dataclass
class Waits:
    """How long transactions of this process have waited for a connection, in seconds, and how many of them."""

    count: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class PoolState:
    """This process's connections: in use, open, and the most there may be; and the waits for one."""

    used: int = 0
    open: int = 0
    most: int = 0
    waits: Waits = field(default_factory=Waits)


_engine: AsyncEngine | None = None
# As many transactions as there are connections. The pool gives a free one to whoever asks at that moment, and whoever
# has waited longest for one waits again; here each has its turn.
_turns = asyncio.Semaphore(0)
_waits = Waits()
_sessions: async_sessionmaker[AsyncSession] | None = None


def open_engine(url: str, *, pool_size: int = 15, max_overflow: int = 0, pooler: bool = False) -> AsyncEngine:
    """Open this process's engine. `url` is a `postgresql+psycopg://` address.

    `pooler`: it is PgBouncer's, in transaction mode. Each transaction may then be on another connection to the server,
    so nothing is prepared on one.
    """
    global _engine, _sessions, _turns
    _engine = make_engine(url, pool_size=pool_size, max_overflow=max_overflow, pooler=pooler)
    _turns = asyncio.Semaphore(pool_size + max_overflow)
    _sessions = async_sessionmaker(_engine, expire_on_commit=False, autoflush=False)
    return _engine


def make_engine(
    url: str,
    *,
    pool_size: int,
    max_overflow: int = 0,
    pooler: bool = False,
    connect_timeout: int = 5,
    pool_timeout: float = POOL_TIMEOUT_SECONDS,
) -> AsyncEngine:
    """An engine as this process's, for whoever keeps one of its own. Times are in seconds."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=pool_timeout,
        # The connection used last comes next: a few of them have every statement prepared, and the rest are spare.
        pool_use_lifo=True,
        # Only so much as that BEGIN is ours to say, in `transaction`; it ends with COMMIT or ROLLBACK as any other.
        isolation_level="AUTOCOMMIT",
        # Values of a failing statement, account numbers among them, stay out of tracebacks and logs.
        hide_parameters=True,
        connect_args={
            "connect_timeout": connect_timeout,
            "application_name": "check-review-console",
            **({"prepare_threshold": None} if pooler else {}),
        },
    )
    event.listen(engine.sync_engine, "checkout", _look_at_the_line)
    return engine


def _look_at_the_line(connection: Any, *_: object) -> None:
    """Replace a connection on which the server has said goodbye, as it does when it ends or restarts.

    Nothing may wait to be read on a connection that nobody uses. Looking costs a system call; asking the server, as a
    ping does, costs each transaction one more round trip.
    """
    line = connection.driver_connection
    if line.closed:
        raise InvalidatePoolError
    waiting = select.poll()
    waiting.register(line.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    if waiting.poll(0):
        raise InvalidatePoolError


def is_open() -> bool:
    """Whether this process has an engine."""
    return _engine is not None


def pool_state() -> PoolState:
    """How this process's pool stands; all zero before it is open."""
    if _engine is None:
        return PoolState(waits=_waits)
    pool = cast(QueuePool, _engine.pool)
    most = pool.size() + pool._max_overflow
    return PoolState(pool.checkedout(), pool.checkedout() + pool.checkedin(), most, _waits)


async def close_engine() -> None:
    """Close every connection of this process."""
    global _engine, _sessions
    if _engine is not None:
        await _engine.dispose()
    _engine = _sessions = None


@asynccontextmanager
async def transaction(
    actor: InInstitution | None,
    *,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    snapshot: bool = False,
    read_only: bool = False,
    plans_once: bool = False,
) -> AsyncIterator[AsyncSession]:
    """A transaction that sees the actor's institution only; committed at the end, rolled back on any error.

    Without an actor only what belongs to no institution can be seen. With `snapshot`, every statement sees the
    database as it was at the first (REPEATABLE READ), for long readings; with `read_only` none can write. With
    `plans_once` what is prepared is planned once for a connection, whatever the values: for statements of which the
    same plan is always good, and whose planning takes longer than they do. What `after_commit` was given runs once the
    commit has succeeded.
    """
    if _sessions is None:
        raise RuntimeError(_CLOSED)
    since, turns = time.perf_counter(), _turns
    await _turn(turns)
    session = _sessions()
    # A session's own ways to begin and to close take a task or a greenlet each: here they are passed through once.
    try:
        connection = await session.connection()
        _waited(since)
        beginning = beginning_of(
            _of(actor), statement_timeout_ms, snapshot=snapshot, read_only=read_only, plans_once=plans_once
        )
        await begin_on(session, connection, beginning)
        yield session
        if _LAST in session.info:
            await session.flush()
            statement, values = session.info[_LAST]()
            await statement.commit(session, values)
        await session.commit()
    except BaseException:
        # Whatever ends the task: the connection goes back, or is given up.
        await asyncio.shield(asyncio.ensure_future(session.close()))
        raise
    else:
        # Nothing is left to be done at the database.
        session.sync_session.close()
    finally:
        turns.release()
    waiting: list[AfterCommit] = session.info.get("after_commit", [])
    for action in waiting:
        await action()


async def read_at_once(
    actor: InInstitution | None,
    *asked: tuple[Direct, Mapping[str, Any]],
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    plans_once: bool = False,
    plans_each: bool = False,
) -> list[list[Any]]:
    """What these statements find, each given with its values, in a transaction of their own that sees the actor's
    institution only and cannot write. It is one message to the database, where `transaction` takes three and more: for
    what is known before anything is read. `plans_once` is as for that. Raises what a session's `execute` raises."""
    if _engine is None:
        raise RuntimeError(_CLOSED)
    since, turns = time.perf_counter(), _turns
    await _turn(turns)
    try:
        connection = await _engine.connect()
        _waited(since)
        try:
            terms = settings(_of(actor), statement_timeout_ms, True, plans_once, plans_each)
            found = await read_on(connection, terms, asked)
        except BaseException:
            # Whatever ends the task: the connection goes back, or is given up.
            await asyncio.shield(asyncio.ensure_future(connection.close()))
            raise
        await connection.close()
        return found
    finally:
        turns.release()


def _waited(since: float) -> None:
    _waits.count += 1
    _waits.seconds += time.perf_counter() - since


async def _turn(turns: asyncio.Semaphore) -> None:
    """Wait for one's turn. Raises what the pool raises where there is no connection for too long."""
    if not turns.locked():
        await turns.acquire()
        return
    try:
        async with asyncio.timeout(POOL_TIMEOUT_SECONDS):
            await turns.acquire()
    except TimeoutError:
        raise PoolTimeout(f"no connection within {POOL_TIMEOUT_SECONDS:.0f} s") from None


async def enter(
    session: AsyncSession,
    actor: InInstitution | None,
    statement_timeout_ms: int,
    *,
    snapshot: bool = False,
    read_only: bool = False,
) -> None:
    """Begin the transaction of a session as one of the console's, inside the actor's institution."""
    connection = await session.connection()
    beginning = beginning_of(_of(actor), statement_timeout_ms, snapshot=snapshot, read_only=read_only)
    await begin_on(session, connection, beginning)


def _of(actor: InInstitution | None) -> UUID | None:
    return actor.institution_id if actor else None


def end_with(session: AsyncSession, last: Callable[[], tuple[Direct, Mapping[str, Any]]]) -> None:
    """Run what `last` answers, a statement and its values, once the block of the session's `transaction` is over, in
    one message with the COMMIT: what everybody waits for is locked for no longer than the database itself takes.

    Raises RuntimeError where the transaction ends with something else already.
    """
    if _LAST in session.info:
        raise RuntimeError("the transaction ends with another statement already")
    session.info[_LAST] = last


async def wait_outside(session: AsyncSession) -> None:
    """Say that the session's transaction is about to wait for something other than the database, Redis for one: it may
    stand still for a minute, in which what it has locked stays so."""
    longer = text("select set_config('idle_in_transaction_session_timeout', :idle, true)")
    await session.execute(longer, {"idle": str(PATIENT_IDLE_TIMEOUT_MS)})


def after_commit(session: AsyncSession, action: AfterCommit) -> None:
    """Run `action` once this session's transaction has committed, and never when it does not."""
    session.info.setdefault("after_commit", []).append(action)
