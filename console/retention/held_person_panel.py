"""Whom of the staff a legal hold covers: found by name, whoever they are and however many there are."""

from __future__ import annotations

from uuid import UUID

from nicegui.element import Element

from console.access.person_list import MAX_SEARCH, PersonRow, Show, list_people
from console.actor import Actor
from console.ui.page import ConsolePage
from console.ui.pick_list import Offer, PickList
from console.ui.pieces import ActionButton, Text

OFFERED = 6


class HeldPerson:
    """A field that offers people whose name holds what is typed, and then the one who was chosen."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._found: dict[str, PersonRow] = {}
        self.chosen: UUID | None = None
        self._box = Element("div").classes("crc-column crc-whole")
        self._draw_search()

    def set_visibility(self, visible: bool) -> None:
        """Show it, or hide it."""
        self._box.set_visibility(visible)

    def _draw_search(self) -> PickList:
        self._box.clear()
        with self._box:
            found = PickList(
                "Person of the staff: type a part of the name", name="held_person", offers=self._offers,
                on_take=self._take, max_length=MAX_SEARCH, group="People", nothing=lambda text: f"Nobody: “{text}”.",
            )  # fmt: skip
            self._more = Text("", tag="p", classes="crc-soft")
            self._more.props["role"] = "status"
        found.show(())
        return found

    async def _offers(self, text: str) -> list[Offer]:
        self._found = {}
        if text:
            await self._page.run(self._find, text)
        return [Offer(key, _named(person)) for key, person in self._found.items()]

    async def _find(self, actor: Actor, text: str) -> None:
        # Those who left too: what they did is held like everybody's.
        people = await list_people(actor, text, Show.EVERYBODY, limit=OFFERED)
        self._found = {str(person.id): person for person in people.rows}
        self._more.set_text("There are more: type on." if people.next else "")

    def _take(self, key: str) -> None:
        person = self._found[key]
        self.chosen = person.id
        self._box.clear()
        with self._box, Element("div").classes("crc-row"):
            Text(_named(person), classes="crc-strong crc-cut")
            ActionButton("change", self._change, kind="quiet")

    def _change(self) -> None:
        self.chosen = None
        self._draw_search().focus()


def _named(person: PersonRow) -> str:
    return f"{person.display_name} · {person.username}" + ("" if person.active else " · deactivated")
