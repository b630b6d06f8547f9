"""Keeps what the application refuses to somebody who is signed in, before the answer goes out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.access import refusals
from console.access.permissions import NotAllowed
from console.access.refusals import Refusal, Why

# Files of NiceGUI's own: one that is missing is nobody's secret.
_STATIC: Final = "/_nicegui/"


class KeepRefusals:
    """Pure ASGI middleware inside the gate: 403 and 404 of routes leave an entry in the audit trail.

    A route names the permission that was missing as `request.state.refused`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await _keep(scope, message["status"])
            await send(message)

        await self._app(scope, receive, sending)


async def _keep(scope: Scope, status: int) -> None:
    actor = scope["state"].get("actor")
    # A path that is no route's is a mistyped address, not something that was kept from somebody.
    if actor is None or "route" not in scope or scope["path"].startswith(_STATIC):
        return
    if status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        permission: str | None = scope["state"].get("refused")
        why = Why.PERMISSION if permission or status == HTTPStatus.FORBIDDEN else Why.NOT_FOUND
        await refusals.keep(actor, Refusal(f"{scope['method']} {scope['path']}", why, permission))


async def answer_not_allowed(request: Request, refused: Exception) -> Response:
    """The answer of a route that let NotAllowed through."""
    assert isinstance(refused, NotAllowed)
    request.state.refused = refused.permission.value
    return JSONResponse({"detail": str(refused)}, HTTPStatus.FORBIDDEN)
