"""When a job is due, and whether a run may start: rules without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.schedule import LONGEST_RETRY, MOST_ATTEMPTS, Job, LastRun, Monthly, Standing, Start, retry_after, start_of

NOW = datetime(2026, 11, 25, 15, 0, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)
moments = st.integers(1_700_000_000, 1_900_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


async def nothing() -> int:
    return 0


def job(every: timedelta | Monthly = timedelta(seconds=30), at: timedelta = timedelta()) -> Job:
    return Job("a job", every, nothing, at=at)


def standing(last: LastRun | None = None, **given: object) -> Standing:
    return Standing(**{"paused": False, "asked_at": None, "retry_at": None, "last": last, **given})  # type: ignore[arg-type]


def ran(due_at: datetime, outcome: str = "done", attempt: int = 1, lease: timedelta = SECOND) -> LastRun:
    return LastRun(due_at, attempt, outcome, NOW + lease)


@given(moments, st.sampled_from([5, 15, 30, 60, 900, 3600, 21600, 86400]), st.integers(0, 80_000))
def test_due_times_of_an_interval_are_the_same_for_every_worker(now: datetime, seconds: int, at: int) -> None:
    one = job(timedelta(seconds=seconds), timedelta(seconds=at % seconds))
    due = one.last_due(now)
    assert timedelta() <= now - due < one.every  # type: ignore[operator]
    assert one.last_due(due) == due
    assert one.last_due(due - timedelta(milliseconds=1)) == due - one.every  # type: ignore[operator]


@given(moments)
def test_monthly_is_once_a_month(now: datetime) -> None:
    one = job(Monthly(timedelta(hours=3)))
    due = one.last_due(now)
    assert due <= now and (due.day, due.hour) == (1, 3) and one.last_due(due) == due
    assert (due.year, due.month) == (now.year, now.month) or now < datetime(now.year, now.month, 1, 3, tzinfo=UTC)


def test_a_due_time_is_run_once_and_what_was_missed_once() -> None:
    due = NOW.replace(second=0)
    assert start_of(job(), standing(), NOW) == Start(due)
    assert start_of(job(), standing(ran(due)), NOW) is None
    assert start_of(job(), standing(ran(due - timedelta(days=3))), NOW) == Start(due)


def test_one_that_overruns_is_followed_by_one() -> None:
    long_ago = NOW - timedelta(hours=2)
    assert start_of(job(), standing(ran(long_ago, "running")), NOW) is None
    assert start_of(job(), standing(ran(long_ago)), NOW) == Start(NOW.replace(second=0))


def test_a_dead_workers_run_is_begun_again_but_not_for_ever() -> None:
    due = NOW.replace(second=0)
    for outcome in ("running", "lost"):
        dead = ran(due, outcome, lease=-SECOND)
        assert start_of(job(), standing(dead), NOW) == Start(due, 2)
    assert start_of(job(), standing(ran(due, "lost", MOST_ATTEMPTS)), NOW) is None
    assert start_of(job(), standing(ran(due, "lost", MOST_ATTEMPTS)), NOW + timedelta(seconds=30)) is not None


def test_a_failed_one_waits_for_its_retry_and_no_longer() -> None:
    due = NOW.replace(second=0)
    failed = ran(due, "failed")
    assert start_of(job(), standing(failed, retry_at=NOW + SECOND), NOW) is None
    assert start_of(job(), standing(failed, retry_at=NOW), NOW) == Start(due, 2)
    # A later due time does not shorten the wait.
    assert start_of(job(), standing(ran(due - timedelta(hours=1), "failed"), retry_at=NOW + SECOND), NOW) is None


def test_paused_is_not_run_but_for_somebody_who_asks() -> None:
    due = NOW.replace(second=0)
    assert start_of(job(), standing(paused=True), NOW) is None
    assert start_of(job(), standing(ran(due, "running", lease=-SECOND), paused=True), NOW) is None
    asked = NOW - SECOND
    assert start_of(job(), standing(ran(due), paused=True, asked_at=asked), NOW) == Start(asked)
    assert start_of(job(), standing(ran(due, "running"), asked_at=asked), NOW) is None
    # What somebody asked for counts for the due time before it.
    assert start_of(job(), standing(ran(asked)), NOW) is None


@given(st.integers(1, 100), st.sampled_from([5, 60, 900, 86400]))
def test_retries_wait_longer_and_longer_within_bounds(failures: int, seconds: int) -> None:
    one = job(timedelta(seconds=seconds))
    assert timedelta(seconds=5) <= retry_after(one, failures) <= retry_after(one, failures + 1) <= LONGEST_RETRY
    if seconds == 5:
        assert retry_after(one, failures) <= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (job(timedelta(seconds=5)), "every 5 s"),
        (job(timedelta(minutes=15)), "every 15 min"),
        (job(timedelta(hours=6)), "every 6 h"),
        (job(timedelta(days=1), timedelta(hours=2, minutes=10)), "daily, 02:10 UTC"),
        (job(Monthly(timedelta(hours=3))), "first of the month, 03:00 UTC"),
    ],
)
def test_when_in_words(one: Job, words: str) -> None:
    assert one.words() == words
