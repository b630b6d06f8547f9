"""``main.py up``: services, web and jobs as one; one Ctrl+C ends them all."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from deploy.embedded import children
from deploy.embedded.children import Child, Restarts
from deploy.embedded.ports import free_ports, is_free, reserve
from deploy.embedded.services import Running, ServicesFailedError, start

DEFAULT_PORT = 8000
READY_SECONDS = 60.0
STOP_SECONDS = 3.0


@dataclass(frozen=True)
class Console:
    """What `run_up` runs on top of the services."""

    prepare: Callable[[Mapping[str, str]], None]
    """Called with the services' variables before anything is served: migrations, demo data."""
    web: Callable[[int], Sequence[str]]
    """The command that serves the pages on the loopback port it is given. It is started with the services, not
    after them, and reads their variables from its input (`Child.awaits_services`)."""
    worker: Sequence[str]
    """The command that does the jobs."""
    banner: Callable[[str], Iterable[str]]
    """The lines to print once the address it is given answers."""


class _StopRequestedError(BaseException):
    """Ctrl+C, SIGTERM or a closed terminal. Not an Exception: nothing on the way may swallow it."""


class _FailedError(Exception):
    """Why the console stops by itself."""


def run_up(
    data_dir: Path, console: Console, *, port: int | None = None, say: Callable[[str], None] | None = None
) -> int:
    """Run the console on ``data_dir`` until it is told to stop; returns the exit status.

    ``port`` None means 8000, or a free one when that is taken; a port asked for is used or is an error.
    Services that the environment names (``DATABASE_URL``, ``REDIS_URL``, ``OBJECT_STORE_ENDPOINT``) are not
    started. The first Ctrl+C (SIGTERM, SIGHUP) stops all in order and gives status 0; the second ends the
    console's processes at once, with 130, and leaves the services to their guardian, which stops them too.
    A worker that ends is started again; when the web process or a service ends, all stops and the status is 1.
    Call it from the main thread.
    """
    session = _Session(data_dir.absolute(), console, port, say or _print)
    previous = {number: signal.signal(number, session.on_signal) for number in _SIGNALS}
    try:
        return session.run()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the command's output; at once, also into a pipe


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Session:
    """One run of `run_up`."""

    def __init__(self, data_dir: Path, console: Console, port: int | None, say: Callable[[str], None]) -> None:
        self._data_dir = data_dir
        self._console = console
        self._asked_port = port
        self._say = say
        self._children: list[Child] = []
        self._stopping = False

    def on_signal(self, signal_number: int, frame: FrameType | None) -> None:
        """First call: unwind. Later calls: no more waiting."""
        if self._stopping:
            self._end_at_once()
        self._stopping = True
        raise _StopRequestedError

    def run(self) -> int:
        """Start, watch, stop."""
        try:
            port = self._choose_port()
            with self._children_stopped():
                web = self._start(Child("web", self._console.web(port), self._environ({}), awaits_services=True))
                with start(self._data_dir) as services, self._children_stopped():
                    self._prepare(services, web, port)
                    worker = self._start(
                        Child("worker", self._console.worker, self._environ(services.endpoints.environ()))
                    )
                    self._watch(services, web, worker)
        except _StopRequestedError:
            self._say("Stopped.")
            return 0
        except (_FailedError, ServicesFailedError) as fault:
            print(f"main.py: {fault}", file=sys.stderr)  # noqa: T201 - what the command has to say
            return 1

    def _choose_port(self) -> int:
        if self._asked_port is not None:
            if not (is_free(self._asked_port) and reserve(self._asked_port)):
                raise _FailedError(
                    f"port {self._asked_port} is in use; stop what uses it, give another with --port, "
                    "or none to have a free one chosen."
                )
            return self._asked_port
        if is_free(DEFAULT_PORT) and reserve(DEFAULT_PORT):
            return DEFAULT_PORT
        while True:
            [port] = free_ports(1)
            if reserve(port):
                return port

    def _environ(self, services: Mapping[str, str]) -> dict[str, str]:
        return children.environment(services, self._data_dir)

    def _start(self, child: Child) -> Child:
        self._children.append(child)
        child.start()
        return child

    @contextmanager
    def _children_stopped(self) -> Iterator[None]:
        """At the end of the block nothing of ours runs any more; a signal from then on waits for nothing."""
        try:
            yield
        finally:
            self._stopping = True
            children.stop(self._children, STOP_SECONDS)

    def _prepare(self, services: Running, web: Child, port: int) -> None:
        """Prepare what is served, let the web process serve it, and say so when it answers."""
        named = services.endpoints.environ()
        self._console.prepare(named)
        web.tell(named)
        deadline = time.monotonic() + READY_SECONDS
        while not children.is_healthy(port):
            if web.status() is not None:
                raise _FailedError(f"the web process ended with status {web.status()} before it was ready.")
            if time.monotonic() > deadline:
                raise _FailedError(f"the web process was not ready after {READY_SECONDS:.0f} s.")
            time.sleep(0.02)
        for line in self._console.banner(f"http://127.0.0.1:{port}"):
            self._say(line)

    def _watch(self, services: Running, web: Child, worker: Child) -> NoReturn:
        """Look after all until the stop signal, which comes as an exception, or a failure."""
        restarts = Restarts(worker, self._say)
        while True:
            time.sleep(0.2)
            if fault := services.fault():
                raise _FailedError(f"the embedded services stopped: {fault}")
            if web.status() is not None:
                raise _FailedError(f"the web process ended with status {web.status()}; everything was stopped.")
            restarts.tend()

    def _end_at_once(self) -> NoReturn:
        children.kill(self._children)
        os._exit(130)  # closes the guardian's input, upon which it stops the services
