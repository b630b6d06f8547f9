"""Errors of the API as problem details (RFC 9457): what is the matter, what to do, the request's id; no internals."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from console.access.api_keys import KeyRefused
from console.access.api_tokens import AddressNotAllowed, FirstSignInMissing, TokenRefused
from console.access.attempts import TooManyAttempts
from console.access.authentication import WrongCode, WrongCredentials
from console.access.lockout import LockedOut, SlowDown
from console.access.permissions import NotAllowed
from console.access.session_data import SessionServiceUnavailable, SignedOut
from console.images.store import StoreUnavailable
from console.intake.arrivals import ImportFailed, TooLarge, TooManyFiles
from console.review.advice import AdviceRefused
from console.review.item_view import ItemNotFound

MEDIA_TYPE: Final = "application/problem+json"
_BEARER: Final = {"WWW-Authenticate": "Bearer"}
_SOON: Final = {"Retry-After": "5"}
_DATABASE: Final = "The database cannot be reached. Nothing was changed; try again in a moment."
_UNEXPECTED: Final = "Something went wrong here. Report the request_id if it stays so."

_log = structlog.get_logger(__name__)


class NotAuthenticated(Exception):
    """No credential came with the request."""

    def __init__(self) -> None:
        super().__init__("Send `Authorization: Bearer` with an access token or an API key.")


class BadCursor(Exception):
    """The cursor is not one that the API gave."""

    def __init__(self) -> None:
        super().__init__("The cursor is not one that this list gave. Begin again without one.")


_S = HTTPStatus
# Each of these says in its own words what happened; none of them says more than the caller may know.
_KNOWN: Final[dict[type[Exception], tuple[HTTPStatus, Mapping[str, str]]]] = {
    NotAuthenticated: (_S.UNAUTHORIZED, _BEARER),
    TokenRefused: (_S.UNAUTHORIZED, {"WWW-Authenticate": 'Bearer error="invalid_token"'}),
    KeyRefused: (_S.UNAUTHORIZED, {"WWW-Authenticate": 'Bearer error="invalid_token"'}),
    SignedOut: (_S.UNAUTHORIZED, _BEARER),
    LockedOut: (_S.FORBIDDEN, {}),
    FirstSignInMissing: (_S.FORBIDDEN, {}),
    AddressNotAllowed: (_S.FORBIDDEN, {}),
    NotAllowed: (_S.FORBIDDEN, {}),
    ItemNotFound: (_S.NOT_FOUND, {}),
    AdviceRefused: (_S.CONFLICT, {}),
    BadCursor: (_S.UNPROCESSABLE_ENTITY, {}),
    TooLarge: (_S.REQUEST_ENTITY_TOO_LARGE, {}),
    TooManyFiles: (_S.TOO_MANY_REQUESTS, _SOON),
    ImportFailed: (_S.SERVICE_UNAVAILABLE, _SOON),
    ClientDisconnect: (_S.BAD_REQUEST, {}),
    StoreUnavailable: (_S.SERVICE_UNAVAILABLE, _SOON),
    SessionServiceUnavailable: (_S.SERVICE_UNAVAILABLE, _SOON),
}
# One answer for both, as at the sign-in: nobody learns which of the three was wrong.
_WRONG: Final = "The username, the password or the code is not right."


def problem(
    request: Request, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """A problem of no type of its own (RFC 9457, 4.2.1); `more` are members beside the standard ones."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    body |= {"request_id": request.scope.get("state", {}).get("request_id"), **more}
    return JSONResponse(body, status, dict(headers or {}), MEDIA_TYPE)


def install(api: FastAPI) -> None:
    """Answer with a problem whatever goes wrong."""
    for known in _KNOWN:
        api.add_exception_handler(known, _known)
    for wrong in (WrongCredentials, WrongCode):
        api.add_exception_handler(wrong, _wrong)
    for busy in (TooManyAttempts, SlowDown):
        api.add_exception_handler(busy, _too_often)
    for away in (OperationalError, PoolTimeout):
        api.add_exception_handler(away, _database)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _unexpected)


async def _known(request: Request, error: Exception) -> JSONResponse:
    status, headers = next(_KNOWN[kind] for kind in type(error).__mro__ if kind in _KNOWN)
    if isinstance(error, NotAllowed):
        request.state.refused = error.permission.value
    return problem(request, status, str(error), headers)


async def _wrong(request: Request, _: Exception) -> JSONResponse:
    return problem(request, HTTPStatus.UNAUTHORIZED, _WRONG, _BEARER)


async def _too_often(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooManyAttempts | SlowDown)
    seconds = error.retry_after if isinstance(error, TooManyAttempts) else error.seconds
    headers = {"Retry-After": str(seconds)}
    return problem(request, HTTPStatus.TOO_MANY_REQUESTS, str(error), headers)


async def _database(request: Request, error: Exception) -> JSONResponse:
    _log.error("unavailable", error=type(error).__name__, request_id=request.state.request_id)
    return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, _DATABASE, _SOON)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Never the input: it may be a password.
    faults = [{"where": ".".join(map(str, one["loc"])), "what": one["msg"]} for one in error.errors()[:20]]
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not as it should be.", errors=faults)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(request, HTTPStatus(error.status_code), str(error.detail), error.headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.error("api failed", error=type(error).__name__, request_id=request.state.request_id)
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, _UNEXPECTED)
