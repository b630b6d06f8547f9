"""Looking at the embedded servers from outside: their processes, by the run record."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
# What has ended takes a moment to be gone from the machine's list, and a busy machine may stand still for some.
AT_ONCE = 5.0

HOLDER = """
import sys, time
from pathlib import Path
from deploy.embedded.services import start
running = start(Path(sys.argv[1]), environ={})
print("up", flush=True)
time.sleep(600)
"""


def server_pids(data_dir: Path) -> dict[str, int]:
    """Process numbers of the servers that run on ``data_dir``, by name, and of their guardian."""
    run = json.loads((data_dir / "run" / "services.json").read_text())
    return {server["name"]: server["pid"] for server in run["servers"]} | {"guardian": run["guardian"]}


def tree(pids: dict[str, int]) -> list[psutil.Process]:
    """The processes and all their descendants."""
    tops = [psutil.Process(pid) for pid in pids.values()]
    return list({process for top in tops for process in (top, *top.children(recursive=True))})


def listening(processes: Iterable[psutil.Process]) -> set[tuple[int, str, str, int]]:
    """On what these listen: process number and name, address, port. Some of them may have ended meanwhile."""
    found = set()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            found |= {
                (process.pid, process.name(), connection.laddr.ip, connection.laddr.port)
                for connection in process.net_connections(kind="inet")
                if connection.status == psutil.CONN_LISTEN or connection.type == socket.SOCK_DGRAM
            }
    return found


def assert_gone(processes: list[psutil.Process], within: float = 20.0) -> None:
    """All of ``processes`` have ended ``within`` seconds."""
    deadline = time.monotonic() + within
    while living := [process for process in processes if _lives(process)]:
        assert time.monotonic() < deadline, f"still there: {living}"
        time.sleep(0.05)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def hold() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Starts a process that starts the services of a data folder and then holds them; ended after the test."""
    started: list[subprocess.Popen[str]] = []

    def start_holder(data_dir: Path) -> subprocess.Popen[str]:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(data_dir)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        started.append(holder)
        assert holder.stdout
        assert holder.stdout.readline() == "up\n"
        return holder

    yield start_holder
    for holder in started:
        holder.kill()
        holder.wait()
        if holder.stdout:
            holder.stdout.close()
