"""A field that offers what fits what is typed: arrow keys choose, Enter takes."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.element import Element

from console.ui.pieces import ActionButton, Text, Tone, key_cap


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be taken: its key, its words, the cap of a page's key for it, whether it is taken already."""

    key: str
    words: str
    cap: str = ""
    taken: bool = False


class PickList:
    """A field over the offers for what it holds.

    ``offers(text)`` says what fits, at once or awaited; with an empty text what is offered to begin with.
    ``on_take(key)`` comes for a click and for Enter; ``nothing`` are the words where a text fits nothing. ``then``
    names the field (its ``data-focus``) to which Enter leads.
    """

    def __init__(
        self,
        label: str,
        *,
        name: str,
        offers: Callable[[str], Sequence[Offer] | Awaitable[Sequence[Offer]]],
        on_take: Callable[[str], Any],
        on_type: Callable[[str], Any] | None = None,
        text: str = "",
        max_length: int = 40,
        nothing: Callable[[str], str] | None = None,
        group: str = "What fits",
        then: str = "",
        tone: Tone = Tone.ACCENT,
    ) -> None:
        self._offers_for, self._on_take, self._on_type = offers, on_take, on_type
        self._nothing, self._group, self._tone = nothing, group, tone
        self._offers: Sequence[Offer] = ()
        self._at, self._offered_for = 0, ""
        self._field = ui.input(label, value=text, on_change=self._typed)
        self._field.props(f"dense outlined data-focus={name} autocomplete=off maxlength={max_length}")
        self._field.on("keydown.enter.exact.prevent", lambda _: self._take_chosen(), [])
        if then:  # at once, in the browser: what is typed next belongs there
            move = f"crc:command', {{ detail: {{ target: 'focus', action: '{then}' }} }}"
            self._field.on("keydown.enter.exact", js_handler=f"() => window.dispatchEvent(new CustomEvent('{move}))")
        self._field.on("keydown.down.prevent", lambda _: self._move(1), [])
        self._field.on("keydown.up.prevent", lambda _: self._move(-1), [])
        self._box = Element("div").classes("crc-common")
        self._box.props["role"] = "group"
        self._none = Text("", tag="p", classes="crc-soft")
        self._none.props["role"] = "status"

    @property
    def text(self) -> str:
        """What is typed, without outer blanks."""
        return str(self._field.value or "").strip()

    def empty(self) -> None:
        """Forget what was typed."""
        if self._field.value:
            self._field.set_value("")

    def focus(self) -> None:
        """Put the cursor into the field."""
        self._field.run_method("focus")

    async def draw(self) -> None:
        """Offer anew what fits."""
        text = self.text
        offers = self._offers_for(text)
        found = await offers if inspect.isawaitable(offers) else offers
        if text == self.text:
            self.show(found)

    def show(self, offers: Sequence[Offer]) -> None:
        """Offer these."""
        if self._box.is_deleted:
            return  # the page went on meanwhile
        self._offers, self._at, self._offered_for = offers, 0, self.text
        self._draw()

    def _draw(self) -> None:
        text = self.text
        self._box.clear()
        self._box.props["aria-label"] = f"{self._group} “{text}”" if text else self._group
        self._none.set_text(self._nothing(text) if self._nothing and text and not self._offers else "")
        self._none.set_visibility(bool(self._none.text))
        self._box.set_visibility(bool(self._offers))
        with self._box:
            for place, offer in enumerate(self._offers):
                self._draw_offer(offer, chosen=bool(text) and place == self._at)

    def _draw_offer(self, offer: Offer, *, chosen: bool) -> None:
        button = ActionButton(offer.words, partial(self._on_take, offer.key))
        button.props["title"] = offer.words
        button.set_chosen(offer.taken, tone=self._tone)
        if chosen:
            button.classes("crc-at")
        if cap := "Enter" if chosen else offer.cap:
            with button:
                key_cap(cap)

    def _move(self, by: int) -> None:
        if self._offers and self.text:
            self._at = (self._at + by) % len(self._offers)
            self._draw()

    async def _take_chosen(self) -> None:
        # Without a text nothing is chosen: Enter in an empty field takes nothing by accident.
        if self.text and self._offered_for != self.text:
            await self.draw()  # Enter was quicker than the answer: never take what fitted less
        if self.text and self._offers:
            taken = self._on_take(self._offers[self._at].key)
            if inspect.isawaitable(taken):
                await taken

    async def _typed(self, _: Any) -> None:
        if self._on_type:
            self._on_type(self.text)
        await self.draw()
