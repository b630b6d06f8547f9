"""Where a request comes from, read from its ASGI scope."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any


@dataclass(frozen=True)
class Visit:
    """Client address, browser, and the id that the console gave this request."""

    address: str | None = None
    agent: str = ""
    request_id: str | None = None


# The request or socket on whose behalf this task runs. A page's event runs in its socket's context, whose address
# may be another than that of the request that built the page.
_present: ContextVar[Visit | None] = ContextVar("present_visit", default=None)


def visit_of(scope: Mapping[str, Any]) -> Visit:
    """The visit of an http or websocket scope; its request id is the one that the gate put there.

    Behind a proxy the address is the client's only where TRUSTED_PROXIES names that proxy.
    """
    client = scope.get("client")
    agent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"user-agent"), "")
    return Visit(client[0] if client else None, agent, scope.get("state", {}).get("request_id"))


def enter(visit: Visit) -> None:
    """Make this the visit of the present task and of those that it starts."""
    _present.set(visit)


def present_visit() -> Visit | None:
    """The visit of the present task; None in a job or a command."""
    return _present.get()


def ip_of(text: str | None) -> IPv4Address | IPv6Address | None:
    """The address that `text` writes, with or without port and brackets; None where it is none.

    An IPv4 address written in IPv6 (RFC 4291, 2.5.5.2) is that IPv4 address, and a zone is left out, so that no
    address has two forms.
    """
    text = (text or "").strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
