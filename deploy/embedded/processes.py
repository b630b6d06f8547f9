"""Server processes that do not outlive their parent, and finding those that did all the same."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """The account a server runs as when it must not be root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Server:
    """How to run one server."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    cwd: Path
    log: Path
    stop_signal: signal.Signals
    orphan_signal: signal.Signals
    """What the kernel sends the server when its parent dies first."""
    grace: float
    """Seconds from `stop_signal` to SIGKILL."""
    account: Account | None = None
    sockets: Sequence[Path] = field(default_factory=tuple)
    """Socket files it leaves in the temporary folder; removed once it has stopped."""


def spawn(server: Server) -> subprocess.Popen[bytes]:
    """Start ``server``. Call it from a thread that lives as long as the process: Linux ties the orphan
    signal to the thread that starts the child."""
    with server.log.open("ab") as log:
        return subprocess.Popen(
            server.command,
            env=dict(server.environ),
            cwd=server.cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=dies_with_parent(server.orphan_signal),
            user=server.account.uid if server.account else None,
            group=server.account.gid if server.account else None,
            extra_groups=[] if server.account else None,
        )


def dies_with_parent(signal_number: signal.Signals) -> Callable[[], None]:
    """A ``preexec_fn`` that has the kernel signal the child when this process ends, where it can (Linux)."""
    parent = os.getpid()

    def arrange() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(1)

    return arrange


def stop(running: Sequence[tuple[Server, subprocess.Popen[bytes]]]) -> None:
    """Stop the servers at once and wait for them; kill each that is over its grace. Removes their sockets."""
    begun = time.monotonic()
    for server, process in running:
        if process.poll() is None:
            process.send_signal(server.stop_signal)
    for server, process in sorted(running, key=lambda pair: pair[0].grace):
        try:
            process.wait(max(0.0, begun + server.grace - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for socket in server.sockets:
            socket.unlink(missing_ok=True)


def started_at(pid: int) -> str:
    """When process ``pid`` started, in a form that only serves to tell it from a later one with its
    number; "" when there is none (a zombie counts as none)."""
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True).stdout
    return "" if shown.strip().startswith("Z") else shown.strip().partition(" ")[2].strip()


def end_orphan(pid: int, start: str, stop_signal: signal.Signals, grace: float) -> None:
    """Stop a server another process left behind, if ``pid`` is still the process that began at ``start``."""
    if not start or started_at(pid) != start:
        return
    os.kill(pid, stop_signal)
    deadline = time.monotonic() + grace
    while started_at(pid) == start:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += grace
        time.sleep(0.02)


def command_of(pid: int) -> str:
    """The command line process ``pid`` was started with, "" when there is none."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout
