"""What a person sees where there is no page, or where building one failed: our words, never the program's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from console.access.sessions import SessionServiceUnavailable
from console.ui.refusal import refusal

_log = structlog.get_logger(__name__)
# The gate outside answers these, with words of their own.
_THE_GATES = (SessionServiceUnavailable, OperationalError, PoolTimeout)


def install(pages: FastAPI) -> None:
    """Replace NiceGUI's error pages, which show the exception. `pages` is NiceGUI's own application."""
    pages.add_exception_handler(HTTPStatus.NOT_FOUND, _not_found)
    pages.add_exception_handler(RequestValidationError, _mistyped)
    pages.add_exception_handler(Exception, _failed)


async def _not_found(request: Request, error: Exception) -> Response:
    if not _wants_page(request) and isinstance(error, HTTPException):
        return await http_exception_handler(request, error)
    return refusal(HTTPStatus.NOT_FOUND, "There is no page at this address. It may have been mistyped.")


async def _mistyped(request: Request, _: Exception) -> Response:
    """A page's address with something in it that cannot be: an id that is none, a number that is a word."""
    return await _not_found(request, HTTPException(HTTPStatus.NOT_FOUND))


async def _failed(request: Request, error: Exception) -> Response:
    if isinstance(error, _THE_GATES):
        raise error
    state: dict[str, Any] = request.scope.get("state", {})
    request_id = state.get("request_id", "")
    _log.error("page failed", path=request.url.path, request_id=request_id, exc_info=error)
    told = f"Something went wrong while this page was built. Try again; if it stays so, report {request_id}."
    if _wants_page(request):
        return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, told)
    return JSONResponse({"detail": told}, HTTPStatus.INTERNAL_SERVER_ERROR)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
