"""A new cookie for a session whose rights have just grown: after a fresh code the token of before is worth nothing."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request, Response

from console.access import sessions
from console.access.sessions import SignedOut
from console.settings import Settings

RENEW: Final = "/session/renew"


def router(settings: Settings) -> APIRouter:
    """The route, behind the gate: asked by a page of the session's own, and by nobody else."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(RENEW)
    async def renew(request: Request) -> Response:
        try:
            token = await sessions.rotate(request.state.session_token)
        except SignedOut:
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        answer = Response(status_code=HTTPStatus.NO_CONTENT)
        name = sessions.cookie_name(settings)
        answer.set_cookie(name, token, path="/", secure=settings.behind_tls, httponly=True, samesite="lax")
        return answer

    return routes
