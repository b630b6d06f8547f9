"""Whom a request comes from when it came through proxies: believed from TRUSTED_PROXIES, from nobody else.

A client may write any X-Forwarded-For; each proxy adds the address that it saw at the right. So the list is read
from the right, past our own proxies: the first address that is not one of them is the client.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from console.access.visit import ip_of
from console.settings import Settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# No part further in sees any of these: what they say is in the scope, or was not believed.
_FORWARDED: Final = frozenset(
    {b"forwarded", b"x-real-ip", b"x-client-ip", b"true-client-ip", b"x-forwarded-for", b"x-forwarded-proto"}
    | {b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-scheme", b"x-forwarded-ssl", b"x-original-host"}
)
_SCHEMES: Final = {
    "http": {b"http": "http", b"https": "https"},
    "websocket": {b"http": "ws", b"https": "wss", b"ws": "ws", b"wss": "wss"},
}


class TrustedProxies:
    """Pure ASGI middleware, the outermost: `client`, `scheme` and Host become those of the client's own request."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._networks = tuple(ip_network(network) for network in settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            given = scope["headers"]
            scope["headers"] = [pair for pair in given if pair[0].lower() not in _FORWARDED]
            peer = ip_of(scope["client"][0]) if scope.get("client") else None
            if peer is not None:
                scope["client"] = (str(peer), scope["client"][1])
                if self._trusts(peer):
                    self._believe(scope, given, peer)
        await self._app(scope, receive, send)

    def _believe(self, scope: Scope, given: Sequence[tuple[bytes, bytes]], peer: Address) -> None:
        client = self._client(_values(given, b"x-forwarded-for"), peer)
        if client != peer:
            scope["client"] = (str(client), 0)
        # The last value is the one that our own proxy wrote.
        for value in _values(given, b"x-forwarded-proto")[-1:]:
            scope["scheme"] = _SCHEMES[scope["type"]].get(value.lower(), scope["scheme"])
        for value in _values(given, b"x-forwarded-host")[-1:]:
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"host"] + [(b"host", value)]

    def _client(self, chain: list[bytes], peer: Address) -> Address:
        """The right-most address that is none of our proxies; the last proxy before a value that is no address."""
        for value in reversed(chain):
            address = ip_of(value.decode("latin-1"))
            if address is None:
                return peer
            peer = address
            if not self._trusts(address):
                return address
        return peer

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Every value of a list header, in order, whichever way it was split over lines."""
    lines = [value for key, value in headers if key.lower() == name]
    return [part.strip() for line in lines for part in line.split(b",") if part.strip()]
