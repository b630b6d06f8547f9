"""The row above the reports: which days, queue and item type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.insight.chosen import Chosen
from console.insight.periods import Span
from console.insight.scope import QueueFacts
from console.review.queue_view import ItemType
from console.ui.pieces import ActionButton

_SPANS: Final = {
    Span.TODAY: "Today",
    Span.WEEK: "This week",
    Span.FOUR_WEEKS: "Last 4 weeks",
    Span.MONTH: "This month",
    Span.DAYS: "From – to",
}
_TYPES: Final = {"": "All types", ItemType.ON_US.value: "On us", ItemType.TRANSIT.value: "Transit"}


class FilterPanel:
    """Shows what is chosen and lets it be changed; `on_change()` comes when it was."""

    def __init__(self, chosen: Chosen, queues: Sequence[QueueFacts], on_change: Callable[[], Awaitable[Any]]) -> None:
        self.chosen = chosen
        self._on_change = on_change
        names = {"": "All queues"} | {one.key: one.name for one in queues}
        with Element("div").classes("crc-row crc-filters crc-reports-filter"):
            with Element("div").classes("crc-tabs") as tabs:
                tabs.props["role"] = "group"
                tabs.props["aria-label"] = "Days"
                self._spans = {span: ActionButton(name, self._choose(span)) for span, name in _SPANS.items()}
            self._first = self._date("First day", chosen.first)
            self._last = self._date("Last day", chosen.last)
            queue = chosen.queue if chosen.queue in names else ""
            self._queue = ui.select(names, value=queue, on_change=self._narrowed)
            self._type = ui.select(_TYPES, value=chosen.item_type or "", on_change=self._narrowed)
            for field, label in ((self._queue, "Queue"), (self._type, "Item type")):
                field.props("dense outlined options-dense").props["aria-label"] = label
        self._mark()

    def _date(self, label: str, value: date | None) -> ui.input:
        field = ui.input(label, value=value.isoformat() if value else "", on_change=self._dated)
        field.props("dense outlined type=date stack-label debounce=400")
        return field

    def _choose(self, span: Span) -> Callable[[], Awaitable[None]]:
        async def choose() -> None:
            self.chosen = self.chosen.model_copy(update={"span": span})
            self._mark()
            if span is not Span.DAYS or (self.chosen.first and self.chosen.last):
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
        kind = ItemType(self._type.value) if self._type.value else None
        self.chosen = self.chosen.model_copy(update={"queue": self._queue.value or None, "item_type": kind})
        await self._on_change()

    def _mark(self) -> None:
        for span, button in self._spans.items():
            button.set_chosen(span is self.chosen.span)
        for field in (self._first, self._last):
            field.set_visibility(self.chosen.span is Span.DAYS)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
