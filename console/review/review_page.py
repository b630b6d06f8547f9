"""A check's own page: what a link and a reload open."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from fastapi.responses import Response

from console.access.permissions import Permission, may
from console.actor import Actor
from console.review.item_view import ItemNotFound
from console.review.opening import open_item
from console.review.queue import escalation_targets, queue_names
from console.review.reach import APPROVALS
from console.review.review_panel import Review
from console.ui.page import ConsolePage, console_page
from console.ui.refusal import refusal


@console_page("/review/{item_id}", permission=Permission.ITEM_READ)
async def review(page: ConsolePage, item_id: UUID, queue: str = "") -> Response | None:
    """A check, claimed for who opens it where that person may work on it. `queue` is where the reviewer came from."""
    chosen = next((one for one in await queue_names(page.actor) if one.key == queue), None)
    targets = await escalation_targets(page.actor) if may(page.actor, Permission.ITEM_DECIDE) else ()
    try:
        opened = await open_item(page.actor, item_id)
    except ItemNotFound as error:
        return refusal(HTTPStatus.NOT_FOUND, str(error))
    home = "/approvals" if queue == APPROVALS else "/queue"

    async def leave(actor: Actor, path: str) -> None:
        await shown.leave(actor, path)

    with page.frame("Review", path=home, on_leave=page.handler(leave)) as frame:
        shown = Review(page, frame, chosen, targets, home=home, on_leave=page.client.open)
    await shown.begin(page.actor, opened)
    return None
