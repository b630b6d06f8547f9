"""The queue's table: one page of rows after another, sorted by the database, kept true by live messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from console.actor import Actor
from console.policy.actions import Priority
from console.review import queue, queue_filter
from console.review.clocks import due_shown
from console.review.queue import Key, QueueRow
from console.review.queue_filter import Filter
from console.review.queue_view import View
from console.review.return_deadline import rule_words
from console.review.states import FINAL_STATUSES
from console.ui.format import clock, epoch_ms, in_full, money
from console.ui.item_table import MOVE, QUEUE_COLUMNS, ItemRow, ItemTable, Sort
from console.ui.page import ConsolePage

# What the database sorts by for each column that can be sorted, and whether the column runs against it.
_ORDERS: Final = {
    "sla": (queue_filter.Sort.SLA, False),
    "amount": (queue_filter.Sort.AMOUNT, False),
    "age": (queue_filter.Sort.RECEIVED, True),
}
_COLUMNS: Final = tuple(replace(column, sortable=column.key in _ORDERS) for column in QUEUE_COLUMNS)
_HINTS: Final = (MOVE, ("row_open", "open"), ("search", "search"))
_TYPES: Final = {"on_us": "on-us", "transit": "transit"}


class QueueTable:
    """The rows of one filter. `total` is how many there are where that is known without counting them."""

    def __init__(
        self,
        page: ConsolePage,
        on_open: Callable[[UUID], Awaitable[None]],
        on_sorted: Callable[[queue_filter.Sort, bool], None],
        *,
        can_start: bool,
        on_check: Callable[[Sequence[str]], None] | None = None,
    ) -> None:
        self._page, self._on_sorted = page, on_sorted
        self._chosen = Filter()
        self._sort = Sort("sla")
        self._shown: tuple[str, ...] = ()
        self._rows: dict[UUID, QueueRow] = {}
        self._next: Key | None = None
        self._total: int | None = None
        self._empty = _empty_of(View())
        self._table = ItemTable(
            label="Checks waiting",
            columns=_COLUMNS,
            on_open=lambda item: on_open(UUID(item)),
            on_sort=page.handler(self._sorted),
            on_more=page.handler(self._more),
            on_retry=page.handler(self.read_again),
            on_check=on_check,
            hints=(
                *_HINTS,
                *([("row_check", "choose")] if on_check else []),
                *([("start", "start")] if can_start else []),
            ),
        )

    async def show(self, actor: Actor, chosen: Filter, view: View, total: int | None) -> None:
        """List what this filter chooses, from its beginning, in the view's order and columns."""
        self._chosen, self._total, self._empty = chosen, total, _empty_of(view)
        column = next(key for key, (order, _) in _ORDERS.items() if order is view.sort)
        self._sort = Sort(column, view.descending != _ORDERS[column][1])
        self._show_columns(view.columns)
        await self._read(actor, queue.PAGE)

    def choose_none(self) -> None:
        """Let no row be chosen any more."""
        self._table.clear_checks()

    def _show_columns(self, shown: tuple[str, ...]) -> None:
        if shown != self._shown:
            self._shown = shown
            columns = [column for column in _COLUMNS if not shown or column.key in shown]
            if not any(column.width == "" for column in columns):
                columns[-1] = replace(columns[-1], width="")  # something takes what is left
            self._table.set_columns(columns)

    async def read_again(self, actor: Actor) -> None:
        """Read everything shown once more; the browser hears of it only where something differs."""
        before = self._rows
        await self._read(actor, max(len(self._rows), queue.PAGE), unless=before)

    async def apply(self, actor: Actor, changed: Collection[UUID]) -> None:
        """Read the rows that changed, and let them change, appear, move or vanish."""
        found = await queue.rows_by_id(actor, list(changed), self._chosen)
        for item_id in changed:
            row, shown = found.get(item_id), self._rows.get(item_id)
            if row is None:
                self._remove(item_id)
            elif shown is None or self._key(shown) != self._key(row):
                self._place(row)
            elif row != shown:
                self._rows[item_id] = row
                drawn = self._drawn(actor, row)
                self._table.patch_rows({drawn["id"]: drawn})

    def set_total(self, total: int | None) -> None:
        """How many rows the filter has, as counted elsewhere; None: not known until the end is reached."""
        if total != self._total:
            self._total = total
            self._table.append_rows([], more=self._next is not None, total=self._known_total())

    async def _read(self, actor: Actor, wanted: int, unless: dict[UUID, QueueRow] | None = None) -> None:
        rows: dict[UUID, QueueRow] = {}
        after: Key | None = None
        while len(rows) < wanted:
            found = await self._page_after(actor, after, min(wanted - len(rows), queue.MAX_PAGE))
            rows |= {row.id: row for row in found.rows}
            after = found.next
            if after is None:
                break
        self._next = after
        self._actor_id = actor.user_id
        if unless is not None and list(rows.items()) == list(unless.items()):
            return
        self._rows = rows
        self._table.set_rows(
            [self._drawn(actor, row) for row in rows.values()],
            now=datetime.now(UTC),
            total=self._known_total(),
            more=self._next is not None,
            sort=self._sort,
            empty=self._empty,
        )

    async def _page_after(self, actor: Actor, after: Key | None, limit: int) -> queue.Page:
        order, against = _ORDERS[self._sort.column]
        return await queue.list_items(
            actor, self._chosen, sort=order, descending=self._sort.descending != against, after=after, limit=limit
        )

    async def _sorted(self, actor: Actor, sort: Sort) -> None:
        self._sort = sort
        order, against = _ORDERS[sort.column]
        self._on_sorted(order, sort.descending != against)
        await self._read(actor, queue.PAGE)

    async def _more(self, actor: Actor) -> None:
        if self._next is None:
            return
        found = await self._page_after(actor, self._next, queue.PAGE)
        self._next = found.next
        self._rows |= {row.id: row for row in found.rows}
        drawn = [self._drawn(actor, row) for row in found.rows]
        self._table.append_rows(drawn, more=self._next is not None, total=self._known_total())

    def _known_total(self) -> int | None:
        return len(self._rows) if self._next is None else self._total

    def _key(self, row: QueueRow) -> tuple[Any, UUID]:
        order, _ = _ORDERS[self._sort.column]
        key = queue.sort_key(row, order)
        return key.values, key.id

    def _place(self, row: QueueRow) -> None:
        """Put a row where the order wants it; below the rows read so far it waits to be read."""
        self._rows.pop(row.id, None)
        _, against = _ORDERS[self._sort.column]
        falling = self._sort.descending != against
        key = self._key(row)
        later = (
            other.id for other in self._rows.values() if (self._key(other) < key if falling else self._key(other) > key)
        )
        before = next(later, None)
        if before is None and self._next is not None:
            self._table.remove_row(str(row.id))
            return
        ordered = list(self._rows.items())
        place = next((i for i, (item_id, _) in enumerate(ordered) if item_id == before), len(ordered))
        self._rows = dict([*ordered[:place], (row.id, row), *ordered[place:]])
        self._table.insert(self._drawn_for(row), before=None if before is None else str(before))

    def _remove(self, item_id: UUID) -> None:
        if self._rows.pop(item_id, None) is not None:
            self._table.remove_row(str(item_id))

    def _drawn_for(self, row: QueueRow) -> ItemRow:
        return drawn_row(row, self._actor_id, self._page.institution.zone)

    def _drawn(self, actor: Actor, row: QueueRow) -> ItemRow:
        return drawn_row(row, actor.user_id, self._page.institution.zone)


