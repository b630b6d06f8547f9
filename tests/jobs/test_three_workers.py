"""Three workers as processes: one is killed, one is stopped and comes back, and each due time is run once."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from console.settings import Settings
from db.engine import transaction
from db.models import User
from tests import warm
from tests.browser.site import _environment
from tests.conftest import Database
from tests.factories import make_bank

# A killed worker's run is another's after so long, by the database's clock: its lease is over, somebody has looked.
REPLACED_SECONDS = 15
# For what has no bound of its own.
PATIENCE = 60
JOB = "deliver notices"
# Due every five seconds, and begun at the first look after that.
OFTEN, ON_TIME_SECONDS = "commit decisions", 2


@contextmanager
def silent_mail_server() -> Iterator[int]:
    """The port of a server that takes connections and never says a word: whoever sends mail waits for it."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(20)
        yield server.getsockname()[1]


@pytest.fixture
def workers(console: Settings, run: Callable, tmp_path: Path) -> Iterator[dict[int, warm.WarmProcess]]:
    """Three running workers by process id, whose mail server hangs."""

    async def prepare() -> None:
        bank = await make_bank()
        async with transaction(bank.system) as session:
            (await session.get_one(User, bank.reviewer.user_id)).email = "reviewer@bank.example"

    run(prepare())
    with silent_mail_server() as port:
        mail = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(port),
            "SMTP_SECURITY": "none",
            "SMTP_FROM": "a@bank.example",
        }
        started = {}
        with (tmp_path / "workers.log").open("wb") as log:
            for _ in range(3):
                one = warm.start(["worker"], _environment(console) | mail, stdout=log.fileno(), stderr=log.fileno())
                started[one.pid] = one
        yield started
        for one in started.values():
            one.kill()
            one.wait()


def wait_for(what: Callable[[], Any], seconds: float) -> tuple[Any, float]:
    """What it says once it says something, and after how many seconds."""
    began = time.monotonic()
    while not (found := what()):
        assert time.monotonic() - began < seconds, "waited in vain"
        time.sleep(0.1)
    return found, time.monotonic() - began


def test_killed_and_stopped_workers_are_replaced(workers: dict[int, warm.WarmProcess], database: Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:

        def rows(sql: str, *values: object) -> list[tuple[Any, ...]]:
            return owner.execute(sql, values).fetchall()

        def ask_for_a_letter() -> None:
            owner.execute(
                "insert into notice (id, institution_id, user_id, kind, values, in_app, mail_state, mail_due_at)"
                ' select gen_random_uuid(), institution_id, id, \'assigned\', \'{"by":"A","what":"a check"}\', true,'
                " 'waiting', now() from app_user where email is not null"
            )
            owner.execute(
                "update scheduled_job set asked_at = clock_timestamp(), asked_by = 'test' where name = %s", [JOB]
            )

        def running() -> tuple[int, Any] | None:
            """Who has the letter in hand and waits for the mail server, and since when."""
            if rows("select 1 from notice where mail_attempts = 0"):
                return None
            found = rows("select worker, started_at from job_run where job = %s and outcome = 'running'", JOB)
            return (int(found[0][0].split("-")[-2]), found[0][1]) if found else None

        def since(started: Any) -> list[str]:
            """What became of the run that began then, and of those after it."""
            found = rows(
                "select outcome from job_run where job = %s and started_at >= %s order by started_at", JOB, started
            )
            return [row[0] for row in found]

        def replaced_after(started: Any, moment: Any) -> float:
            """Seconds from that moment until the next run began, by the database's clock."""
            query = "select extract(epoch from min(started_at) - %s) from job_run where job = %s and started_at > %s"
            return float(rows(query, moment, JOB, started)[0][0])

        def late_by(since: Any, seconds: float) -> float:
            """By how much the workers looked too late in these seconds, which they do once a second: a busy machine."""
            query = (
                "select coalesce(max(extract(epoch from started_at - due_at)), 0) from job_run where job = %s"
                " and attempt = 1 and due_at between %s and cast(%s as timestamptz) + make_interval(secs => %s)"
            )
            return max(0.0, float(rows(query, OFTEN, since, since, seconds)[0][0]) - ON_TIME_SECONDS)

        wait_for(lambda: rows("select 1 from worker")[2:], PATIENCE)
        ask_for_a_letter()
        (victim, started), _ = wait_for(running, PATIENCE)
        os.kill(victim, signal.SIGKILL)
        killed = rows("select clock_timestamp()")[0][0]
        workers.pop(victim).wait()
        wait_for(lambda: since(started)[1:], PATIENCE)
        wait_for(lambda: since(started)[:1] == ["lost"] and "done" in since(started), PATIENCE)
        replaced = replaced_after(started, killed)
        late = late_by(killed, replaced)
        assert replaced < REPLACED_SECONDS + 5 * late, f"looked {late:.1f} s too late"

        ask_for_a_letter()
        (sleeper, started), _ = wait_for(running, PATIENCE)
        os.kill(sleeper, signal.SIGSTOP)
        try:
            _, again = wait_for(lambda: since(started)[1:], PATIENCE)
        finally:
            os.kill(sleeper, signal.SIGCONT)
        wait_for(lambda: since(started)[:1] == ["lost"] and "done" in since(started), PATIENCE)
        print(f"\nreplaced {replaced:.1f} s after kill -9, {again:.1f} s after SIGSTOP")

        # The one that was stopped has learned that its run is another's, and works on with the others.
        came_back = "select 1 from worker where id like %s and beat_at > clock_timestamp() - interval '3 seconds'"
        wait_for(lambda: rows(came_back, f"%-{sleeper}-%"), PATIENCE)
        # Others went on meanwhile, and no due time of any job was done twice.
        assert rows("select count(*) from job_run where job = 'commit decisions' and outcome = 'done'")[0][0] >= 3
        twice = "select job, due_at from job_run where outcome = 'done' group by 1, 2 having count(*) > 1"
        assert rows(twice) == []
        # A worker that is told to stop says goodbye.
        for one in workers.values():
            one.terminate()
        assert [one.wait(timeout=60) for one in workers.values()] == [0, 0]
        assert rows("select id from worker where beat_at > clock_timestamp() - interval '5 seconds'") == []
