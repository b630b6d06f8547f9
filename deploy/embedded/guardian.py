"""The process that is the servers' parent: ``python -m deploy.embedded.guardian``, started by `services`.

It reads one line of JSON, starts what that asks for, answers with one line (endpoints or error), and then
waits for its own parent to go: the end of its input, or a new parent process, means stop everything. So a
``kill -9`` of the console stops the servers in order. Should the guardian itself be killed, the kernel
signals the servers (Linux), and the next start ends whatever is left, by the run record.

The lock of the DATA_DIR is held for the guardian's life.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from deploy.embedded import run_record
from deploy.embedded.layout import Credentials, DamagedDataDirError, Layout, try_lock
from deploy.embedded.object_store import ObjectStore
from deploy.embedded.postgres import Postgres, PostgresFailedError
from deploy.embedded.processes import Server, spawn, stop
from deploy.embedded.service import Service
from deploy.embedded.valkey import Valkey

_READY_SECONDS = 30.0
_LOCK_SECONDS = 20.0
"""How long to wait for an instance that is just stopping: longer than any server's grace."""
_TRIES = 3


class StartFailedError(Exception):
    """A server did not come up; the message names it, what it said last, and its log."""


class ParentGoneError(Exception):
    """Nobody waits for the services any more."""


class Guardian:
    """Starts, watches and stops the servers of one ``DATA_DIR``."""

    def __init__(self, layout: Layout, services: Sequence[Service], parent: int) -> None:
        self._layout = layout
        self._services = services
        self._parent = parent
        self._running: dict[str, tuple[Server, subprocess.Popen[bytes]]] = {}

    def start(self) -> dict[str, str]:
        """Start all, wait until each is ready, and return their endpoints.

        Raises:
            StartFailedError: a server ended, or was not ready in time, each of the times it was tried.
            ParentGoneError: there is nobody to start for any more.
        """
        for service in self._services:
            service.prepare()
            self._spawn(service)
        tries = dict.fromkeys((service.name for service in self._services), 1)
        waiting = list(self._services)
        deadline = time.monotonic() + _READY_SECONDS
        while waiting:
            self._check_parent()
            for service in list(waiting):
                if self._ended(service) and tries[service.name] < _TRIES:
                    tries[service.name] += 1
                    self._spawn(service)
                elif self._ended(service) or time.monotonic() > deadline:
                    raise StartFailedError(self._why(service))
                elif service.is_ready():
                    waiting.remove(service)
                    service.furnish()
            time.sleep(0.01)
        endpoints = {name: value for service in self._services for name, value in service.endpoints().items()}
        self._record(endpoints)
        return endpoints

    def watch(self) -> str:
        """Wait until a server ends and return what to say of it.

        Raises:
            ParentGoneError: the parent went first, which is the usual case.
        """
        while True:
            self._check_parent(wait=0.25)
            for service in self._services:
                if self._ended(service):
                    return self._why(service)

    def stop(self) -> None:
        """Stop all and forget them."""
        self._record(None)
        stop(list(self._running.values()))
        run_record.forget(self._layout)

    def _spawn(self, service: Service) -> None:
        server = service.server()
        self._running[service.name] = (server, spawn(server))
        self._record(None)

    def _ended(self, service: Service) -> bool:
        return self._running[service.name][1].poll() is not None

    def _why(self, service: Service) -> str:
        server, process = self._running[service.name]
        state = f"ended with status {process.poll()}" if self._ended(service) else "did not get ready"
        last = server.log.read_text(errors="replace").strip().splitlines()[-3:]
        return f"{service.name} {state}; its log {server.log} ends: {' / '.join(last)}"

    def _record(self, endpoints: Mapping[str, str] | None) -> None:
        run_record.write(self._layout, self._parent, self._running.values(), endpoints)

    def _check_parent(self, wait: float = 0.0) -> None:
        """Raise when our input has ended, or our parent has (its input may live on in a forked child)."""
        readable, _, _ = select.select([sys.stdin], [], [], wait)
        if (readable and not os.read(sys.stdin.fileno(), 4096)) or os.getppid() != self._parent:
            raise ParentGoneError


def _services(order: Mapping[str, Any], layout: Layout) -> list[Service]:
    """The services asked for, the slowest to start first."""
    made = Credentials.of(layout)
    fast = bool(order["fast"])
    services: list[Service] = []
    if order["object_store"]:
        services.append(ObjectStore(layout, made))
    if order["valkey"]:
        services.append(Valkey(layout, made, fast=fast, program=_path(order["redis_server"])))
    if order["postgres"]:
        services.append(Postgres(layout, made, fast=fast, bin_dir=_path(order["postgres_bin"])))
    return services


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _wait_for_lock(layout: Layout) -> int | None:
    """The lock; None when an instance runs, or one that is starting or stopping takes too long."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while (lock := try_lock(layout)) is None:
        if time.monotonic() > deadline or run_record.serving_endpoints(layout):
            return None
        time.sleep(0.05)
    return lock


def _answer(report: Mapping[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever asked is gone; so will we be
        print(json.dumps(report), flush=True)  # noqa: T201 - the answer is our output


def _stop_asked(signal_number: int, frame: FrameType | None) -> None:
    raise ParentGoneError


def main() -> int:
    """Run one guardian; exit status 0 when the services were stopped on purpose."""
    order = json.loads(sys.stdin.readline())
    signal.signal(signal.SIGTERM, _stop_asked)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    layout = Layout(Path(order["data_dir"]))
    try:
        layout.make()
        lock = _wait_for_lock(layout)
        if lock is None:
            _answer({"error": f"an instance already runs on {layout.data_dir}", "already_running": True})
            return 1
        run_record.end_orphans(layout)
        return _keep(Guardian(layout, _services(order, layout), order["parent"]))
    except ParentGoneError:
        return 0
    except (StartFailedError, PostgresFailedError, DamagedDataDirError, OSError) as fault:
        _answer({"error": str(fault)})
        return 1


def _keep(guardian: Guardian) -> int:
    """Run the services until there is a reason to stop, then stop them."""
    try:
        _answer({"endpoints": guardian.start()})
        _answer({"error": guardian.watch()})
        return 1
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        guardian.stop()


if __name__ == "__main__":
    sys.exit(main())
