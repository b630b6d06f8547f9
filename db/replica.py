"""A streaming standby, asked by reports, the policy lab and exports: what reads much and writes nothing.

Nothing read here is older than the question. The primary is asked how far it has committed, the standby is waited for
until it has replayed so much; a standby that does not get there in time, that is down, that hangs or that was promoted
is left alone for a while, and the primary is asked instead, without a difference that the asker could see.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from db.beginning import STATEMENT_TIMEOUT_MS
from db.engine import InInstitution, enter, make_engine, transaction

Result = TypeVar("Result")

POOL_SIZE: Final = 4
# So long a replica that failed is not asked: who reads shall not wait for it each time.
REST_SECONDS: Final = 10.0
# While it works, it is asked so often whether it still lives: a machine that is gone closes no connection.
LOOK_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.01
# A statement that took too long there would take too long here.
_QUERY_CANCELED: Final = "57014"

_COMMITTED: Final = text("select pg_current_wal_flush_lsn()::text as lsn, clock_timestamp() as at")
_REPLAYED: Final = text(
    """
    select pg_is_in_recovery() as standby, pg_wal_lsn_diff(cast(:lsn as pg_lsn), pg_last_wal_replay_lsn()) as missing,
        pg_last_xact_replay_timestamp() as last
    """
)
_log = structlog.get_logger(__name__)


class ReplicaUnusable(Exception):
    """The replica is not asked; the message says why."""


@dataclass(frozen=True)
class ReplicaState:
    """How the replica stands. `lag_seconds` and `lag_bytes`: how far it is behind; None where it does not answer."""

    usable: bool
    lag_seconds: float | None = None
    lag_bytes: int | None = None
    why: str = ""


@dataclass
class Reads:
    """How many readings of this process were answered by whom."""

    replica: int = 0
    primary: int = 0


@dataclass
class _Replica:
    engine: AsyncEngine
    wait_seconds: float
    reads: Reads = field(default_factory=Reads)
    rests_until: float = float("-inf")
    # Tasks that hang at a server that answers no more; they end when it does, or with the process.
    left: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def resting(self) -> bool:
        return time.monotonic() < self.rests_until

    def rest(self, why: object) -> None:
        self.rests_until = time.monotonic() + REST_SECONDS
        _log.warning("replica not used", why=str(why) or type(why).__name__, seconds=REST_SECONDS)


_replica: _Replica | None = None


def open_replica(url: str, *, wait_seconds: float, pooler: bool = False) -> None:
    """Open this process's connections to the replica; `url` is a `postgresql+psycopg://` address.

    `wait_seconds`: how long a reading waits for the replica to hold what was committed before.
    """
    global _replica
    engine = make_engine(url, pool_size=POOL_SIZE, pooler=pooler, connect_timeout=2, pool_timeout=1.0)
    _replica = _Replica(engine, wait_seconds)


async def close_replica() -> None:
    """Close every connection to the replica, those that hang as well."""
    global _replica
    if _replica is not None:
        for task in _replica.left:
            task.cancel()
        await _replica.engine.dispose(close=not _replica.left)
    _replica = None


def reads() -> Reads | None:
    """Who answered the readings of this process; None without a replica."""
    return _replica.reads if _replica else None


async def read_aside(
    actor: InInstitution | None,
    work: Callable[[AsyncSession], Awaitable[Result]],
    *,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    snapshot: bool = False,
) -> Result:
    """What `work` reads in a transaction that may write nothing, on the replica where there is one, else the primary.

    `work` only reads, and changes nothing outside itself: where the replica fails under it, it is done again on the
    primary. `statement_timeout_ms` and `snapshot` as in `transaction`.
    """
    replica = _replica
    if replica is not None:
        if not replica.resting:
            try:
                found = await _on_replica(replica, actor, work, statement_timeout_ms, snapshot)
            except (ReplicaUnusable, OSError, SQLAlchemyError) as error:
                if not _is_the_replicas(error):
                    raise
                replica.rest(error)
            else:
                replica.reads.replica += 1
                return found
        replica.reads.primary += 1
    reading = transaction(actor, statement_timeout_ms=statement_timeout_ms, snapshot=snapshot, read_only=True)
    async with reading as session:
        return await work(session)


async def replica_state() -> ReplicaState | None:
    """How the replica stands now, within two seconds; None where there is none.

    Raises what the database raises where the primary does not answer.
    """
    replica = _replica
    if replica is None:
        return None
    lsn, at = await _committed()
    try:
        state = await _bounded(replica, _follow(replica, lsn, at, min(replica.wait_seconds, 1.0)), LOOK_SECONDS)
    except (ReplicaUnusable, OSError, SQLAlchemyError) as error:
        return ReplicaState(usable=False, why=str(error) if isinstance(error, ReplicaUnusable) else "does not answer")
    if not state.usable and state.lag_seconds is not None and state.lag_seconds <= replica.wait_seconds:
        state = replace(state, usable=True, why="")
    if state.usable:
        replica.rests_until = float("-inf")
    return state


async def _on_replica(
    replica: _Replica,
    actor: InInstitution | None,
    work: Callable[[AsyncSession], Awaitable[Result]],
    statement_timeout_ms: int,
    snapshot: bool,
) -> Result:
    lsn, at = await _committed()
    state = await _bounded(replica, _follow(replica, lsn, at, replica.wait_seconds), replica.wait_seconds + 1)
    if not state.usable:
        raise ReplicaUnusable(state.why)

    async def read() -> Result:
        sessions = async_sessionmaker(replica.engine, expire_on_commit=False, autoflush=False)
        async with sessions() as session, session.begin():
            await enter(session, actor, statement_timeout_ms, snapshot=snapshot, read_only=True)
            return await work(session)

    task = asyncio.create_task(read(), name="reading on the replica")
    try:
        while not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
            # Whether it is behind by now does not matter: it was not when it was asked.
            await _bounded(replica, _replayed(replica, lsn), LOOK_SECONDS)
    except (ReplicaUnusable, OSError, SQLAlchemyError):
        _leave(replica, task)
        raise
    except BaseException:
        task.cancel()
        raise
    return task.result()


async def _committed() -> tuple[str, datetime]:
    """How far the primary has committed, and when that was, by its clock."""
    async with transaction(None) as session:
        row = (await session.execute(_COMMITTED)).one()
        return row.lsn, row.at


async def _follow(replica: _Replica, lsn: str, at: datetime, seconds: float) -> ReplicaState:
    """Wait until the replica has replayed so much, at most so many seconds. Raises ReplicaUnusable if it never will."""
    began = time.monotonic()
    while True:
        row = await _replayed(replica, lsn)
        if row.missing is not None and row.missing <= 0:
            return ReplicaState(usable=True, lag_seconds=round(time.monotonic() - began, 3), lag_bytes=0)
        if time.monotonic() - began >= seconds:
            # Of a standby that has replayed no transaction since it started nobody knows how far it is behind.
            lag = None if row.last is None else max(0.0, (at - row.last).total_seconds())
            missing = None if row.missing is None else int(row.missing)
            return ReplicaState(usable=False, lag_seconds=lag, lag_bytes=missing, why="is too far behind")
        await asyncio.sleep(_POLL_SECONDS)


async def _replayed(replica: _Replica, lsn: str) -> Any:
    async with replica.engine.connect() as connection:
        row = (await connection.execute(_REPLAYED, {"lsn": lsn})).one()
    if not row.standby:
        raise ReplicaUnusable("is a standby no more: it was promoted")
    return row


async def _bounded(replica: _Replica, work: Coroutine[Any, Any, Result], seconds: float) -> Result:
    """The result within so many seconds. Raises ReplicaUnusable; what hangs is left to itself, for a driver that waits
    for a server that is stopped waits on for many seconds where it is cancelled."""
    task = asyncio.create_task(work, name="asking the replica")
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except BaseException:
        task.cancel()
        raise
    if done:
        return task.result()
    _leave(replica, task)
    raise ReplicaUnusable("does not answer")


def _leave(replica: _Replica, task: asyncio.Task[Any]) -> None:
    def over(ended: asyncio.Task[Any]) -> None:
        replica.left.discard(ended)
        if not ended.cancelled():
            ended.exception()

    replica.left.add(task)
    task.add_done_callback(over)
    task.cancel()


def _is_the_replicas(error: Exception) -> bool:
    """Whether another server may do better: not with a statement that is wrong, or too slow."""
    if isinstance(error, ReplicaUnusable | OSError | PoolTimeout):
        return True
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlstate", None) != _QUERY_CANCELED
    return isinstance(error, DBAPIError) and error.connection_invalidated
