"""The check image viewer. All looking happens in the browser; Python says what to show and hears what matters."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from console.ui.keys import Key, Scope, Target, keys_for
from console.ui.page_keys import mine
from console.ui.viewer_state import Side, Way, clean_sides, clean_state

_PARTS: Final = (
    "geometry", "look", "difference", "images", "paint", "moving", "commands", "compare", "regions", "seen", "template",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImageSide:
    """One view: same-origin address, size in pixels, resolution in dots per inch.

    Where it is known that there is nothing to display, the address is empty and ``problem`` says why, for people.
    """

    url: str
    width: int
    height: int
    dpi: int = 200
    alt: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of one side, measured from its top left corner in ``unit``.

    A ``flag`` is drawn with what it says, a ``weak`` one as a hint; a ``zone`` is not drawn, one can jump to it.
    """

    key: str
    label: str
    side: Side
    x: float
    y: float
    w: float
    h: float
    kind: Literal["flag", "weak", "zone"] = "flag"
    unit: Literal["fraction", "inch"] = "fraction"

    def on(self, image: ImageSide) -> "Region":
        """The same rectangle in fractions of ``image``."""
        if self.unit == "fraction":
            return self
        across, down = image.dpi / image.width, image.dpi / image.height
        box = (self.x * across, self.y * down, self.w * across, self.h * down)
        return Region(self.key, self.label, self.side, *box, kind=self.kind)