def _empty_of(view: View) -> str:
    """What is said where a view lists nothing: whether there is nothing, or nothing of that kind."""
    asked = [*(["this search"] if view.search.strip() else []), *(["these filters"] if view.narrowed else [])]
    return f"No check here fits {' and '.join(asked)}." if asked else "Nothing is waiting here."


def drawn_row(row: QueueRow, looking: UUID | None, zone: ZoneInfo) -> ItemRow:
    """A row in the words of the table, for the person of this id."""
    due = due_shown(row.sla_due_at)
    return ItemRow(
        id=str(row.id),
        due_ms=epoch_ms(due) if due else None,
        warn_ms=epoch_ms(row.sla_warning_at) if due else None,
        return_by=clock(row.return_by, zone, now=datetime.now(UTC)) if row.return_by else "",
        return_by_title=f"{in_full(row.return_by, zone)}: {rule_words(row.return_rule)}" if row.return_by else "",
        return_ms=epoch_ms(row.return_by) if row.return_by and row.status not in FINAL_STATUSES else None,
        amount=money(row.amount),
        type=_TYPES[row.item_type],
        account=row.account,
        serial=row.serial or "—",
        flags=row.flags,
        priority=Priority(row.priority).name.lower(),
        status="committing" if row.committing else row.status.label,
        held_by=row.holder,
        held_by_me=row.holder_id is not None and row.holder_id == looking,
        assigned="you" if looking is not None and row.assigned_to == looking else row.assigned or "",
        received_ms=epoch_ms(row.received_at),
    )
