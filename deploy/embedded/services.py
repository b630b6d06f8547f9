"""Start the embedded services, or attach to those that run: what the rest of the code uses of this package."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from deploy.embedded.layout import Layout, is_locked
from deploy.embedded.run_record import serving_endpoints

_ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
"""How long a start may take; a first start makes a database cluster."""
_STOP_SECONDS = 20.0


class ServicesFailedError(Exception):
    """The services could not be started; the message says which, why, and where its log is."""


class AlreadyRunningError(ServicesFailedError):
    """Another instance runs on this DATA_DIR."""


@dataclass(frozen=True)
class Endpoints:
    """Where the services are, as URLs with credentials. "" for a part that is neither started nor external."""

    database_url: str = ""
    """As `console_login`, whom the console connects as."""
    owner_database_url: str = ""
    """As `console_owner`, who runs migrations."""
    superuser_database_url: str = ""
    """For tests and repairs; "" when the database is external. Not given to any child."""
    redis_url: str = ""
    object_store_endpoint: str = ""
    object_store_access_key: str = ""
    object_store_secret_key: str = ""
    object_store_bucket: str = ""

    def environ(self) -> dict[str, str]:
        """The variables that tell the console where its services are."""
        named = {
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.owner_database_url,
            "REDIS_URL": self.redis_url,
            "OBJECT_STORE_ENDPOINT": self.object_store_endpoint,
            "OBJECT_STORE_ACCESS_KEY": self.object_store_access_key,
            "OBJECT_STORE_SECRET_KEY": self.object_store_secret_key,
            "OBJECT_STORE_BUCKET": self.object_store_bucket,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Programs:
    """Programs to use in place of the packaged ones."""

    postgres_bin: Path | None = None
    """Folder with ``initdb`` and ``postgres``, 15 or newer."""
    redis_server: Path | None = None


class Running:
    """Started services; a context manager that stops them on the way out."""

    def __init__(self, guardian: subprocess.Popen[str], endpoints: Endpoints) -> None:
        self._guardian = guardian
        self.endpoints = endpoints

    def fault(self) -> str | None:
        """None while all goes well; else what ended the services, after which none of them runs."""
        if self._guardian.poll() is None:
            return None
        said = self._guardian.stdout.read() if self._guardian.stdout else ""
        report: dict[str, str] = json.loads(said.splitlines()[-1]) if said.strip() else {}
        return report.get("error", "the process that keeps the services was ended")

    def stop(self) -> None:
        """Stop the services and wait until they are gone. Once is enough, twice does no harm."""
        _dismiss(self._guardian)

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    data_dir: Path,
    *,
    postgres: bool = True,
    valkey: bool = True,
    object_store: bool = True,
    fast: bool = False,
    programs: Programs | None = None,
    environ: Mapping[str, str] | None = None,
) -> Running:
    """Start the services of ``data_dir``, made there when they are not; all at once, on free ports.

    A part whose address ``environ`` (default: the process's) holds is external: it is not started, and its
    address is what the endpoints name. ``fast`` gives up safety against power cuts; for tests. A call that
    meets a start or stop under way waits for it.

    Raises:
        AlreadyRunningError: an instance runs on ``data_dir``.
        ServicesFailedError: a service did not come up; those that did are stopped.
    """
    external = _external(os.environ if environ is None else environ)
    order = {
        "data_dir": str(data_dir.absolute()),
        "parent": os.getpid(),
        "postgres": postgres and not external.database_url,
        "valkey": valkey and not external.redis_url,
        "object_store": object_store and not external.object_store_endpoint,
        "fast": fast,
        "postgres_bin": str(programs.postgres_bin) if programs and programs.postgres_bin else None,
        "redis_server": str(programs.redis_server) if programs and programs.redis_server else None,
    }
    guardian = subprocess.Popen(
        [sys.executable, "-m", "deploy.embedded.guardian"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        start_new_session=True,  # Ctrl+C in the terminal is for the console; the guardian stops last
    )
    try:
        report = _give_order(guardian, order)
    except BaseException:
        _dismiss(guardian)
        raise
    return Running(guardian, _merge(report["endpoints"], external))


def attach(data_dir: Path, environ: Mapping[str, str] | None = None) -> Endpoints | None:
    """The endpoints of the instance that runs on ``data_dir``, None when there is none (or not yet)."""
    layout = Layout(data_dir.absolute())
    endpoints = serving_endpoints(layout) if is_locked(layout) else None
    if endpoints is None:
        return None
    return _merge(endpoints, _external(os.environ if environ is None else environ))


@contextmanager
def attach_or_start(
    data_dir: Path, *, fast: bool = False, environ: Mapping[str, str] | None = None
) -> Iterator[Endpoints]:
    """The endpoints of ``data_dir``'s services: of the instance that runs, else started for the block.

    Raises:
        ServicesFailedError: as `start`.
    """
    external = _external(os.environ if environ is None else environ)
    if external.database_url and external.redis_url and external.object_store_endpoint:
        yield external
        return
    endpoints = attach(data_dir, environ)
    if endpoints:
        yield endpoints
        return
    try:
        running = start(data_dir, fast=fast, environ=environ)
    except AlreadyRunningError:  # another start was faster than ours
        endpoints = attach(data_dir, environ)
        if endpoints is None:
            raise
        yield endpoints
        return
    with running:
        yield running.endpoints


def _external(environ: Mapping[str, str]) -> Endpoints:
    database = environ.get("DATABASE_URL", "")
    return Endpoints(
        database_url=database,
        owner_database_url=environ.get("DATABASE_OWNER_URL", database),
        redis_url=environ.get("REDIS_URL", ""),
        object_store_endpoint=environ.get("OBJECT_STORE_ENDPOINT", ""),
        object_store_access_key=environ.get("OBJECT_STORE_ACCESS_KEY", ""),
        object_store_secret_key=environ.get("OBJECT_STORE_SECRET_KEY", ""),
        object_store_bucket=environ.get("OBJECT_STORE_BUCKET", ""),
    )


def _merge(started: Mapping[str, str], external: Endpoints) -> Endpoints:
    """What was started, with every part that ``external`` names taken from there as a whole."""
    merged = Endpoints(**started)
    for part, its_own in _PARTS.items():
        if getattr(external, part):
            merged = replace(merged, **{name: getattr(external, name) for name in its_own})
    return merged


_PARTS = {
    "database_url": ("database_url", "owner_database_url", "superuser_database_url"),
    "redis_url": ("redis_url",),
    "object_store_endpoint": tuple(field.name for field in fields(Endpoints) if field.name.startswith("object_")),
}


def _give_order(guardian: subprocess.Popen[str], order: Mapping[str, Any]) -> dict[str, Any]:
    """Send the guardian its order and wait for its report."""
    assert guardian.stdin
    assert guardian.stdout
    guardian.stdin.write(json.dumps(order) + "\n")
    guardian.stdin.flush()
    answered, _, _ = select.select([guardian.stdout], [], [], START_SECONDS)
    line = guardian.stdout.readline() if answered else ""
    if not line:
        raise ServicesFailedError(f"the services gave no answer; see {order['data_dir']}/log.")
    report: dict[str, Any] = json.loads(line)
    if "error" in report:
        kind = AlreadyRunningError if report.get("already_running") else ServicesFailedError
        raise kind(report["error"])
    return report


def _dismiss(guardian: subprocess.Popen[str]) -> None:
    """Let go of the guardian, which makes it stop the servers, and wait for it."""
    if guardian.stdin and not guardian.stdin.closed:
        guardian.stdin.close()
    deadline = time.monotonic() + _STOP_SECONDS
    try:
        guardian.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        guardian.kill()  # the kernel then ends the servers
        guardian.wait()
    if guardian.stdout:
        guardian.stdout.close()
