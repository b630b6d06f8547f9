"""The console's own processes in the drill: one that serves, one that works."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from deploy.drill.servers import ROOT, ServerFailedError

_READY_SECONDS: Final = 120


class Process(Protocol):
    """As much of `subprocess.Popen` as is used here."""

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...


Launch = Callable[[Sequence[str], Mapping[str, str], int], Process]
"""Starts `main.py` with these arguments and this environment; what it says goes to the open file."""


def launch(arguments: Sequence[str], environ: Mapping[str, str], output: int) -> Process:
    """As a deployment does it."""
    return subprocess.Popen(
        [sys.executable, "main.py", *arguments],
        cwd=ROOT,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
    )


@dataclass
class Processes:
    """What runs, by name; each with its log in `folder`."""

    folder: Path
    launch: Launch = launch
    running: dict[str, Process] = field(default_factory=dict)

    def start(self, name: str, environ: Mapping[str, str]) -> Process:
        """Start this command of `main.py`."""
        log = os.open(self.folder / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.running[name] = self.launch([name], environ, log)
        finally:
            os.close(log)
        return self.running[name]

    def deploy(self, environ: Mapping[str, str]) -> None:
        """A replica and a worker on these services, until the replica says that it is ready for people."""
        served = self.start("serve", environ)
        self.start("worker", environ)
        deadline = time.monotonic() + _READY_SECONDS
        while not _is_ready(int(environ["PORT"])):
            if served.poll() is not None or time.monotonic() > deadline:
                raise ServerFailedError(f"the console did not come up:\n{self.said('serve')}")
            time.sleep(0.1)

    def kill(self) -> None:
        """kill -9 of all."""
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        self.running.clear()

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-3000:]


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
