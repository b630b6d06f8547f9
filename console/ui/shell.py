"""The frame of every screen: the rail with its words, the bar above, the main part below, and a skip link.

The shell shows what it is given and decides nothing: the caller passes only the links the actor may follow.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from nicegui import context, ui
from nicegui.element import Element

from console.ui.countdown import Countdown
from console.ui.format import initials
from console.ui.pieces import Text, icon
from console.ui.still import Node, Still, node
from console.ui.still_pieces import icon as still_icon

MARK: Final = "CR"
_TOGGLE_THEME: Final = "() => window.crcTheme.toggle()"


@dataclass(frozen=True, slots=True)
class NavItem:
    """A link of the rail: Material icon name, word, path of this site, and whether this is the page shown."""

    icon: str
    label: str
    path: str
    active: bool = False


@dataclass(frozen=True, slots=True)
class SessionClock:
    """When the session ends unless it is used, by the server's clock, and that clock now."""

    ends: datetime
    now: datetime
    warn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shell:
    """The parts of the frame a page may fill or change: enter ``chips`` or ``actions`` to add to the bar.

    ``bell`` is the place of the notices, beside the session's time.
    """

    title: Text
    subtitle: Text
    chips: Element
    actions: Element
    bell: Element
    main: Element
    session: Countdown | None


def part_of(frame: Shell) -> Shell:
    """The same frame with places of one's own in bar and main part, which `put_away` hides together."""
    places = []
    for whole in (frame.chips, frame.actions, frame.main):
        with whole:
            places.append(Element("div").classes("crc-contents"))
    chips, actions, main = places
    return replace(frame, chips=chips, actions=actions, main=main)


def put_away(part: Shell, away: bool) -> None:
    """Hide what `part_of` gave, or show it again."""
    for place in (part.chips, part.actions, part.main):
        place.classes(add="crc-away") if away else place.classes(remove="crc-away")


@contextmanager
def shell(
    *,
    nav: Sequence[NavItem],
    user: str,
    title: str,
    subtitle: str = "",
    institution: str = "",
    session: SessionClock | None = None,
    account: str = "",
    on_sign_out: Callable[[], Any] | None = None,
    on_leave: Callable[[str], Any] | None = None,
) -> Iterator[Shell]:
    """Draw the frame; what is added inside the ``with`` goes into the main part.

    ``user`` is the name of who is signed in; the rail shows the initials and, on demand, the name and the way to the
    person's own page, ``account``.
    With ``on_leave(path)`` a click on a link of the rail asks the page, which then navigates itself; opening a link
    in another tab does not leave.
    """
    layout, main = context.client.layout, context.client.content
    with layout:
        rail = Element("nav").classes("crc-rail")
        rail.props["aria-label"] = "Main"
        bar = Element("header").classes("crc-bar")
    # Before the page in the document, so that Tab meets them in the order they are seen.
    rail.move(layout, 0)
    bar.move(layout, 1)
    _fill_rail(rail, nav, user, institution, account, on_sign_out, on_leave)
    parts = _fill_bar(bar, title, subtitle, session, main)
    main.classes("crc-main")
    ui.skip_link("Skip to the main part", target=main)
    with main:
        yield parts


def _fill_rail(
    rail: Element,
    nav: Sequence[NavItem],
    user: str,
    institution: str,
    account: str,
    on_sign_out: Callable[[], Any] | None,
    on_leave: Callable[[str], Any] | None,
) -> None:
    with rail:
        mark = Text(MARK, classes="crc-mark")
        mark.props["role"] = "img"
        mark.props["aria-label"] = f"Check Review Console, {institution}" if institution else "Check Review Console"
        links = Still(on_act=on_leave).classes("crc-contents")
        links.show(_link(item, own=on_leave is not None) for item in nav)
        Element("span").classes("crc-rail-gap")
        with Element("button").classes("crc-rail-item").on("click", js_handler=_TOGGLE_THEME) as theme:
            theme.props["type"] = "button"
            icon("dark_mode")
            Text("Theme")
        _person(user, account, on_sign_out, on_leave)


def _link(item: NavItem, *, own: bool) -> Node:
    """`own`: the page itself follows it, and is told the path."""
    return node(
        "a",
        still_icon(item.icon),
        node("span", item.label),
        class_="crc-rail-item",
        href=item.path,
        aria_current="page" if item.active else None,
        data_act=item.path if own else None,
    )


def _person(
    user: str, account: str, on_sign_out: Callable[[], Any] | None, on_leave: Callable[[str], Any] | None
) -> None:
    with Element("button" if on_sign_out else "div").classes("crc-rail-item") as person:
        icon("account_circle")
        Text(initials(user))
        if on_sign_out is None:
            person.tooltip(user)
            return
        person.props["type"] = "button"
        person.props["aria-label"] = f"{initials(user)}: signed in as {user}"
        with ui.menu().props('anchor="center right" self="bottom left" :offset="[8, 0]"').classes("crc-menu"):
            Text(user, classes="crc-menu-head", tag="div")
            if account:
                ui.menu_item("Your account", on_click=lambda: (on_leave or ui.navigate.to)(account))
            ui.menu_item("Sign out", on_click=lambda: on_sign_out())


def _fill_bar(bar: Element, title: str, subtitle: str, session: SessionClock | None, main: Element) -> Shell:
    with bar:
        heading = Text(title, tag="h1")
        below = Text(subtitle, classes="crc-subtitle")
        chips = Element("div").classes("crc-bar-part")
        Element("span").classes("crc-gap")
        with Element("div").classes("crc-bar-part"):
            clock = (
                Countdown(
                    session.ends,
                    now=session.now,
                    warn_at=session.warn_at,
                    prefix="session",
                    over="session over",
                    words=True,
                )
                if session
                else None
            )
            bell = Element("div").classes("crc-bar-part")
            actions = Element("div").classes("crc-bar-part")
    return Shell(heading, below, chips, actions, bell, main, clock)
