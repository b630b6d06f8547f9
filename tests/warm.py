"""Processes of the console that need not import it first, which is most of what starting one costs.

`start(["serve", "--port", "8001"], environ)` is `python3 main.py serve --port 8001` in an environment of its own: a
process forked from one that has imported everything and done nothing else. Tests of the entry itself, of its
environment or of how long it takes, start `main.py` as people do. `module="tests.review.racer"` is
`python3 -m tests.review.racer` in place of it, and `program="import console"` is `python3 -c "import console"`: for
what works with the console beside it.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
_REQUEST_BYTES = 1 << 20
_DEVNULL = os.open(os.devnull, os.O_RDWR)


class WarmProcess:
    """A child, asked as one of `subprocess.Popen` is."""

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._line = line

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status; minus the signal that ended it. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("main.py", timeout or 0)
            self.returncode = int(self._line.recv(20) or b"-9")
            self._line.close()
        return self.returncode

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended since
                os.kill(self.pid, number)


def start(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    *,
    module: str = "",
    program: str = "",
    stdin: int = _DEVNULL,
    stdout: int = _DEVNULL,
    stderr: int = _DEVNULL,
) -> WarmProcess:
    """`main.py`, or `module` or `program`, with these arguments and this whole environment; the last three are file
    descriptors."""
    # Messages, not a stream: what ends at once has its status beside its pid before anybody read either.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asked = {"module": module, "program": program, "arguments": list(arguments), "environ": dict(environ)}
    request = json.dumps(asked).encode()
    assert len(request) < _REQUEST_BYTES
    with theirs:
        socket.send_fds(_origin(), [request], [stdin, stdout, stderr, theirs.fileno()])
    return WarmProcess(int(ours.recv(20)), ours)


def run(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    stdin: str = "",
    timeout: float = 120,
    *,
    module: str = "",
    program: str = "",
) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` with text and captured output."""
    with tempfile.TemporaryFile("w+") as into, tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        into.write(stdin)
        into.seek(0)
        files = {"stdin": into.fileno(), "stdout": out.fileno(), "stderr": err.fileno()}
        process = start(arguments, environ, module=module, program=program, **files)
        try:
            status = process.wait(timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(list(arguments), status, _all(out), _all(err))


def _all(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


@lru_cache(maxsize=1)
def _origin() -> socket.socket:
    """The line to the process that all are forked from; it ends with this one."""
    # Each request is a message of its own.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for side in (ours, theirs):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _REQUEST_BYTES)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "tests.warm", str(theirs.fileno())]
    process = subprocess.Popen(command, cwd=ROOT, env=kept | {"PYTHONPATH": str(ROOT)}, pass_fds=[theirs.fileno()])
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait(timeout=60)

    atexit.register(end)
    return ours


# --- the process that all are forked from -----------------------------------------------------------------------------


def _serve(line: socket.socket) -> None:
    """Fork at each request and tell who asked with which status the child ended, until the other side is gone."""
    gc.disable()  # what is imported stays
    for module in ("console.app", "console.cli", "db.migrations.run", "jobs.worker"):
        importlib.import_module(module)
    gc.enable()
    gc.collect()
    gc.freeze()
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: dict[int, socket.socket] = {}
    watched: list[Any] = [line, ended]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if ended in ready:
            os.read(ended, 4096)
            _tell(children)
        if line in ready:
            request, fds, _, _ = socket.recv_fds(line, _REQUEST_BYTES, 4)
            if not request:
                break
            pid = os.fork()
            if pid == 0:
                _become(json.loads(request), fds[:3])
            for fd in fds[:3]:
                os.close(fd)
            children[pid] = socket.socket(fileno=fds[3])
            children[pid].sendall(b"%d" % pid)
    _end(children)


def _tell(children: dict[int, socket.socket]) -> None:
    for pid in list(children):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            with children.pop(pid) as asker, suppress(OSError):
                asker.sendall(b"%d" % os.waitstatus_to_exitcode(status))


def _end(children: dict[int, socket.socket]) -> None:
    """End what tests left running."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + 5
        while children and time.monotonic() < deadline:
            _tell(children)
            time.sleep(0.02)


def _become(request: dict[str, object], fds: list[int]) -> None:
    """In the child: take on arguments, environment and files, and be what was asked for; never returns."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, fd in enumerate(fds):
            os.dup2(fd, number)
        os.closerange(3, 1024)
        os.environ.clear()
        os.environ.update(request["environ"])  # type: ignore[call-overload]
        time.tzset()
        arguments: list[str] = request["arguments"]  # type: ignore[assignment]
        status = _main(str(request["module"]), str(request["program"]), arguments)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _main(module: str, program: str, arguments: list[str]) -> int:
    """The exit status that the interpreter would end with."""
    import traceback

    from deploy.bootstrap import main

    sys.argv = [module or ("-c" if program else str(ROOT / "main.py")), *arguments]
    try:
        if program:
            exec(program, {"__name__": "__main__"})
        elif module:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        else:
            main(arguments)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        atexit._run_exitfuncs()
    return 0


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
