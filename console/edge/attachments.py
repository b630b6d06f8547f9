"""Attachments in and out: a request's body is one file; what goes out is always saved, never shown by the browser."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import quote, unquote
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.requests import ClientDisconnect

from console.access.permissions import NotAllowed
from console.access.sessions import PageSession, SignedOut
from console.access.visit import visit_of
from console.images.links import LinkRefused
from console.images.store import StoreUnavailable
from console.intake.arrivals import NAME_HEADER
from console.review import attachments
from console.review.attachments import PATH, AttachmentGone, AttachmentRefused, AttachmentTooLarge
from console.review.errors import ReviewRefused
from console.review.item_view import ItemNotFound

_MAX_NAME: Final = 1000
_MAX_TOKEN: Final = 200

router = APIRouter(include_in_schema=False)

_STATUS: Final[dict[type[Exception], HTTPStatus]] = {
    SignedOut: HTTPStatus.UNAUTHORIZED,
    ItemNotFound: HTTPStatus.NOT_FOUND,
    AttachmentTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    AttachmentRefused: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ReviewRefused: HTTPStatus.FORBIDDEN,
    StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    ClientDisconnect: HTTPStatus.BAD_REQUEST,
}


@router.post("/review/{item_id}/attachments")
async def attach(request: Request, item_id: UUID) -> JSONResponse:
    """Attach one file, which is the body; its name comes percent-encoded in a header."""
    name = unquote(request.headers.get(NAME_HEADER, "")[:_MAX_NAME])
    length = request.headers.get("content-length", "")
    session = PageSession(request.state.session_token, visit_of(request.scope))
    size = int(length) if length.isascii() and length.isdigit() else None
    try:
        made = await attachments.attach(request.state.actor, item_id, name, size, request.stream(), session.acting)
    except NotAllowed as refused:
        request.state.refused = refused.permission.value
        raise HTTPException(HTTPStatus.FORBIDDEN, str(refused)) from None
    except tuple(_STATUS) as refused:
        status = next(_STATUS[kind] for kind in type(refused).__mro__ if kind in _STATUS)
        raise HTTPException(status, str(refused)) from None
    return JSONResponse({"id": str(made)}, HTTPStatus.CREATED)


@router.get(PATH + "/{attachment_id}")
async def download(request: Request, attachment_id: UUID, token: str = "") -> StreamingResponse:
    """The attachment, to be saved under its name. Nothing of it is ever run or drawn by the browser."""
    try:
        opened = await attachments.open_attachment(request.state.actor, attachment_id, token[:_MAX_TOKEN])
    except (LinkRefused, NotAllowed, LookupError) as refused:
        if isinstance(refused, NotAllowed):
            request.state.refused = refused.permission.value
        # One answer for all three: nobody learns which attachments exist.
        raise HTTPException(HTTPStatus.NOT_FOUND, "This address is not valid any more. Open the check again.") from None
    except AttachmentGone as gone:
        raise HTTPException(HTTPStatus.GONE, str(gone)) from None
    except StoreUnavailable as error:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"Retry-After": "3"}) from None
    headers = {
        "Content-Disposition": disposition(opened.name),
        "Content-Length": str(opened.size),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(opened.chunks, media_type=opened.media_type, headers=headers)


def disposition(name: str) -> str:
    """`attachment` with the name, for browsers of every age (RFC 6266): nothing in it can end the header."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one in " ._-()") else "_" for one in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
