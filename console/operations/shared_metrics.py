"""Figures of the whole installation, read when somebody asks: the same whichever process is asked.

So they are taken as `max(…)` over processes, never summed; what a process counts by itself stands in `console.metrics`.
They are read at most every REMEMBERED_SECONDS, however many ask.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import text

from console.actor import system_actor
from console.institution import institution_ids
from console.operations.redis_memory import redis_memory
from console.operations.workers import SILENT
from db.engine import transaction
from db.replica import reads, replica_state

REMEMBERED_SECONDS: Final = 5.0
LONGEST_SECONDS: Final = 4.0

# Sums per queue and status come from the tally; what is open is behind partial indexes; breaches are what people were
# told of, each once, at the moment when the item was due.
_OF_INSTITUTION: Final = text(
    """
    with depth as (
        select q.key as queue, t.status, sum(t.items) as items
        from item_tally t join queue q on q.id = t.queue_id
        where t.institution_id = :institution
            and t.status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')
        group by 1, 2 having sum(t.items) <> 0
    )
    select
        (select coalesce(jsonb_agg(jsonb_build_array(queue, status, items)), '[]') from depth) as depth,
        (select count(*) from item_alert where institution_id = :institution and kind = 'sla_breach'
            and due_at > now() - interval '1 hour' and due_at <= now()) as breaches,
        (select count(*) from check_item where institution_id = :institution
            and status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')
            and sla_due_at <= now()) as overdue,
        (select count(*) from check_item where institution_id = :institution
            and status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')
            and sla_due_at > now() and sla_warning_at <= now()) as warnings,
        (select count(*) from check_item where institution_id = :institution
            and status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')
            and return_by is not null and return_by <= now()) as missed,
        (select count(*) from session_record where institution_id = :institution and ended_at is null) as sessions,
        (select count(*) from notice where institution_id = :institution and mail_state = 'waiting') as letters
    """
)
_OF_DATABASE: Final = text(
    """
    select (select sum(numbackends) from pg_stat_database) as connections,
        current_setting('max_connections')::int as most,
        (select count(*) from worker where beat_at > now() - cast(:silent as interval)) as workers,
        (select max(beat_at) from worker) as beat,
        (select coalesce(max(abs(clock_ahead)), 0) from worker
            where beat_at > now() - cast(:silent as interval)) as skew,
        -- What was never archived counts from when the server could have begun to.
        (select coalesce(last_archived_time, pg_postmaster_start_time()) from pg_stat_archiver
            where current_setting('archive_mode') <> 'off') as archived
    """
)
_JOBS: Final = text("select name, failures, paused_at is not null as paused, last_done_at from scheduled_job")
_CHECKS: Final = text("select name, at, ok, figures from installation_check")

_log = structlog.get_logger(__name__)


class SharedMetrics:
    """The families as Prometheus takes them; `read` brings them up to date."""

    def __init__(self) -> None:
        self._families: tuple[Metric, ...] = ()
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    def collect(self) -> Iterator[Metric]:
        """What was read last."""
        yield from self._families

    async def read(self) -> None:
        """Read everything anew, unless that was done just now. What cannot be read is left out, and said so."""
        async with self._lock:
            if time.monotonic() - self._read_at < REMEMBERED_SECONDS:
                return
            found: list[Metric] = []
            ok = {}
            sources = [("database", _database), ("redis", _redis), *([("replica", _replica)] if reads() else [])]
            for source, read in sources:
                try:
                    async with asyncio.timeout(LONGEST_SECONDS):
                        found += await read()
                    ok[source] = 1.0
                except Exception as error:
                    ok[source] = 0.0
                    _log.warning("shared metrics not read", source=source, error=type(error).__name__)
            told = "Whether the shared figures could be read from there (1) or not (0)."
            self._families = (*found, _gauge("crc_shared_metrics_read", told, ok, "source"))
            self._read_at = time.monotonic()


async def _database() -> list[Metric]:
    async with transaction(None) as session:
        whole = (await session.execute(_OF_DATABASE, {"silent": SILENT})).one()
        jobs = (await session.execute(_JOBS)).all()
        checks = (await session.execute(_CHECKS)).all()
    return [
        *_of_work([await _institution(one) for one in await institution_ids()]),
        _gauge("crc_database_connections", "Connections of clients to the database server.", whole.connections),
        _gauge("crc_database_connections_max", "Connections that the database server allows.", whole.most),
        _gauge("crc_workers", "Workers that were heard of within 15 seconds.", whole.workers),
        _gauge("crc_worker_last_beat_seconds", "When a worker was last heard of, Unix time.", _unix(whole.beat)),
        _gauge("crc_worker_clock_skew_seconds", "Furthest clock of a worker from the database's.", whole.skew),
        *_of_archive(whole.archived),
        *_of_jobs(jobs),
        *_of_checks(checks),
    ]


async def _institution(institution_id: Any) -> Any:
    async with transaction(system_actor(institution_id, "metrics")) as session:
        return (await session.execute(_OF_INSTITUTION, {"institution": institution_id})).one()


def _of_work(rows: Iterable[Any]) -> list[Metric]:
    rows = list(rows)
    depth = GaugeMetricFamily("crc_queue_items", "Open checks by queue and status.", labels=("queue", "status"))
    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        for queue, status, items in row.depth:
            sums[queue, status] = sums.get((queue, status), 0) + int(items)
    for labels, items in sums.items():
        depth.add_metric(labels, items)

    def total(name: str) -> int:
        return sum(getattr(row, name) for row in rows)

    return [
        depth,
        _gauge("crc_sla_breaches_last_hour", "Checks whose SLA was breached within the last hour.", total("breaches")),
        _gauge("crc_sla_overdue_items", "Open checks past their SLA.", total("overdue")),
        _gauge("crc_sla_warning_items", "Open checks that are due soon.", total("warnings")),
        _gauge("crc_return_deadlines_missed", "Open checks past the last minute to return them.", total("missed")),
        _gauge("crc_active_sessions", "Sessions of people that have not ended.", total("sessions")),
        _gauge("crc_letters_waiting", "E-mails that wait for the mail server.", total("letters")),
    ]


def _of_jobs(rows: Iterable[Any]) -> list[Metric]:
    rows = list(rows)
    failures = {row.name: float(row.failures) for row in rows}
    paused = {row.name: float(row.paused) for row in rows}
    done = {row.name: _unix(row.last_done_at) for row in rows if row.last_done_at}
    return [
        _gauge("crc_job_failures", "Runs of a job that failed one after the other.", failures, "job"),
        _gauge("crc_job_paused", "Whether a job is paused.", paused, "job"),
        _gauge("crc_job_last_done_seconds", "When a run of a job last went well, Unix time.", done, "job"),
    ]


def _of_checks(rows: Iterable[Any]) -> list[Metric]:
    rows = list(rows)
    ok = {row.name: float(row.ok) for row in rows}
    at = {row.name: row.at.timestamp() for row in rows}
    ends = {row.name: float(row.figures["expires"]) for row in rows if "expires" in row.figures}
    return [
        _gauge("crc_check_ok", "Whether a regular check found all well (1) or not (0).", ok, "check"),
        _gauge("crc_check_seconds", "When a regular check was last done, Unix time.", at, "check"),
        _gauge("crc_expires_seconds", "When what was checked expires, Unix time.", ends, "check"),
    ]


def _of_archive(archived: datetime | None) -> list[Metric]:
    if archived is None:
        return []
    return [_gauge("crc_wal_archived_seconds", "When WAL was last archived, Unix time.", archived.timestamp())]


async def _redis() -> list[Metric]:
    memory = await redis_memory()
    used = {node: float(one.used) for node, one in memory.items()}
    most = {node: float(one.most) for node, one in memory.items()}
    return [
        _gauge("crc_redis_memory_bytes", "Memory that Redis uses.", used, "node"),
        _gauge("crc_redis_memory_max_bytes", "Memory that Redis may use: maxmemory, else the machine's.", most, "node"),
    ]


async def _replica() -> list[Metric]:
    state = await replica_state()
    if state is None:
        return []
    found = [_gauge("crc_replica_usable", "Whether reports can be read at the replica.", float(state.usable))]
    if state.lag_seconds is not None:
        found.append(_gauge("crc_replica_lag_seconds", "Seconds that it is behind the primary.", state.lag_seconds))
    if state.lag_bytes is not None:
        found.append(_gauge("crc_replica_lag_bytes", "What it has not yet replayed, in bytes.", state.lag_bytes))
    return found


def _gauge(name: str, told: str, value: float | Mapping[str, float], label: str = "") -> Metric:
    if not isinstance(value, Mapping):
        return GaugeMetricFamily(name, told, value=value)
    family = GaugeMetricFamily(name, told, labels=(label,))
    for key, one in value.items():
        family.add_metric((key,), one)
    return family


def _unix(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
