"""A primary PostgreSQL and a streaming standby of it, as processes of a test's own: killed, stopped, promoted at will.

`with primary_and_standby(folder) as pair:` makes both, the standby by `pg_basebackup` as operations do it. What is
committed is flushed to disk first, as in production: only what is flushed is streamed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg

from deploy.embedded.layout import Credentials, Layout
from deploy.embedded.postgres import Postgres, wheel_programs
from deploy.embedded.processes import Server, spawn, stop
from deploy.embedded.unprivileged import find_way, own_data, reachable_programs

_READY_SECONDS: Final = 60
_CAUGHT_UP_SECONDS: Final = 60


@dataclass
class DatabaseServer:
    """One PostgreSQL on a port of its own, which it keeps when it is started again."""

    layout: Layout
    credentials: Credentials
    service: Postgres
    server: Server | None = None
    process: subprocess.Popen[bytes] | None = None
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """As whom the console connects."""
        return self.addresses["database_url"]

    @property
    def owner_url(self) -> str:
        """As the owner of the tables."""
        return self.addresses["owner_database_url"]

    @property
    def superuser_url(self) -> str:
        return self.addresses["superuser_database_url"]

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return self.layout.postgres.resolve() / "cluster"

    def start(self) -> None:
        """Start it, where it was before, and wait until it takes questions."""
        if self.server is None:
            self.service.prepare()
            self.server = self.service.server()
            self.addresses = dict(self.service.endpoints())
        self.process = spawn(self.server)
        deadline = time.monotonic() + _READY_SECONDS
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def stop(self) -> None:
        """End it in order."""
        assert self.server is not None and self.process is not None
        stop([(self.server, self.process)])

    def kill(self) -> None:
        """kill -9, of the server and thereby of all its children."""
        assert self.process is not None
        children = _children(self.process.pid)
        self.signal(signal.SIGKILL)
        self.process.wait()
        # Until the last of its children has ended they hold the shared memory that a new server needs.
        deadline = time.monotonic() + _READY_SECONDS
        while any(map(_lives, children)):
            assert time.monotonic() < deadline, "its children do not end"
            time.sleep(0.02)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def freeze(self) -> None:
        """SIGSTOP: it holds its connections and answers nothing."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def promote(self) -> None:
        """End its recovery: from now on it is a primary of its own."""
        with psycopg.connect(self.superuser_url, autocommit=True) as line:
            line.execute("select pg_promote()")

    def signal(self, number: signal.Signals) -> None:
        """Send it to the server and to every process of it."""
        assert self.process is not None
        # PostgreSQL's children lead sessions of their own.
        for pid in (self.process.pid, *_children(self.process.pid)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def log(self) -> str:
        """What it said last."""
        path = self.server.log if self.server else None
        return path.read_text()[-4000:] if path and path.exists() else ""

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.superuser_url, connect_timeout=2) as line:
                line.execute("select 1")
        except psycopg.OperationalError:
            return False
        return True


@dataclass
class Pair:
    """Both, with the same roles and passwords."""

    primary: DatabaseServer
    standby: DatabaseServer

    def await_caught_up(self) -> None:
        """Until the standby has replayed all that the primary had committed at this call."""
        with psycopg.connect(self.primary.superuser_url) as line:
            (wanted,) = line.execute("select pg_current_wal_flush_lsn()::text").fetchone() or ("",)
        deadline = time.monotonic() + _CAUGHT_UP_SECONDS
        with psycopg.connect(self.standby.superuser_url, autocommit=True) as line:
            while (line.execute("select pg_last_wal_replay_lsn() >= %s::pg_lsn", [wanted]).fetchone()) != (True,):
                assert time.monotonic() < deadline, self.standby.log()
                time.sleep(0.02)

    def hold_replay(self) -> None:
        """The standby goes on receiving and replays nothing: it falls behind."""
        self._replay("pause")

    def go_on_replaying(self) -> None:
        self._replay("resume")

    def _replay(self, what: str) -> None:
        with psycopg.connect(self.standby.superuser_url, autocommit=True) as line:
            line.execute(f"select pg_wal_replay_{what}()")


@contextmanager
def primary_and_standby(folder: Path) -> Iterator[Pair]:
    """Both, started, the primary empty but for its roles and database, until the end of the block."""
    made = Layout(folder / "primary"), Layout(folder / "standby")
    for layout in made:
        layout.make()
    credentials = Credentials.of(made[0])
    servers = [DatabaseServer(layout, credentials, Postgres(layout, credentials, fast=False)) for layout in made]
    pair = Pair(*servers)
    try:
        pair.primary.start()
        copy_to(pair.primary, pair.standby)
        pair.standby.start()
        yield pair
    finally:
        for server in servers:
            if server.process is not None and server.process.poll() is None:
                server.thaw()
                server.stop()


def copy_to(primary: DatabaseServer, standby: DatabaseServer) -> None:
    """Make the standby's cluster from the running primary; it follows that one when it is started."""
    way = find_way()
    home = own_data(standby.layout.postgres, way)
    programs = reachable_programs(wheel_programs(), way, standby.layout.data_dir)
    done = subprocess.run(
        [*way.prefix, str(programs / "pg_basebackup"), "--dbname", primary.superuser_url, "--pgdata",
         str(home / "cluster"), "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=way.account.uid if way.account else None,
        group=way.account.gid if way.account else None,
        extra_groups=[] if way.account else None,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def _lives(pid: int) -> bool:
    """Whether this process holds anything still: one that is dead and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(one) for one in path.read_text().split()] if path.exists() else []
