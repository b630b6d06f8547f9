"""The row above the trail: which days, what kind of event, whose doing, and of which object or request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.auditing.chosen import MAXIMUM_WORDS, Chosen, Span
from console.auditing.person_panel import PersonChoice
from console.auditing.words import EVENTS, GROUPS, OBJECTS
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text

_SPANS: Final = {
    Span.TODAY: "Today",
    Span.WEEK: "Last 7 days",
    Span.FOUR_WEEKS: "Last 4 weeks",
    Span.DAYS: "From – to",
}


class FilterPanel:
    """Shows what is chosen and lets it be changed; `on_change()` comes when it was."""

    def __init__(self, page: ConsolePage, chosen: Chosen, on_change: Callable[[], Awaitable[Any]]) -> None:
        self.chosen = chosen
        self._on_change = on_change
        self._listed: tuple[date, date] | None = None
        with Element("div").classes("crc-row crc-filters crc-trail-filter"):
            with Element("div").classes("crc-tabs") as tabs:
                tabs.props["role"] = "group"
                tabs.props["aria-label"] = "Days"
                self._spans = {span: ActionButton(name, self._choose(span)) for span, name in _SPANS.items()}
            self._first = self._date("First day", chosen.first)
            self._last = self._date("Last day", chosen.last)
            self._kind = ui.select(_kinds(), value=chosen.kind or "", on_change=self._narrowed, with_input=True)
            self._type = ui.select(
                {"": "Any object"} | {key: f"{words[0].upper()}{words[1:]}" for key, words in OBJECTS.items()},
                value=chosen.object_type or "",
                on_change=self._narrowed,
            )
            for field, label in ((self._kind, "Kind of event"), (self._type, "Kind of object")):
                field.props("dense outlined options-dense").props["aria-label"] = label
            self._kind.classes("crc-trail-kind")
            self._id = ui.input("Its id", value=chosen.object_id or "", on_change=self._narrowed)
            self._id.props(f"dense outlined clearable debounce=400 maxlength={MAXIMUM_WORDS}").classes("crc-trail-id")
            self._person = PersonChoice(page, self._choose_person)
            self._only = Element("div").classes("crc-row")
        self._mark()

    async def choose(self, **given: Any) -> None:
        """Choose these values beside what is chosen."""
        self.chosen = Chosen.model_validate(self.chosen.model_dump() | given)
        # The fields' own handlers find nothing changed.
        self._kind.set_value(self.chosen.kind or "")
        self._type.set_value(self.chosen.object_type or "")
        self._id.set_value(self.chosen.object_id or "")
        self._mark()
        await self._on_change()

    def found(self, first: date, last: date) -> None:
        """These days are listed: who goes on to days of their own begins with them."""
        self._listed = first, last

    def name_person(self, name: str) -> None:
        """What the chosen person is called."""
        self._person.show(_text(self.chosen.person), name)

    def _date(self, label: str, value: date | None) -> ui.input:
        field = ui.input(label, value=value.isoformat() if value else "", on_change=self._dated)
        field.props("dense outlined type=date stack-label debounce=400")
        return field

    def _choose(self, span: Span) -> Callable[[], Awaitable[None]]:
        async def choose() -> None:
            update: dict[str, Any] = {"span": span}
            if span is Span.DAYS and not (self.chosen.first and self.chosen.last) and self._listed:
                update |= {"first": self._listed[0], "last": self._listed[1]}
            self.chosen = self.chosen.model_copy(update=update)
            for field, day in ((self._first, self.chosen.first), (self._last, self.chosen.last)):
                field.set_value(day.isoformat() if day else "")
            self._mark()
            await self._on_change()

        return choose

    async def _dated(self) -> None:
        first, last = _day(self._first.value), _day(self._last.value)
        if (first, last) == (self.chosen.first, self.chosen.last):
            return
        self.chosen = self.chosen.model_copy(update={"first": first, "last": last})
        if first and last:
            await self._on_change()

    async def _narrowed(self) -> None:
        chosen, object_type = self.chosen, self._type.value or None
        if object_type != chosen.object_type:
            self._id.set_value("")  # it was the id of another kind of object
        object_id = str(self._id.value or "").replace("\x00", "").strip()[:MAXIMUM_WORDS] or None
        update = {"kind": self._kind.value or None, "object_type": object_type, "object_id": object_id}
        if update == {name: getattr(chosen, name) for name in update}:
            return
        self.chosen = chosen.model_copy(update=update)
        self._mark()
        await self._on_change()

    async def _choose_person(self, person: str | None) -> None:
        await self.choose(person=person)

    def _mark(self) -> None:
        for span, button in self._spans.items():
            button.set_chosen(span is self.chosen.span)
        for field in (self._first, self._last):
            field.set_visibility(self.chosen.span is Span.DAYS)
        self._person.show(_text(self.chosen.person))
        self._id.set_visibility(self.chosen.object_type is not None)
        self._only.clear()
        with self._only:
            if self.chosen.request:
                self._draw_request(f"request {self.chosen.request}")

    def _draw_request(self, words: str) -> None:
        async def drop() -> None:
            await self.choose(request=None)

        with ActionButton("", drop, icon_name="close", kind="choice") as button:
            Text(words, classes="crc-trail-only")
        button.set_chosen(True)
        button.props["aria-label"] = f"Only {words}: let go"
        button.props["title"] = f"Only {words}"


def _kinds() -> dict[str, str]:
    """The kinds of events, and beneath each what there is of it."""
    kinds = {"": "Any event"}
    for group, words in GROUPS.items():
        events = [one for one in EVENTS if one.partition(".")[0] == group]
        kinds[group] = words
        if len(events) > 1:
            kinds |= {one: f"{words}: {EVENTS[one]}" for one in events}
    return kinds


def _text(person: object) -> str | None:
    return None if person is None else str(person)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
