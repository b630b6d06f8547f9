"""Where a request comes from, read from its ASGI scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Visit:
    """Client address, browser, and the id that the console gave this request."""

    address: str | None = None
    agent: str = ""
    request_id: str | None = None


def visit_of(scope: Mapping[str, Any]) -> Visit:
    """The visit of an http or websocket scope; its request id is the one that the gate put there.

    Behind a proxy the address is the client's only where the server is told to trust that proxy.
    """
    client = scope.get("client")
    agent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"user-agent"), "")
    return Visit(client[0] if client else None, agent, scope.get("state", {}).get("request_id"))
