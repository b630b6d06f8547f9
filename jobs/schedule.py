"""When a job is due, and whether it may start now. No I/O."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

# A job that fails waits so long before the next attempt, then twice as long, …
FIRST_RETRY: Final = timedelta(seconds=5)
# … and never longer than its own interval or a minute, whichever is more, and a quarter of an hour.
LONGEST_RETRY: Final = timedelta(minutes=15)
SHORT_ENOUGH: Final = timedelta(minutes=1)
# Runs at one due time whose workers died: what takes its worker down with it is left until the next due time.
MOST_ATTEMPTS: Final = 3


@dataclass(frozen=True)
class Monthly:
    """The first day of each month, so long after midnight UTC."""

    after_midnight: timedelta = timedelta()

    def last_due(self, now: datetime) -> datetime:
        """The latest due time that is not after `now`."""
        first = datetime(now.year, now.month, 1, tzinfo=UTC) + self.after_midnight
        if first > now:
            before = datetime(now.year, now.month, 1, tzinfo=UTC) - timedelta(days=1)
            first = datetime(before.year, before.month, 1, tzinfo=UTC) + self.after_midnight
        return first

    def words(self) -> str:
        """When, for people."""
        return f"first of the month, {_hour(self.after_midnight)} UTC"


@dataclass(frozen=True)
class Job:
    """What is done, how often, and how long it may take before it counts as failed.

    `at` moves the due times of an interval: a job of each day runs so long after midnight UTC.
    """

    name: str
    every: timedelta | Monthly
    work: Callable[[], Awaitable[int]]
    at: timedelta = timedelta()
    longest: timedelta = timedelta(minutes=10)

    def last_due(self, now: datetime) -> datetime:
        """The latest due time that is not after `now`: the same for every worker, whenever it started."""
        now = now.astimezone(UTC)
        if isinstance(self.every, Monthly):
            return self.every.last_due(now)
        seconds = self.every.total_seconds()
        shift = self.at.total_seconds()
        return datetime.fromtimestamp((now.timestamp() - shift) // seconds * seconds + shift, UTC)

    def words(self) -> str:
        """When it is due, for people."""
        if isinstance(self.every, Monthly):
            return self.every.words()
        if self.every == timedelta(days=1):
            return f"daily, {_hour(self.at)} UTC"
        seconds = int(self.every.total_seconds())
        for unit, length in (("h", 3600), ("min", 60)):
            if seconds % length == 0:
                return f"every {seconds // length} {unit}"
        return f"every {seconds} s"


@dataclass(frozen=True)
class LastRun:
    """The latest run of a job, as the database has it."""

    due_at: datetime
    attempt: int
    outcome: str
    lease_until: datetime


@dataclass(frozen=True)
class Standing:
    """How a job stands, as the database has it."""

    paused: bool
    asked_at: datetime | None
    retry_at: datetime | None
    last: LastRun | None


@dataclass(frozen=True)
class Start:
    """A run that may start now: for which due time, and the how manieth attempt at it."""

    due_at: datetime
    attempt: int = 1


def start_of(job: Job, standing: Standing, now: datetime) -> Start | None:
    """The run to start now, None where there is none. Whatever was missed is caught up by one run."""
    last = standing.last
    if last is not None and last.outcome == "running" and last.lease_until > now:
        return None  # one that takes longer than its interval is followed by one, not by a pile
    if standing.asked_at is not None:
        return Start(standing.asked_at, _attempt(last, standing.asked_at))
    if standing.paused:
        return None
    if last is not None and last.outcome in {"running", "lost"} and last.attempt < MOST_ATTEMPTS:
        return Start(last.due_at, last.attempt + 1)
    if standing.retry_at is not None:
        due = job.last_due(now)
        at = last.due_at if last is not None and last.due_at > due else due
        return Start(at, _attempt(last, at)) if standing.retry_at <= now else None
    due = job.last_due(now)
    return Start(due) if last is None or last.due_at < due else None


def retry_after(job: Job, failures: int) -> timedelta:
    """How long to wait after so many failures in a row, one at least."""
    interval = job.every if isinstance(job.every, timedelta) else LONGEST_RETRY
    doubled: int = 2 ** min(failures - 1, 20)
    return min(FIRST_RETRY * doubled, max(interval, SHORT_ENOUGH), LONGEST_RETRY)


def _attempt(last: LastRun | None, due_at: datetime) -> int:
    return last.attempt + 1 if last is not None and last.due_at == due_at else 1


def _hour(after_midnight: timedelta) -> str:
    minutes = int(after_midnight.total_seconds()) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"
