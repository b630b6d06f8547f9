"""What the queue lists: a tab per queue, the search field, and the sheet of filters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.review.filter_sheet_panel import FilterSheet
from console.review.queue import QueueName
from console.review.queue_counts import Counts
from console.review.queue_filter import Filter
from console.review.queue_search import MAX_SEARCH
from console.review.queue_settings import Candidate
from console.review.queue_view import ALL, MINE, View
from console.review.reach import APPROVALS
from console.review.states import Status
from console.ui.format import count
from console.ui.pieces import ActionButton, Text

_SEARCH: Final = "Search account, serial, payee, amount"


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
    """The tabs of a person: everything, each queue, and what a worker has or an approver may sign."""
    # Recommendations stay in their queue; the queue named for them would list none.
    own = [Tab(queue.key, queue.name, Filter(queue=queue.key)) for queue in queues if queue.key != APPROVALS]
    more = [Tab(MINE, "Mine", Filter(mine=True))] if works else []
    if approves:
        more.append(Tab(APPROVALS, "Approvals", Filter(status=Status.PENDING_APPROVAL)))
    return (Tab(ALL, "All", Filter()), *own, *more)


class QueueFilter:
    """The row above the table: it shows a view and lets it be changed. `on_change()` comes when it was."""

    def __init__(
        self,
        tabs: Sequence[Tab],
        view: View,
        people: Callable[[], Awaitable[Sequence[Candidate]]],
        on_change: Callable[[], Awaitable[Any]],
    ) -> None:
        self._tabs = {tab.key: tab for tab in tabs}
        self._on_change = on_change
        self.view = view
        with Element("div").classes("crc-row crc-filters") as self.row:
            self._buttons = self._draw_tabs()
            Element("span").classes("crc-gap")
            self._search = self._draw_search()
            self._sheet = FilterSheet(view, people, self._narrowed)
        self.show(view)

    @property
    def tab(self) -> Tab:
        """The tab of the view; the first one where it names none of this person's."""
        return self._tabs.get(self.view.tab) or next(iter(self._tabs.values()))

    def show(self, view: View) -> None:
        """Show another view, without a word to the page."""
        self.view = view
        for key, button in self._buttons.items():
            button.set_chosen(key == self.tab.key)
        if self._search.value != view.search:
            self._search.set_value(view.search)
        self._sheet.show(view)

    def total(self, counts: Counts) -> int | None:
        """How many rows the view has; None where only counting them would tell."""
        view = self.view
        if view.search.strip() or view.narrowed > (view.status is not None):
            return None
        if view.status is not None:
            return counts.statuses.get(view.status, 0) if self.tab.key == ALL else None
        return self.tab.total(counts)

    def set_counts(self, counts: Counts) -> None:
        """Show how many items each tab and each status has."""
        for key, button in self._buttons.items():
            button.set_count(count(self._tabs[key].total(counts)))
        self._sheet.set_counts(counts)

    def _draw_tabs(self) -> dict[str, ActionButton]:
        with Element("div").classes("crc-tabs") as group:
            group.props["role"] = "group"
            group.props["aria-label"] = "Queues"
            return {
                key: ActionButton(tab.name, partial(self._choose_tab, key), count="0")
                for key, tab in self._tabs.items()
            }

    def _draw_search(self) -> ui.input:
        field = ui.input(placeholder=_SEARCH, value=self.view.search, on_change=self._searched)
        field.classes("crc-search").props(f"dense outlined clearable debounce=250 maxlength={MAX_SEARCH}")
        field.props["data-focus"] = "search"
        field.props["aria-label"] = _SEARCH
        with field.add_slot("append"):
            Text("/", tag="kbd", classes="crc-cap").props["aria-hidden"] = "true"
        return field

    async def _choose_tab(self, key: str) -> None:
        self.show(self.view.model_copy(update={"tab": key}))
        await self._on_change()

    async def _searched(self, event: Any) -> None:
        search = (event.value or "")[:MAX_SEARCH]
        if search != self.view.search:
            self.view = self.view.model_copy(update={"search": search})
            await self._on_change()

    async def _narrowed(self, changes: dict[str, Any]) -> None:
        self.show(self.view.model_copy(update=changes))
        await self._on_change()
