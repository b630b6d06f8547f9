"""Measures every request and counts the open websockets; the outermost part of the edge."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.metrics import HTTP_REQUESTS, HTTP_SECONDS, LOOP_LAG, WEBSOCKETS

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# What the gate answers itself, and paths that there are not: anybody can ask for any, so they share one name.
UNROUTED: Final = "(none)"
# The page library's own files, each with a path of its own.
LIBRARY: Final = "/_nicegui"
LAG_SECONDS: Final = 0.25


class Measured:
    """Pure ASGI middleware. A request's label is the template of its route, never its path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = template(scope)
            HTTP_REQUESTS.labels(method, route, f"{status // 100}xx").inc()
            HTTP_SECONDS.labels(method, route).observe(time.perf_counter() - began)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = False

        async def sending(message: Message) -> None:
            nonlocal accepted
            if message["type"] == "websocket.accept":
                accepted = True
                WEBSOCKETS.inc()
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            if accepted:
                WEBSOCKETS.dec()


def template(scope: Scope) -> str:
    """The template of the route that answered."""
    route: Any = scope.get("route")
    path = getattr(route, "path", None)
    if scope["path"].startswith(LIBRARY + "/") and "endpoint" in scope:
        return LIBRARY
    if path is None:
        return UNROUTED
    return f"{scope.get('root_path', '')}{path}"


async def watch_loop() -> None:
    """Measure how late the event loop comes round, until cancelled."""
    while True:
        wanted = time.perf_counter() + LAG_SECONDS
        await asyncio.sleep(LAG_SECONDS)
        LOOP_LAG.observe(max(0.0, time.perf_counter() - wanted))
