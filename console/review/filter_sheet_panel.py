"""The sheet of filters behind its button: each narrows the list at once, and all are seen together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console.policy.actions import Priority
from console.review.flag_names import FLAG_NAMES
from console.review.queue_counts import Counts
from console.review.queue_settings import Candidate
from console.review.queue_view import FIRST_DAY, LAST_DAY, ItemType, View, dollars
from console.review.states import FINAL_STATUSES, Status
from console.ui.format import count
from console.ui.item_table import QUEUE_COLUMNS
from console.ui.pieces import ActionButton, Text

Change = Callable[[dict[str, Any]], Awaitable[Any]]

_TYPES: Final = ((ItemType.ON_US, "on-us"), (ItemType.TRANSIT, "transit"))
_WITHIN: Final = {30: "30 minutes", 60: "1 hour", 120: "2 hours", 240: "4 hours", 480: "8 hours"}
_CLEARED: Final = {
    name: View.model_fields[name].default
    for name in View.model_fields
    if name not in {"tab", "search", "sort", "descending", "columns"}
}
_COLUMNS: Final = {column.key: column.label for column in QUEUE_COLUMNS}


class FilterSheet:
    """The button with how many filters are on, and the sheet under it. `on_change(changes)` gets what was changed."""

    def __init__(self, view: View, people: Callable[[], Awaitable[Sequence[Candidate]]], on_change: Change) -> None:
        self._view, self._people, self._on_change = view, people, on_change
        self._showing = False
        self._opener = ActionButton("Filters · 0", self._fill_people, icon_name="filter_list")
        self._opener.props["aria-haspopup"] = "dialog"
        with self._opener, ui.menu().props('anchor="bottom right" self="top right" :offset="[0, 6]"') as menu:
            menu.classes("crc-filter-sheet crc-filter-wide")
            menu.props["role"] = "dialog"
            menu.props["aria-label"] = "Filters"
            statuses = [status for status in Status if status not in FINAL_STATUSES]
            self._statuses = self._options("Status", "status", [(one, one.label) for one in statuses], counted=True)
            self._types = self._options("Type", "item_type", _TYPES)
            self._priorities = self._options("Priority", "priority", [(int(one), one.name.lower()) for one in Priority])
            with Element("div").classes("crc-filter-fields"):
                self._draw_fields()
            self._columns = self._draw_columns()
            with Element("div").classes("crc-row"):
                ActionButton("Clear filters", self._clear, icon_name="filter_list_off")

    def show(self, view: View) -> None:
        """Show what this view filters by."""
        self._view, self._showing = view, True
        for chosen, buttons in (
            (view.status, self._statuses),
            (view.item_type, self._types),
            (view.priority, self._priorities),
        ):
            for value, button in buttons.items():
                button.set_chosen(value == chosen)
        self._flagged.set_value(view.flagged)
        self._flag.set_value(view.flag)
        self._from.set_value("" if view.amount_from is None else f"{view.amount_from:,}")
        self._to.set_value("" if view.amount_to is None else f"{view.amount_to:,}")
        self._within.set_value(view.due_within if view.due_within in _WITHIN else None)
        for field, chosen_day in ((self._since, view.received_from), (self._until, view.received_to)):
            field.set_value("" if chosen_day is None else chosen_day.isoformat())
        for field_, person in ((self._held, view.held_by), (self._given, view.assigned_to)):
            if person is not None and str(person) not in field_.options:
                field_.set_options({**_named(field_), str(person): "somebody"})
            field_.set_value(None if person is None else str(person))
        for key, box in self._columns.items():
            box.set_value(not view.columns or key in view.columns)
        for field in (self._from, self._to, self._since, self._until):
            _say_fault(field, "")
        self._opener.set_label(f"Filters · {view.narrowed}")
        self._opener.set_chosen(view.narrowed > 0)
        self._showing = False

    def set_counts(self, counts: Counts) -> None:
        """Show how many items each status has."""
        for status, button in self._statuses.items():
            button.set_count(count(counts.statuses.get(status, 0)))

    def _draw_fields(self) -> None:
        self._from = self._amount("Amount from", "amount_from")
        self._to = self._amount("Amount to", "amount_to")
        self._flag = self._select("Flag", FLAG_NAMES, lambda value: {"flag": value})
        self._within = self._select("Due within", _WITHIN, lambda value: {"due_within": value})
        self._held = self._select("Held by", {}, lambda value: {"held_by": UUID(value) if value else None})
        self._given = self._select("Assigned to", {}, lambda value: {"assigned_to": UUID(value) if value else None})
        self._since = self._day("Received from", "received_from")
        self._until = self._day("Received to", "received_to")
        self._flagged = ui.checkbox("with flags only", on_change=self._by_flagged).props("dense")

    def _options(
        self, name: str, field: str, options: Iterable[tuple[Any, str]], *, counted: bool = False
    ) -> dict[Any, ActionButton]:
        Text(name, tag="h2")
        with Element("div").classes("crc-options") as group:
            group.props["role"] = "group"
            group.props["aria-label"] = name
            return {
                value: ActionButton(label, partial(self._toggle, field, value), count="0" if counted else "")
                for value, label in options
            }

    def _amount(self, label: str, name: str) -> ui.input:
        field = ui.input(label).props("dense outlined inputmode=decimal maxlength=18")
        field.on("change", lambda: self._by_amount(field, name))
        return field

    def _day(self, label: str, name: str) -> ui.input:
        field = ui.input(label).props("dense outlined type=date stack-label")
        field.on("change", lambda: self._by_day(field, name))
        return field

    def _select(self, label: str, options: dict[Any, str], changes: Callable[[Any], dict[str, Any]]) -> ui.select:
        async def chosen(event: Any) -> None:
            await self._changed(changes(event.value))

        return ui.select(dict(options), label=label, clearable=True, on_change=chosen).props("dense outlined")

    def _draw_columns(self) -> dict[str, ui.checkbox]:
        Text("Columns", tag="h2")
        with Element("div").classes("crc-options crc-filter-columns") as group:
            group.props["role"] = "group"
            group.props["aria-label"] = "Columns"
            return {
                key: ui.checkbox(label, value=True, on_change=self._by_columns).props("dense")
                for key, label in _COLUMNS.items()
            }

    async def _toggle(self, field: str, value: Any) -> None:
        await self._changed({field: None if getattr(self._view, field) == value else value})

    async def _by_amount(self, field: ui.input, name: str) -> None:
        try:
            amount: Decimal | None = dollars(field.value or "")
        except ValueError:
            _say_fault(field, "Dollars and cents, such as 1,250.00")
            return
        _say_fault(field, "")
        await self._changed({name: amount})

    async def _by_day(self, field: ui.input, name: str) -> None:
        try:
            chosen = date.fromisoformat(field.value) if field.value else None
        except ValueError:
            return  # half a date: the browser goes on asking for the rest
        if chosen is not None and not FIRST_DAY <= chosen <= LAST_DAY:
            _say_fault(field, f"A day between {FIRST_DAY.year} and {LAST_DAY.year}")
            return
        _say_fault(field, "")
        await self._changed({name: chosen})

    async def _by_flagged(self, event: Any) -> None:
        await self._changed({"flagged": bool(event.value)})

    async def _by_columns(self, _: Any) -> None:
        shown = tuple(key for key, box in self._columns.items() if box.value)
        await self._changed({"columns": () if len(shown) in {0, len(_COLUMNS)} else shown})

    async def _clear(self) -> None:
        self.show(self._view)  # what was typed and is no filter goes too
        await self._changed(_CLEARED)

    async def _changed(self, changes: dict[str, Any]) -> None:
        """Pass on what a person changed; what `show` sets is no change."""
        if not self._showing and any(getattr(self._view, name) != value for name, value in changes.items()):
            await self._on_change(changes)

    async def _fill_people(self) -> None:
        options = {str(one.user_id): one.name for one in await self._people()}
        self._showing = True
        for field in (self._held, self._given):
            chosen = {} if field.value is None else {field.value: options.get(field.value, "somebody")}
            field.set_options({**chosen, **options}, value=field.value)
        self._showing = False


def _say_fault(field: ui.input, words: str) -> None:
    """Say under a field what it should hold; empty: what it holds is well."""
    if words:
        field.props["error"] = True
        field.props["error-message"] = words
    else:
        field.props(remove="error error-message")


def _named(field: ui.select) -> dict[Any, str]:
    return dict(field.options) if isinstance(field.options, dict) else {}
