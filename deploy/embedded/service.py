"""What the guardian asks of each embedded service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from deploy.embedded.processes import Server


class Service(Protocol):
    """One server with its data: PostgreSQL, Valkey or the object store."""

    @property
    def name(self) -> str:
        """The server's name in messages and of its log."""

    def prepare(self) -> None:
        """Make what must be there before the server starts; leaves complete data alone."""

    def server(self) -> Server:
        """How to run it, on ports chosen anew: a start that met a taken port is tried again."""

    def is_ready(self) -> bool:
        """True when the server last described by `server` does its work. Answers within a second."""

    def furnish(self) -> None:
        """Make what can only be made through the running server; leaves what is there alone."""

    def endpoints(self) -> Mapping[str, str]:
        """Its share of the fields of `deploy.embedded.services.Endpoints`."""
