"""The check's images in the viewer: addresses of this session, flag regions, images fetched ahead."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from console.actor import Actor
from console.images.links import link
from console.review.flags import MICR_REGION
from console.review.item_view import ImageShown, ItemView
from console.review.states import FINAL_STATUSES
from console.settings import settings
from console.ui.check_viewer import CheckViewer, Comparison, ImageSide, Region
from console.ui.format import day, money, zone_letters
from console.ui.viewer_state import SIDES, Side, clean_state

# A link is given out again for this part of its life, so that an image fetched ahead is found under its address.
_REUSED: Final = 0.6
# Of the checks before, on the screen and ahead, each with all that it is compared with. What was not asked for since
# goes first: a page that is open all day must not grow with each check.
_MOST_LINKS: Final = 100
# ANSI X9.100-160: the MICR clear band is the bottom 5/8 inch of the check.
_MICR_BAND_INCHES: Final = 0.625
# What the browser said so many seconds ago is what there is to know.
_JUST_NOW: Final = 1.0
_USUAL_DPI: Final = 200
_USUAL_SIZE: Final = (1200, 550)
# So many of an account's earlier checks can be compared with, the newest ones.
_COMPARED: Final = 24

OnState = Callable[[UUID, dict[str, Any]], Awaitable[None]]
OnSeen = Callable[[UUID, dict[Side, int]], None]


class ViewerPanel:
    """The viewer of one page.

    How a check is looked at is a plain value (numbers, words and booleans, bounded by `clean_state`), for a draft:
    `state()` gives it, `show(…, state=…)` and `restore(state)` take it. `on_state(item, state)` is called when looking
    has come to rest; also for the check just left, so `item` says whose it is. `on_seen(item, ms)` is called when the
    browser says how long each side of the present check was on screen, in all, with what `show` was told of before.
    """

    def __init__(self, zone: ZoneInfo, on_state: OnState | None = None, on_seen: OnSeen | None = None) -> None:
        self._zone = zone
        self._on_state, self._on_seen = on_state, on_seen
        self._links: dict[UUID, tuple[str, float]] = {}
        # Before this page showed the present check, and as last heard since.
        self._before_ms: Mapping[Side, int] = {}
        self._times: dict[Side, int] = {}
        self._heard_at = float("-inf")
        self._shown: UUID | None = None
        self._before: UUID | None = None
        self._state: dict[str, Any] = {}
        self._linked_at = 0.0
        self._viewer = CheckViewer(on_state=self._heard_state, on_sides=self._heard_sides)

    def state(self) -> dict[str, Any]:
        """How the present check is looked at, as last heard of the browser; `{}` until something was changed."""
        return dict(self._state)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Look at the present check as `state` says; what is unknown or out of range in it is dropped."""
        self._state = clean_state(state)
        self._viewer.set_state(self._state)

    def show(
        self,
        actor: Actor,
        view: ItemView,
        state: Mapping[str, Any] | None = None,
        viewed_ms: Mapping[Side, int] | None = None,
    ) -> None:
        """Show a check's images, looked at as `state` says; for the check that is shown already only its regions.

        `viewed_ms`: so long was each side on screen before, where the person comes back to it.
        """
        front, back = (self._side(actor, view, side) for side in ("front", "back"))
        if view.id == self._shown:
            self._viewer.set_regions(regions(view), {"front": front, "back": back})
            return
        self._before, self._shown = self._shown, view.id
        self._before_ms, self._times, self._heard_at = dict(viewed_ms or {}), {}, float("-inf")
        self._state = clean_state(state or {})
        now = datetime.now(self._zone)
        watermark = f"{actor.name} · {now:%Y-%m-%d %H:%M} {zone_letters(now)}"
        self._viewer.set_check(
            str(view.id),
            front=front,
            back=back,
            regions=regions(view),
            comparisons=self._comparisons(actor, view),
            watermark=watermark,
            state=self._state,
        )

    def renew_links(self, actor: Actor, view: ItemView) -> bool:
        """Once the addresses of the present check's images are about to end, give it new ones; whether it did."""
        if view.id != self._shown or time.monotonic() - self._linked_at < settings().image_link_seconds * _REUSED:
            return False
        self._linked_at = time.monotonic()
        front, back = (self._side(actor, view, side) for side in ("front", "back"))
        self._viewer.renew(front=front, back=back, comparisons=self._comparisons(actor, view))
        return True

    def bring(self, side: str) -> None:
        """Show this side, with the keyboard's focus on it: it was not looked at yet."""
        self._viewer.command(side)
        pane = json.dumps(f".crc-viewer .crc-pane[data-side={side}]")
        self._viewer.client.run_javascript(f"setTimeout(() => document.querySelector({pane})?.focus(), 50)")

    def addresses(self, actor: Actor, view: ItemView) -> list[str]:
        """Where both sides of a check are fetched."""
        sides = (self._side(actor, view, side) for side in ("front", "back"))
        return [side.url for side in sides if side is not None and side.url]

    def prefetch(self, actor: Actor, images: Iterable[ImageShown]) -> None:
        """Fetch and decode the images of a check that is likely to come next."""
        self._viewer.prefetch(self._image(actor, one) for one in images if not one.problem)

    async def viewed_ms(self) -> dict[str, int]:
        """How long each side of the present check was on screen, in milliseconds, before a reload or an undo as well.

        The browser tells it just before it submits; where it did not, it is asked.
        """
        if time.monotonic() - self._heard_at < _JUST_NOW:
            return {str(side): ms for side, ms in self._in_all().items()}
        with suppress(TimeoutError):  # slow to answer: what it said last is true as well, only less
            self._times = await self._viewer.read_sides()
        return {str(side): ms for side, ms in self._in_all().items()}

    def link(self, actor: Actor, image_id: UUID) -> str:
        """An address of the image for this session; the same one again while it is fresh."""
        now = time.monotonic()
        known = self._links.pop(image_id, None)
        if known is None or now - known[1] > settings().image_link_seconds * _REUSED:
            known = link(actor, image_id), now
        self._links[image_id] = known
        if len(self._links) > _MOST_LINKS:
            del self._links[next(iter(self._links))]
        return known[0]

    def _side(self, actor: Actor, view: ItemView, side: str) -> ImageSide | None:
        image = view.image(side)
        if image is None:
            return None
        if not image.problem:
            return self._image(actor, image)
        problem = f"{image.problem[0].upper()}{image.problem[1:]}."
        # Of a check that is over an image may have been destroyed; of one that is open, only its file can be at fault.
        if view.status not in FINAL_STATUSES:
            problem += " The file it came in is kept unchanged; decide without it as your rules allow."
        return replace(self._image(actor, image), problem=problem)

    def _comparisons(self, actor: Actor, view: ItemView) -> list[Comparison]:
        """Earlier checks whose picture is there, the newest first, then the signature cards."""
        pictured = [(one, one.image) for one in view.earlier if one.image is not None and not one.image.problem]
        checks = [
            Comparison(
                str(one.id),
                f"#{one.serial}" if one.serial else "Earlier check",
                self._image(actor, image),
                f"{money(one.amount)} · {day(one.presented_on)}",
            )
            for one, image in pictured[:_COMPARED]
        ]
        holder = view.account.holder if view.account else ""
        cards = [
            Comparison(str(card.id), "Signature card", self._image(actor, card), holder, zone="signature")
            for card in view.cards
            if not card.problem
        ]
        return checks + cards

    def _image(self, actor: Actor, image: ImageShown) -> ImageSide:
        width, height = (image.width or _USUAL_SIZE[0], image.height or _USUAL_SIZE[1])
        # Without an address the viewer asks for nothing.
        address = "" if image.problem else self.link(actor, image.id)
        return ImageSide(address, width, height, image.dpi or _USUAL_DPI)

    async def _heard_state(self, check: str, state: dict[str, Any]) -> None:
        # A browser may say any name: only those of checks that were shown here count.
        item = next((one for one in (self._shown, self._before) if str(one) == check), None)
        if item is not None and item == self._shown:
            self._state = state
        if item is not None and self._on_state is not None:
            await self._on_state(item, state)

    def _heard_sides(self, check: str, times: dict[Side, int]) -> None:
        if self._shown is None or check != str(self._shown):
            return
        self._times, self._heard_at = times, time.monotonic()
        if self._on_seen is not None:
            self._on_seen(self._shown, self._in_all())

    def _in_all(self) -> dict[Side, int]:
        return {side: self._before_ms.get(side, 0) + self._times.get(side, 0) for side in SIDES}


def regions(view: ItemView) -> list[Region]:
    """What is boxed: flags on the MICR line, the one place that every check has at the same spot.

    Other parts lie where the check's maker put them. One can go to where they usually are; a box would claim to know.
    """
    front = view.image("front")
    titles = [flag.title for flag in view.flags if flag.evidence.get("region") == MICR_REGION]
    if front is None or not titles or not _measured(front):
        return []
    band = _MICR_BAND_INCHES * (front.dpi or _USUAL_DPI) / (front.height or 1)
    return [Region(MICR_REGION, " · ".join(titles), "front", 0.0, 1 - band, 1.0, band)]


def _measured(image: ImageShown) -> bool:
    """Whether the image says how large the paper is; otherwise nobody knows where the band ends."""
    return image.problem is None and bool(image.dpi and image.height and image.height / image.dpi > _MICR_BAND_INCHES)
