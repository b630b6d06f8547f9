"""Who may fetch which image: addresses that work for one session and a short time."""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from console.access.permissions import Permission, require
from console.access.secrets import sign
from console.actor import Actor
from console.images.store import image_store
from console.settings import settings
from db.engine import transaction
from db.models import Image

PATH = "/images"


class LinkRefused(Exception):
    """The address is not of this session, has been changed, or is too old."""

    def __init__(self) -> None:
        super().__init__("This image address is not valid any more. Open the check again.")


@dataclass(frozen=True)
class StoredImage:
    data: bytes
    displayable: bool


def link(actor: Actor, image_id: UUID) -> str:
    """A same-origin address of the image for the actor's session.

    It works for `IMAGE_LINK_SECONDS` to twice that: the expiry is rounded so that an address stays the same for a
    while and the browser can use what it has fetched ahead.
    """
    step = settings().image_link_seconds
    expires = (int(time.time()) // step + 2) * step
    return f"{PATH}/{image_id}?expires={expires}&token={_token(actor, image_id, expires)}"


async def fetch(actor: Actor, image_id: UUID, expires: int, token: str) -> StoredImage:
    """The image's original bytes for a link of this session.

    Raises LinkRefused, NotAllowed, LookupError for an unknown image, StoreUnavailable.
    """
    require(actor, Permission.ITEM_READ)
    if expires < time.time() or not hmac.compare_digest(token, _token(actor, image_id, expires)):
        raise LinkRefused
    async with transaction(actor) as session:
        row = (await session.execute(select(Image.sha256, Image.problem).where(Image.id == image_id))).first()
    if row is None:
        raise LookupError("no such image")
    return StoredImage(await image_store().fetch(actor.institution_id, row.sha256), row.problem is None)


def _token(actor: Actor, image_id: UUID, expires: int) -> str:
    return sign("image link", f"{actor.session}|{image_id}|{expires}".encode())
