"""On one's own account page: what to be told, in the console, by e-mail, both or not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from nicegui.element import Element

from console.actor import Actor
from console.notices import preferences
from console.notices.kinds import KINDS
from console.notices.preferences import AlwaysShown, Wish, Wishes
from console.settings import settings
from console.ui.page import ConsolePage, show_to_people
from console.ui.pieces import Text, panel

show_to_people(AlwaysShown)

ANCHOR: Final = "notices"
_TICKED: Final = "(event) => emit(event.target.checked)"


class NoticeSettingsPanel:
    """A line for each kind with its two boxes; a change counts at once. `read_again` shows what holds if one failed."""

    def __init__(self, page: ConsolePage, wishes: Wishes, read_again: Callable[[Actor], Awaitable[None]]) -> None:
        self._page, self._wishes, self._read_again = page, wishes, read_again
        with panel("Notifications") as section:
            section.props["id"] = ANCHOR
            with Element("div").classes("crc-part"):
                Text(self._about_mail(), tag="p", classes="crc-soft")
                with Element("table").classes("crc-wishes"):
                    with Element("thead"), Element("tr"):
                        for title in ("What", "Console", "E-mail"):
                            Text(title, tag="th").props["scope"] = "col"
                    with Element("tbody"):
                        for wish in wishes.each:
                            self._line(wish)

    def _about_mail(self) -> str:
        if not settings().sends_mail:
            return "This console sends no e-mail: no mail server is set up."
        if self._wishes.email is None:
            return "You have no e-mail address here. An administrator can enter one."
        return f"E-mail goes to {self._wishes.email}. An administrator can change the address."

    def _line(self, wish: Wish) -> None:
        words = KINDS[wish.kind]
        mail_goes = settings().sends_mail and self._wishes.email is not None
        with Element("tr"):
            with Element("th") as head:
                head.props["scope"] = "row"
                Text(words.label, tag="div")
                Text(words.meaning + (f"; always shown: {words.always}" if words.always else ""))
            self._box(f"{words.label} in the console", wish.in_app, not words.always, wish, "in_app")
            self._box(f"{words.label} by e-mail", wish.by_email and mail_goes, mail_goes, wish, "by_email")

    def _box(self, label: str, on: bool, changeable: bool, wish: Wish, way: str) -> None:
        with Element("td"), Element("input") as box:
            box.props["type"] = "checkbox"
            box.props["aria-label"] = label
            if on:
                box.props["checked"] = True
            if not changeable:
                box.props["disabled"] = True

        async def change(actor: Actor, on: bool) -> None:
            try:
                await preferences.choose(actor, wish.kind, **{way: on})
            except Exception:
                await self._read_again(actor)
                raise

        # As the box is, not the other way round: it may be clicked twice before the first click has come here. Nothing
        # is drawn anew, so that the cursor stays, and what is typed elsewhere on the page.
        box.on("change", lambda event: self._page.run(change, event.args is True), js_handler=_TICKED)
