"""Addresses of Redis: one server, or a cluster chosen by the scheme or by naming several hosts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SINGLE: Final = {"redis": "redis", "rediss": "rediss"}
CLUSTER: Final = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
DEFAULT_PORT: Final = 6379
EXAMPLES: Final = (
    "redis://host:6379/0, rediss://host:6379/0 (TLS), redis+cluster://host:6379 or redis://host1:6379,host2:6379"
)


@dataclass(frozen=True)
class RedisAddress:
    """`urls` are those of each host by itself, as the client library reads them; more than one only for a cluster."""

    urls: tuple[str, ...]
    cluster: bool


def parse_address(url: str) -> RedisAddress:
    """Read an address. Raises ValueError, which names no part of the URL: it may hold a password."""
    scheme, separator, rest = url.partition("://")
    plain = {**SINGLE, **CLUSTER}.get(scheme)
    if not separator or plain is None:
        raise ValueError(f"write it as {EXAMPLES}")
    authority, slash, path = _split(rest)
    user, at, hosts = authority.rpartition("@")
    names = [host.strip() for host in hosts.split(",")]
    if not all(_is_host(name) for name in names):
        raise ValueError(f"a host is missing or has no valid port: write it as {EXAMPLES}")
    cluster = scheme in CLUSTER or len(names) > 1
    if cluster and path.partition("?")[0] not in {"", "0"}:
        raise ValueError("a cluster has database 0 only: leave the number out")
    return RedisAddress(tuple(f"{plain}://{user}{at}{name}{slash}{path}" for name in names), cluster)


def _split(rest: str) -> tuple[str, str, str]:
    """Authority, the slash or nothing, and path with query."""
    at = min((place for place in (rest.find("/"), rest.find("?")) if place >= 0), default=len(rest))
    after = rest[at:]
    return (rest[:at], "/", after[1:]) if after.startswith("/") else (rest[:at], "", after)


def _is_host(name: str) -> bool:
    host, colon, port = name.rpartition(":")
    if not colon or name.endswith("]"):  # no port, or an IPv6 address without one
        return bool(name)
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) < 65536
