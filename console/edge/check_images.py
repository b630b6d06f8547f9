"""Serves check images to the session whose page links them."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from console.access.permissions import NotAllowed
from console.images.links import PATH, ImageGone, LinkRefused, fetch
from console.images.render import NotDisplayable, png
from console.images.store import StoreUnavailable

router = APIRouter(include_in_schema=False)


@router.get(PATH + "/{image_id}")
async def check_image(request: Request, image_id: UUID, token: str = "") -> Response:
    """The image as PNG. Browsers may keep it while the link lives; proxies may not keep it at all."""
    try:
        stored = await fetch(request.state.actor, image_id, token[:200])
        picture = await png(stored.data)
    except (LinkRefused, NotAllowed, LookupError) as refused:
        if isinstance(refused, NotAllowed):
            request.state.refused = refused.permission.value
        # One answer for all three: nobody learns which images exist.
        raise HTTPException(HTTPStatus.NOT_FOUND, "This image address is not valid any more.") from None
    except NotDisplayable as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"This image cannot be displayed: {error}.") from None
    except ImageGone as gone:
        raise HTTPException(HTTPStatus.GONE, str(gone)) from None
    except StoreUnavailable as error:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"Retry-After": "3"}) from None
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=300, no-transform"})