#: Where to look on a check that names no zones of its own. Used to move the view, never drawn. The MICR line is the
#: 5/8 inch clear band of ANSI X9.100-160; the other rectangles are where US check stock usually has these parts.
USUAL_ZONES: Final[tuple[Region, ...]] = (
    Region("amount_figures", "Amount in figures", "front", 0.72, 0.28, 0.27, 0.2, "zone"),
    Region("amount_words", "Amount in words", "front", 0.02, 0.4, 0.8, 0.18, "zone"),
    Region("payee", "Payee", "front", 0.02, 0.26, 0.72, 0.18, "zone"),
    Region("date", "Date", "front", 0.55, 0.08, 0.4, 0.2, "zone"),
    Region("signature", "Signature", "front", 0.5, 0.56, 0.48, 0.24, "zone"),
    Region("micr", "MICR line", "front", 0.0, 0.76, 1.0, 0.24, "zone"),
    Region("endorsement", "Endorsement", "back", 0.0, 0.0, 0.4, 1.0, "zone"),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the check can be compared with: an earlier check or, with a ``zone``, a card about one region of it.

    An earlier check is laid beside or over the whole of ``side``, an inch on an inch; a card only beside its zone.
    """

    key: str
    label: str
    image: ImageSide
    note: str = ""
    side: Side = "front"
    zone: str = ""


OnState = Callable[[str, dict[str, Any]], Awaitable[None] | None]
OnSides = Callable[[str, dict[Side, int]], Awaitable[None] | None]


class CheckViewer(
    Element,
    component="check_viewer.js",
    dependencies=[f"viewer_{part}.js" for part in _PARTS],
):
    """Shows the front, the back or both of one check, and compares it with others. Needs no other part of the page.

    ``on_state(check, state)`` comes when looking has come to rest, for saving with the draft; what a state is says
    :mod:`console.ui.viewer_state`. ``on_sides(check, ms)`` says how long each side of that check has been on a visible
    screen so far, in milliseconds: when the side changes, when the check changes and when the page is hidden. An image
    it is compared with is no side. :meth:`read_sides` asks for the same at any moment.

    Keys come from :class:`~console.ui.hotkeys.Hotkeys`, where a page has one; ``keys`` are those whose caps are shown.
    Anywhere on the page, an element with ``data-shows-region`` shows the region of that key on a click and is given
    ``data-lit`` while its box is pointed at; one with ``data-compare`` opens the comparison of that key.
    """

    def __init__(
        self,
        *,
        on_state: OnState | None = None,
        on_sides: OnSides | None = None,
        keys: Iterable[Key] = keys_for(Scope.REVIEW),
    ) -> None:
        super().__init__()
        self.classes("crc-viewer")
        self.set_keys(keys)
        self.props["check"] = {"seq": 0}
        if on_state:
            self.on("state", lambda event: _heard(event, "state", on_state, clean_state))
        if on_sides:
            self.on("sides", lambda event: _heard(event, "sides", on_sides, clean_sides))

    def set_keys(self, keys: Iterable[Key]) -> None:
        """Show the caps of these keys on the buttons."""
        self.props["caps"] = {key.action: mine(self.client, key).cap for key in keys if key.target is Target.VIEWER}

    def set_check(
        self,
        check: str,
        *,
        front: ImageSide | None,
        back: ImageSide | None,
        regions: Sequence[Region] = (),
        comparisons: Sequence[Comparison] = (),
        watermark: str = "",
        state: Mapping[str, Any] | None = None,
    ) -> None:
        """Show another check, in one message. ``None`` for a side that came without an image.

        ``check`` names it in the events. ``state`` is what ``on_state`` gave earlier; without it each side is fitted.
        """
        images = {"front": front, "back": back}
        named = {region.key for region in regions}
        zones = [zone for zone in USUAL_ZONES if zone.key not in named]
        self.props["check"] = {
            "seq": self.props["check"]["seq"] + 1,
            "id": check,
            **{side: None if image is None else _image(image) for side, image in images.items()},
            # Tuples: NiceGUI watches every list within a property for changes, and everything in it.
            "regions": tuple(
                _region(region.on(image)) for region in (*regions, *zones) if (image := images[region.side]) is not None
            ),
            "comparisons": tuple(_comparison(one) for one in comparisons),
            "watermark": watermark,
            "state": clean_state(state or {}),
        }

    def renew(self, *, front: ImageSide | None, back: ImageSide | None, comparisons: Sequence[Comparison]) -> None:
        """The same images under new addresses, for those that are not fetched yet. What is shown stays."""
        sides = {"front": front, "back": back}
        images = {side: None if image is None else _image(image) for side, image in sides.items()}
        self.run_method("renew", {**images, "comparisons": [_comparison(one) for one in comparisons]})

    def set_regions(self, regions: Sequence[Region], images: Mapping[Side, ImageSide | None]) -> None:
        """Draw other regions on the check that is shown, leaving the view as it is."""
        boxes = [_region(region.on(image)) for region in regions if (image := images[region.side]) is not None]
        self.run_method("setRegions", boxes)

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Look at the present check as ``state`` says."""
        self.run_method("setState", clean_state(state))

    def show_region(self, key: str) -> None:
        """Bring a region into view, on whichever side it is."""
        self.run_method("showRegion", key)

    def compare(self, key: str, way: Way = "beside") -> None:
        """Compare the present check with one of its ``comparisons``."""
        self.run_method("compareWith", key, way)

    def command(self, action: str) -> None:
        """Do what a key of the viewer does: ``fit``, ``zoom_in``, ``side`` and so on, as in the key registry."""
        self.run_method("act", action)

    def prefetch(self, images: Iterable[ImageSide | None]) -> None:
        """Fetch and decode images of checks to come, so that :meth:`set_check` shows them at once."""
        urls = [image.url for image in images if image]
        if urls:
            self.run_method("prefetch", urls)

    async def read_sides(self) -> dict[Side, int]:
        """How long each side of the present check has been looked at, in milliseconds, at this moment.

        Raises ``TimeoutError`` when the browser does not answer within a second.
        """
        return clean_sides(await self.run_method("sidesNow"))


def _heard(
    event: GenericEventArguments, name: str, handler: Callable[[str, Any], Any], clean: Callable[..., Any]
) -> Any:
    match event.args:
        case {"check": str(check), **rest} if name in rest:
            return handler(check, clean(rest[name]))
    return None


def _image(image: ImageSide) -> dict[str, Any]:
    size = {"width": image.width, "height": image.height, "dpi": image.dpi}
    return {"url": image.url, **size, "alt": image.alt, "problem": image.problem}


def _comparison(one: Comparison) -> dict[str, Any]:
    words = {name: getattr(one, name) for name in ("key", "label", "note", "side", "zone")}
    return {**words, "image": _image(one.image)}


def _region(region: Region) -> dict[str, Any]:
    return {name: getattr(region, name) for name in ("key", "label", "side", "x", "y", "w", "h", "kind")}
