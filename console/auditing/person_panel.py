"""Whose doing is asked for: the button that says it, and the dialog that finds somebody by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from console.access.permissions import Permission, may
from console.access.person_list import MAX_SEARCH, PersonRow, Show, list_people
from console.actor import Actor
from console.auditing.chosen import SYSTEM
from console.ui.page import ConsolePage
from console.ui.pick_list import Offer, PickList
from console.ui.pieces import ActionButton, Text

OFFERED = 8
ANYBODY, NOBODY = "Anybody", "Nobody signed in"


class PersonChoice:
    """A button with the name of who is chosen. `on_choose(person)`: a person's id, SYSTEM, or None for anybody."""

    def __init__(self, page: ConsolePage, on_choose: Callable[[str | None], Awaitable[Any]]) -> None:
        self._page, self._on_choose = page, on_choose
        self._found: dict[str, PersonRow] = {}
        self._names: dict[str, str] = {}
        self._button = ActionButton(ANYBODY, self._ask, icon_name="person_search", kind="choice")

    def show(self, person: str | None, name: str = "") -> None:
        """Show who is chosen; `name`: what they are called, where that is known."""
        named = name or self._names.get(person or "", "One person")
        words = ANYBODY if person is None else NOBODY if person == SYSTEM else named
        self._button.set_label(words)
        self._button.set_chosen(person is not None)
        self._button.props["aria-label"] = f"Who did it: {words}"

    def _ask(self) -> None:
        page = self._page
        with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = "Who did it"
            Text("Who did it", tag="h2")

            async def choose(person: str | None) -> None:
                dialog.close()
                await self._on_choose(person)

            if may(page.actor, Permission.USER_READ):
                found = PickList(
                    "Type a part of the name", name="trail_person", offers=self._offers,
                    on_take=choose, max_length=MAX_SEARCH, group="People",
                    nothing=lambda text: f"Nobody: “{text}”.",
                )  # fmt: skip
                found.show(())
                found.focus()
            with ui.element("div").classes("crc-row"):
                ActionButton(ANYBODY, lambda: choose(None))
                button = ActionButton(NOBODY, lambda: choose(SYSTEM))
                button.props["title"] = "The console's own jobs and commands, and sign-ins that failed"
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)

    async def _offers(self, text: str) -> list[Offer]:
        self._found = {}
        if text:
            await self._page.run(self._find, text)
        return [Offer(key, _named(person)) for key, person in self._found.items()]

    async def _find(self, actor: Actor, text: str) -> None:
        # Those who left too: what they did stays in the trail.
        people = await list_people(actor, text, Show.EVERYBODY, limit=OFFERED)
        self._found = {str(person.id): person for person in people.rows}
        self._names |= {key: person.display_name for key, person in self._found.items()}


def _named(person: PersonRow) -> str:
    return f"{person.display_name} · {person.username}" + ("" if person.active else " · deactivated")
