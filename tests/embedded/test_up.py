"""`run_up` as a process of its own, with stand-ins for web and worker, and real services and signals."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from deploy.embedded.ports import free_ports, is_free
from deploy.embedded.up import STOP_SECONDS
from tests.embedded.conftest import AT_ONCE, ROOT, assert_gone, listening

WEB = """
import http.server, json, os, sys
print("web", os.getpid(), "REDIS_URL" in os.environ, flush=True)
services = json.loads(sys.stdin.readline())
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/end":
            os._exit(3)
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(services["REDIS_URL"].encode())
    def log_message(self, *parts): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""
WORKER = """
import os, sys, time
print("worker", os.getpid(), os.environ["DATA_DIR"], flush=True)
time.sleep(600)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
UP = """
import os, sys, time
from pathlib import Path
from deploy.embedded import up
from deploy.embedded.up import Console, run_up
up.STOP_SECONDS = float(os.environ["STOP_SECONDS"])
web, worker, data_dir, port = sys.argv[1:]
def prepare(environ):
    print("prepared with", *sorted(environ), flush=True)
    time.sleep(float(os.environ["PREPARATION_SECONDS"]))
console = Console(
    prepare=prepare,
    web=lambda port: [sys.executable, "-c", web, str(port)],
    worker=[sys.executable, "-c", worker],
    banner=lambda address: ["ready at " + address],
)
sys.exit(run_up(Path(data_dir), console, port=int(port) or None))
"""


class Up:
    """One `run_up` in a process group of its own, as a terminal gives it."""

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 0,
        web: str = WEB,
        worker: str = WORKER,
        preparation: float = 0,
        grace: float = STOP_SECONDS,
    ) -> None:
        # No database and no object store: what this is about happens around the services.
        outside = {"DATABASE_URL": "postgresql://else/where", "OBJECT_STORE_ENDPOINT": "https://s3.example"}
        outside |= {"PREPARATION_SECONDS": str(preparation), "STOP_SECONDS": str(grace)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", UP, web, worker, str(data_dir), str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | outside | {"PYTHONPATH": str(ROOT)},
            process_group=0,
        )
        self.said: list[str] = []

    def until(self, pattern: str) -> re.Match[str]:
        """Read what it says up to a line that ``pattern`` matches."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"never said {pattern}: {self.said}")

    def ready(self) -> str:
        """The address, once it answers."""
        return self.until(r"ready at (http://127\.0\.0\.1:\d+)")[1]

    def everything(self) -> list[psutil.Process]:
        """It and all below it."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def end(self, within: float = 25.0) -> int:
        """Its exit status."""
        assert self.process.stdout
        begun = time.monotonic()
        self.said += self.process.stdout.read().splitlines()
        status = self.process.wait(timeout=within)
        assert time.monotonic() - begun < within
        return status


@pytest.fixture
def up() -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def begin(data_dir: Path, **options: object) -> Up:
        started.append(Up(data_dir, **options))  # type: ignore[arg-type]
        return started[-1]

    yield begin
    for one in started:
        one.process.kill()
        one.process.wait()
        if one.process.stdout:
            one.process.stdout.close()


def test_ctrl_c_stops_everything_in_order(tmp_path: Path, up: Callable[..., Up]) -> None:
    console = up(tmp_path)
    address = console.ready()
    web, prepared, _ = sorted(console.said, key=lambda line: not line.startswith("web"))
    assert web.endswith(" False")  # it is told where the services are when they are there
    assert prepared.startswith("prepared with")
    assert "REDIS_URL" in prepared
    assert urllib.request.urlopen(address + "/health").read().startswith(b"redis://:")
    assert console.until(r"^worker \d+ (.+)$")[1] == str(tmp_path)
    everything = console.everything()
    assert len(everything) >= 5  # itself, guardian, valkey, web, worker
    assert {address for _, _, address, _ in listening(everything)} == {"127.0.0.1"}
    os.killpg(console.process.pid, signal.SIGINT)  # as the terminal does
    assert console.end() == 0
    assert console.said[-1] == "Stopped."
    assert_gone(everything, within=AT_ONCE)


def test_the_web_process_starts_with_the_services_and_stops_while_it_waits_for_them(
    tmp_path: Path, up: Callable[..., Up]
) -> None:
    console = up(tmp_path, preparation=60)
    console.until("^web")  # nothing is prepared yet, let alone served
    everything = console.everything()
    os.killpg(console.process.pid, signal.SIGINT)
    assert console.end() == 0
    assert [line for line in console.said if not line.startswith(("web", "prepared"))] == ["Stopped."]
    assert_gone(everything, within=AT_ONCE)


def test_sigterm_stops_a_web_process_that_does_not_listen_to_it(tmp_path: Path, up: Callable[..., Up]) -> None:
    console = up(tmp_path, web=STUBBORN + WEB)
    console.ready()
    everything = console.everything()
    console.process.terminate()
    assert console.end() == 0
    assert_gone(everything, within=AT_ONCE)


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path, up: Callable[..., Up]) -> None:
    console = up(tmp_path, web=STUBBORN + WEB, grace=120)
    console.ready()
    everything = console.everything()
    # As somebody presses it again and again: two that come before it looks are one.
    while console.process.poll() is None:
        console.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
    assert console.end() == 130
    assert_gone(everything)


def test_killing_it_ends_web_worker_and_services(tmp_path: Path, up: Callable[..., Up]) -> None:
    console = up(tmp_path, web=STUBBORN + WEB, worker=STUBBORN + WORKER)
    console.ready()
    console.until("^worker")
    everything = console.everything()
    console.process.kill()
    assert_gone(everything)
    again = up(tmp_path)
    again.ready()


def test_a_worker_that_ends_is_started_again(tmp_path: Path, up: Callable[..., Up]) -> None:
    console = up(tmp_path)
    console.ready()
    first = int(console.until(r"^worker (\d+)")[1])
    os.kill(first, signal.SIGKILL)
    console.until(r"The worker ended with status -9; starting it again in 1 s")
    assert int(console.until(r"^worker (\d+)")[1]) != first


def test_all_stops_when_the_web_process_ends(tmp_path: Path, up: Callable[..., Up]) -> None:
    console = up(tmp_path)
    address = console.ready()
    everything = console.everything()
    with pytest.raises(OSError):
        urllib.request.urlopen(address + "/end").read()
    assert console.end() == 1
    assert "the web process ended with status 3; everything was stopped" in console.said[-1]
    assert_gone(everything, within=AT_ONCE)


def test_all_stops_when_a_service_ends(tmp_path: Path, up: Callable[..., Up]) -> None:
    console = up(tmp_path)
    console.ready()
    everything = console.everything()
    next(process for process in everything if process.name() == "valkey-server").kill()
    assert console.end() == 1
    assert "the embedded services stopped: valkey ended with status -9" in console.said[-1]
    assert_gone(everything, within=AT_ONCE)


def test_two_starts_at_once_do_not_choose_the_same_port(tmp_path: Path, up: Callable[..., Up]) -> None:
    both = [up(tmp_path / name, preparation=2) for name in ("one", "other")]
    assert len({console.ready() for console in both}) == 2


def test_a_port_asked_for_is_used_or_an_error(tmp_path: Path, up: Callable[..., Up]) -> None:
    (port,) = free_ports(1)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        refused = up(tmp_path, port=port)
        assert refused.end() == 1
        assert f"port {port} is in use" in refused.said[-1]
    console = up(tmp_path, port=port)
    assert console.ready() == f"http://127.0.0.1:{port}"


def test_a_free_port_is_chosen_when_8000_is_taken(tmp_path: Path, up: Callable[..., Up]) -> None:
    with socket.socket() as other:
        if is_free(8000):
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):  # somebody took it meanwhile
                other.bind(("127.0.0.1", 8000))
                other.listen()
        address = up(tmp_path).ready()
    assert address != "http://127.0.0.1:8000"


def test_the_same_folder_twice_is_an_error(tmp_path: Path, up: Callable[..., Up]) -> None:
    up(tmp_path).ready()
    second = up(tmp_path)
    assert second.end() == 1
    assert f"an instance already runs on {tmp_path}" in second.said[-1]
