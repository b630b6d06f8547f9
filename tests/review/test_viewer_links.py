"""The addresses that a page has given out for images: good again for a check just seen, and never more of them."""

from __future__ import annotations

from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from nicegui import Client

from console.actor import Actor
from console.review import viewer_panel
from console.review.viewer_panel import ViewerPanel
from console.settings import Settings
from tests.ui.unopened import in_a_page


def test_a_page_that_is_open_all_day_keeps_the_last_addresses_alone(console: Settings) -> None:
    actor = Actor(uuid4(), uuid4(), "Reviewer", session="of-today")

    async def work(_: Client) -> None:
        viewer = ViewerPanel(ZoneInfo("America/New_York"))
        on_screen = {UUID(int=number): viewer.link(actor, UUID(int=number)) for number in range(30)}
        for number in range(1_000, 3_000):
            viewer.link(actor, UUID(int=number))
            if number % 20 == 0:  # what stays in use stays the same: the browser has it already
                assert {image: viewer.link(actor, image) for image in on_screen} == on_screen
        assert len(viewer._links) == viewer_panel._MOST_LINKS

    in_a_page(work)
