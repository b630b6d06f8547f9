"""What the queue lists: a tab per queue, the search field and the filters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.review.queue import Filter, QueueName
from console.review.queue_counts import Counts
from console.review.queue_search import MAX_SEARCH
from console.review.states import FINAL_STATUSES, Status
from console.ui.format import count
from console.ui.pieces import ActionButton, Text

ALL: Final = "all"
MINE: Final = "mine"
APPROVALS: Final = "approvals"
_TYPES: Final = (("on_us", "on-us"), ("transit", "transit"))


@dataclass(frozen=True)
class Tab:
    """A part of the queue: its key, its name, and what it chooses."""

    key: str
    name: str
    chosen: Filter

    def total(self, counts: Counts) -> int:
        """How many items it has."""
        own = {ALL: counts.waiting, MINE: counts.mine, APPROVALS: counts.second_person}
        return own[self.key] if self.key in own else counts.queues.get(self.key, 0)


def tabs_of(queues: Sequence[QueueName], *, works: bool, approves: bool) -> tuple[Tab, ...]:
    """The tabs of a person: everything, each queue, and what a worker holds or an approver may sign."""
    # Recommendations stay in their queue; the queue named for them would list none.
    own = [Tab(queue.key, queue.name, Filter(queue=queue.key)) for queue in queues if queue.key != APPROVALS]
    more = [Tab(MINE, "Mine", Filter(mine=True))] if works else []
    if approves:
        more.append(Tab(APPROVALS, "Approvals", Filter(status=Status.PENDING_APPROVAL)))
    return (Tab(ALL, "All", Filter()), *own, *more)


class QueueFilter:
    """The row above the table. `on_change()` comes when another tab, search or filter is chosen."""

    def __init__(self, tabs: Sequence[Tab], on_change: Callable[[], Awaitable[Any]]) -> None:
        self._tabs = {tab.key: tab for tab in tabs}
        self._on_change = on_change
        self.tab = tabs[0]
        self.search = ""
        self.status: Status | None = None
        self.item_type: str | None = None
        self.flagged = False
        with Element("div").classes("crc-row crc-filters"):
            self._buttons = self._draw_tabs()
            Element("span").classes("crc-gap")
            self._draw_search()
            self._draw_filters()

    @property
    def narrowed(self) -> int:
        """How many filters besides the tab are on."""
        return sum((self.status is not None, self.item_type is not None, self.flagged))

    def chosen(self) -> Filter:
        """What to list."""
        tab = self.tab.chosen
        return Filter(
            queue=tab.queue,
            status=self.status or tab.status,
            mine=tab.mine,
            flagged=self.flagged,
            item_type=self.item_type,
            search=self.search,
        )

    def total(self, counts: Counts) -> int | None:
        """How many rows the choice has; None where only counting them would tell."""
        return None if self.narrowed or self.search.strip() else self.tab.total(counts)

    def set_counts(self, counts: Counts) -> None:
        """Show how many items each tab has."""
        for key, button in self._buttons.items():
            button.set_count(count(self._tabs[key].total(counts)))

    def _draw_tabs(self) -> dict[str, ActionButton]:
        with Element("div").classes("crc-tabs") as group:
            group.props["role"] = "group"
            group.props["aria-label"] = "Queues"
            buttons = {}
            for key, tab in self._tabs.items():
                buttons[key] = ActionButton(tab.name, partial(self._choose_tab, key), count="0")
                buttons[key].set_chosen(tab is self.tab)
        return buttons

    def _draw_search(self) -> None:
        field = ui.input(placeholder="Search account, serial, payee, amount", on_change=self._searched)
        field.classes("crc-search").props(f"dense outlined clearable debounce=250 maxlength={MAX_SEARCH}")
        field.props["data-focus"] = "search"
        field.props["aria-label"] = "Search account, serial, payee, amount"
        with field.add_slot("append"):
            Text("/", tag="kbd", classes="crc-cap").props["aria-hidden"] = "true"

    def _draw_filters(self) -> None:
        self._opener = ActionButton("Filters · 0", icon_name="filter_list")
        self._opener.props["aria-haspopup"] = "true"
        with self._opener, ui.menu().props('anchor="bottom right" self="top right" :offset="[0, 6]"') as menu:
            menu.classes("crc-filter-sheet")
            statuses = [status for status in Status if status not in FINAL_STATUSES]
            self._statuses = self._options("Status", [(one.value, one.label) for one in statuses], self._by_status)
            self._types = self._options("Type", _TYPES, self._by_type)
            self._flags = self._options("Flags", [("flagged", "with flags")], self._by_flag)

    def _options(
        self, name: str, options: Sequence[tuple[str, str]], choose: Callable[[str], Awaitable[Any]]
    ) -> dict[str, ActionButton]:
        Text(name, tag="h3")
        with Element("div").classes("crc-options") as group:
            group.props["role"] = "group"
            group.props["aria-label"] = name
            return {value: ActionButton(label, partial(choose, value)) for value, label in options}

    async def _choose_tab(self, key: str) -> None:
        self.tab = self._tabs[key]
        for other, button in self._buttons.items():
            button.set_chosen(other == key)
        await self._on_change()

    async def _searched(self, event: Any) -> None:
        self.search = event.value or ""
        await self._on_change()

    async def _by_status(self, value: str) -> None:
        self.status = None if self.status == value else Status(value)
        await self._narrowed()

    async def _by_type(self, value: str) -> None:
        self.item_type = None if self.item_type == value else value
        await self._narrowed()

    async def _by_flag(self, _: str) -> None:
        self.flagged = not self.flagged
        await self._narrowed()

    async def _narrowed(self) -> None:
        for value, button in self._statuses.items():
            button.set_chosen(value == self.status)
        for value, button in self._types.items():
            button.set_chosen(value == self.item_type)
        self._flags["flagged"].set_chosen(self.flagged)
        self._opener.set_label(f"Filters · {self.narrowed}")
        self._opener.set_chosen(self.narrowed > 0)
        await self._on_change()
