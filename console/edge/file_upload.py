"""Takes uploaded files: a request's body is one file, streamed to disk as it comes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from console.access.permissions import NotAllowed
from console.access.sessions import PageSession, SignedOut
from console.access.visit import visit_of
from console.intake import arrivals
from console.intake.arrivals import NAME_HEADER, UPLOAD_PATH, TooLarge, TooManyFiles

_MAX_NAME: Final = 1000

router = APIRouter(include_in_schema=False)

_STATUS: Final[dict[type[Exception], HTTPStatus]] = {
    SignedOut: HTTPStatus.UNAUTHORIZED,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooManyFiles: HTTPStatus.TOO_MANY_REQUESTS,
    ClientDisconnect: HTTPStatus.BAD_REQUEST,
}


@router.post(UPLOAD_PATH)
async def upload(request: Request) -> JSONResponse:
    """Take one file; 202 once all of it has come, while its import goes on."""
    name = unquote(request.headers.get(NAME_HEADER, "")[:_MAX_NAME]) or "unnamed"
    length = request.headers.get("content-length", "")
    session = PageSession(request.state.session_token, visit_of(request.scope))
    try:
        arrival = await arrivals.take(
            request.state.actor, name, int(length) if length.isdigit() else None, request.stream(), session.acting
        )
    except NotAllowed as refused:
        request.state.refused = refused.permission.value
        raise HTTPException(HTTPStatus.FORBIDDEN, str(refused)) from None
    except tuple(_STATUS) as refused:
        raise HTTPException(_STATUS[type(refused)], str(refused)) from None
    return JSONResponse({"id": str(arrival.id)}, HTTPStatus.ACCEPTED)
