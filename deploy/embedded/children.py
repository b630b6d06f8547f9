"""The console's own processes under ``main.py up``: started, watched, stopped, never outliving it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.ports import LOOPBACK
from deploy.embedded.processes import dies_with_parent


@dataclass
class Child:
    """One process of the console and how to start it again."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    awaits_services: bool = False
    """It is started before the services and reads their variables, one line of JSON, from its input."""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in our process group, so that its output is ours. The kernel kills it (Linux) when we end
        first: without its services it could not finish anything."""
        self.process = subprocess.Popen(
            self.command,
            env=dict(self.environ),
            stdin=subprocess.PIPE if self.awaits_services else subprocess.DEVNULL,
            preexec_fn=_as_ours(),
        )

    def tell(self, services: Mapping[str, str]) -> None:
        """Give it the services' variables, once, when it waits for them."""
        if self.process and self.process.stdin:
            with suppress(BrokenPipeError), self.process.stdin as pipe:  # that it has ended shows in its status
                pipe.write(json.dumps(dict(services)).encode() + b"\n")

    def status(self) -> int | None:
        """Its exit status, None while it runs."""
        return self.process.poll() if self.process else None


def _as_ours() -> Callable[[], None]:
    """A ``preexec_fn``: it ends with us, and Ctrl+C, which the terminal sends to it too, is left to us until it
    handles that itself. We ask it to end in its turn; half-way through its imports it would only say where it was."""
    ends_with_us = dies_with_parent(signal.SIGKILL)

    def arrange() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        ends_with_us()

    return arrange


class Restarts:
    """Starts a child again when it has ended, after a pause that doubles while it keeps ending soon."""

    FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
    SOON = 60.0

    def __init__(self, child: Child, say: Callable[[str], None]) -> None:
        self._child = child
        self._say = say
        self._started = time.monotonic()
        self._pause = 0.0
        self._due: float | None = None

    def tend(self) -> None:
        """Do what is due; to be called a few times a second."""
        if self._child.status() is None:
            return
        now = time.monotonic()
        if self._due is None:
            ended_soon = self._pause and now - self._started < self.SOON
            self._pause = min(self._pause * 2, self.LONGEST_PAUSE) if ended_soon else self.FIRST_PAUSE
            self._due = now + self._pause
            name, status = self._child.name, self._child.status()
            self._say(f"The {name} ended with status {status}; starting it again in {self._pause:.0f} s.")
        elif now >= self._due:
            self._child.start()
            self._started, self._due = now, None


def stop(children: Sequence[Child], grace: float) -> None:
    """Ask all to end, wait ``grace`` seconds for the slowest, kill who is left."""
    running = [child.process for child in children if child.process and child.process.poll() is None]
    deadline = time.monotonic() + grace
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def kill(children: Sequence[Child]) -> None:
    """End all at once, finished or not."""
    for child in children:
        if child.process and child.process.poll() is None:
            child.process.kill()


def is_healthy(port: int) -> bool:
    """True when ``/health`` on the loopback ``port`` answers 200."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def environment(services: Mapping[str, str], data_dir: Path) -> dict[str, str]:
    """What children see: our environment, the services, and the DATA_DIR they belong to."""
    return {**os.environ, **services, "DATA_DIR": str(data_dir)}
