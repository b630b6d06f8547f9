"""Whether a request comes from a page of this console."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from console.settings import Environment, Settings

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def is_same_origin(headers: Headers, settings: Settings) -> bool:
    """Whether the Origin header names this console.

    Browsers send it with every websocket handshake and every form; with a form of ours it is `null`, because our pages
    name no referrer (Fetch, 3.1), and Sec-Fetch-Site, which no page can set, says whose form it is. In development
    the console also answers on other loopback addresses and ports (tests, forwarded ports): there the origin must be
    the host that was asked.
    """
    origin = headers.get("origin")
    if origin is None:
        return False
    if origin == "null":
        return headers.get("sec-fetch-site") == "same-origin"
    if origin == settings.public_origin:
        return True
    if settings.environment is not Environment.DEVELOPMENT:
        return False
    parts = urlsplit(origin)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK and parts.netloc == headers.get("host")
