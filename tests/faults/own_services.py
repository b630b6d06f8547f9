"""PostgreSQL, Valkey and the object store of a test's own, each of which it may stop and start again where it was."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from deploy.embedded.layout import Credentials, Layout
from deploy.embedded.object_store import ObjectStore
from deploy.embedded.postgres import Postgres
from deploy.embedded.processes import Server, spawn, stop
from deploy.embedded.service import Service
from deploy.embedded.services import Endpoints
from deploy.embedded.valkey import Valkey

_READY_SECONDS: Final = 60


@dataclass
class OwnServices:
    """The three by name: `postgres`, `valkey`, `object-store`."""

    endpoints: Endpoints
    _services: dict[str, Service]
    _running: dict[str, tuple[Server, subprocess.Popen[bytes]]] = field(default_factory=dict)

    def down(self, name: str, *, killed: bool = False) -> None:
        """Stop one, in order or with kill -9, and wait until it is gone."""
        server, process = self._running[name]
        if killed:
            children = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            process.wait()
            # Until the last of them has ended, PostgreSQL's hold the memory that a new server needs.
            psutil.wait_procs(children, timeout=_READY_SECONDS)
        else:
            stop([(server, process)])

    def freeze(self, name: str) -> None:
        """SIGSTOP to one and to all its children: it keeps its connections and answers nothing."""
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let it go on."""
        self._signal(name, signal.SIGCONT)

    def is_running(self, name: str) -> bool:
        """Whether its process is there, stopped or not."""
        return self._running[name][1].poll() is None

    def _signal(self, name: str, number: signal.Signals) -> None:
        process = psutil.Process(self._running[name][1].pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                one.send_signal(number)

    def up(self, name: str) -> None:
        """Start it again on its port, with what it keeps, and wait until it is ready."""
        server, _ = self._running[name]
        self._running[name] = (server, spawn(server))
        self._await(name)

    def _await(self, name: str) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not self._services[name].is_ready():
            assert time.monotonic() < deadline, f"{name} did not get ready"
            assert self._running[name][1].poll() is None, f"{name} ended"
            time.sleep(0.02)

    def _start(self) -> None:
        for name, service in self._services.items():
            service.prepare()
            server = service.server()
            self._running[name] = (server, spawn(server))
        for name, service in self._services.items():
            self._await(name)
            service.furnish()
        addresses = {key: value for one in self._services.values() for key, value in one.endpoints().items()}
        self.endpoints = Endpoints(**addresses)

    def _stop(self) -> None:
        stop([running for running in self._running.values() if running[1].poll() is None])


@contextmanager
def own_services(folder: Path, *, fast: bool = True) -> Iterator[OwnServices]:
    """The three, started and empty, for the block. Valkey keeps its data over a restart, as it is to in production.

    Without `fast` PostgreSQL flushes each commit: only then a kill loses none.
    """
    layout = Layout(folder)
    layout.make()
    made = Credentials.of(layout)
    services: list[Service] = [
        ObjectStore(layout, made),
        Valkey(layout, made, fast=False),
        Postgres(layout, made, fast=fast),
    ]
    own = OwnServices(Endpoints(), {service.name: service for service in services})
    try:
        own._start()
        yield own
    finally:
        own._stop()
