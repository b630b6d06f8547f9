"""Whom a question is for: a colleague who may answer on this check, or a team in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from nicegui.element import Element

from console.review.choices import MAX_TEAM
from console.review.draft import Draft
from console.review.people_here import Person
from console.ui.pick_list import Offer, PickList
from console.ui.pieces import ActionButton, Text

Find = Callable[[str], Awaitable[Sequence[Person]]]


class QuestionPanel:
    """What is chosen goes into the draft; `on_change()` comes after it, `on_whom()` once a person is chosen."""

    def __init__(self, draft: Draft, find: Find, on_change: Callable[[], Any], on_whom: Callable[[], Any]) -> None:
        self._draft, self._find, self._on_change, self._on_whom = draft, find, on_change, on_whom
        self._found: dict[str, Person] = {}
        self._list: PickList | None = None
        self._box = Element("div").classes("crc-needs")
        self._draw()

    def focus(self) -> None:
        """Put the cursor where the name is typed."""
        if self._list is not None:
            self._list.focus()

    def _draw(self) -> None:
        self._box.clear()
        self._list = None
        with self._box:
            if self._draft.asks is not None:
                with Element("div").classes("crc-row"):
                    Text("For", classes="crc-soft")
                    Text(self._draft.asks_name, classes="crc-strong crc-cut")
                    ActionButton("change", self._change, kind="quiet")
                return
            self._list = PickList(
                "For: a colleague, or a team in words",
                name="asks",
                offers=self._offers,
                on_take=self._take,
                on_type=self._type,
                text=self._draft.asks_team,
                max_length=MAX_TEAM,
                nothing=lambda text: f"No colleague of that name: the question is for “{text}”.",
                group="Colleagues",
                then="note",
            )
            self._list.show(())

    async def _offers(self, text: str) -> list[Offer]:
        people = await self._find(text) if text else ()
        self._found = {str(person.id): person for person in people}
        return [Offer(key, f"{person.name} · {person.username}") for key, person in self._found.items()]

    def _type(self, text: str) -> None:
        self._draft.asks_team = text
        self._on_change()

    def _take(self, key: str) -> None:
        person = self._found[key]
        self._draft.asks, self._draft.asks_name, self._draft.asks_team = UUID(key), person.name, ""
        self._draw()
        self._on_change()
        self._on_whom()

    def _change(self) -> None:
        self._draft.asks, self._draft.asks_name = None, ""
        self._draw()
        self._on_change()
        self.focus()
