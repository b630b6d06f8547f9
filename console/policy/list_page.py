"""One list: what it holds, what came and went, what waits for a second person, and proposing more."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi.responses import Response
from nicegui import ui
from nicegui.element import Element

from console.access.ask_panel import ask_reason
from console.access.held import InvalidPerson
from console.access.permissions import Permission, may
from console.access.step_up import CodeNeeded
from console.actor import Actor
from console.live import policies_changed
from console.policy.errors import PolicyRefused
from console.policy.list_change_panel import ask_entries, ask_name
from console.policy.list_changes import propose_removal
from console.policy.list_entries import (
    MAX_SEARCH,
    EntryRow,
    list_entries,
    list_history,
    read_full_entries,
)
from console.policy.list_values import KINDS, ListKind
from console.policy.list_waiting_panel import WaitingPanel
from console.policy.lists import ListNotFound, ListRow, read_list
from console.policy.version_words import moment
from console.ui.format import count
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text
from console.ui.refusal import refusal

show_to_people(PolicyRefused, InvalidPerson)

COLUMNS: Final = (
    Column("value", "Entry", "220px", sortable=False),
    Column("note", "Note", sortable=False),
    Column("added", "Added", "380px", sortable=False),
    Column("removed", "Taken off", "380px", sortable=False),
)


@console_page("/policy-lists/{list_id}", permission=Permission.POLICY_READ, title="List")
async def entries(page: ConsolePage, list_id: UUID) -> Response | None:
    """A list of the policy."""
    try:
        row = await read_list(page.actor, list_id)
    except ListNotFound as error:
        return refusal(HTTPStatus.NOT_FOUND, str(error))
    view = ListView(page, row)
    with page.frame(row.name, "", path="/policy"):
        view.lay_out()
    await view.read(page.actor)
    policies_changed.subscribe(view.hear)
    return None


class ListView:
    """One open page of a list."""

    def __init__(self, page: ConsolePage, row: ListRow) -> None:
        self._page, self._row = page, row
        self._may_change = may(page.actor, Permission.POLICY_LISTS)
        self._search, self._history, self._full = "", False, False
        self._chosen: tuple[str, ...] = ()
        self._next: tuple[Any, ...] | None = None

    def lay_out(self) -> None:
        """Draw what stays."""
        page = self._page
        if page.shell:
            with page.shell.actions:
                ActionButton("Lists", lambda: page.client.open("/policy-lists"), icon_name="list_alt")
                if self._may_change:
                    ActionButton("Name", lambda: ask_name(page, self._row, self._changed), icon_name="edit")
                    self._remove = ActionButton("Take off", self._ask_removal, kind="danger", count="0")
                    add = partial(ask_entries, page, self._row, self._changed)
                    ActionButton("Add entries", add, kind="primary", icon_name="add")
        self._said = Text("", tag="p", classes="crc-soft")
        self._waiting = WaitingPanel(page, self._changed)
        self._draw_filter()
        self._table = ItemTable(
            label="Entries",
            columns=COLUMNS,
            on_open=lambda _: None,
            on_more=page.handler(self._more),
            on_check=self._choose if self._may_change else None,
            hints=(MOVE, *([("row_check", "choose")] if self._may_change else []), ("search", "search")),
            empty="Nothing is on this list.",
        )
        Hotkeys(list_keys(opens=False, chooses=self._may_change, searches=True))

    async def read(self, actor: Actor) -> None:
        """Show the first page of entries."""
        self._row = await read_list(actor, self._row.id)
        kind = KINDS[self._row.kind]
        what = kind.one if self._row.entries == 1 else kind.many
        words = f"{count(self._row.entries)} {what}, used by {self._row.used_words}. {self._row.note}"
        self._said.set_text(words.strip())
        await self._waiting.read(actor, self._row)
        rows = await self._rows(actor, None)
        self._table.set_rows(rows, now=datetime.now(UTC), more=self._next is not None)
        self._choose(())

    async def hear(self, institution: UUID, changed: UUID | None) -> None:
        """Something of the list changed, here or on another replica."""
        if institution == self._page.actor.institution_id and changed in {None, self._row.id}:
            # Numbers in full are read, and audited, where somebody asks for them.
            await self._page.refresh(self._read_waiting if self._full else self.read)

    async def _read_waiting(self, actor: Actor) -> None:
        await self._waiting.read(actor, self._row)

    def _draw_filter(self) -> None:
        with Element("div").classes("crc-row crc-filters"):
            with Element("div").classes("crc-tabs") as tabs:
                tabs.props["role"] = "group"
                tabs.props["aria-label"] = "What to list"
                self._tabs = {
                    history: ActionButton(words, partial(self._page.run, self._shown, history))
                    for history, words in ((False, "On the list"), (True, "Everything it held"))
                }
            self._tabs[False].set_chosen(True)
            if self._row.kind is ListKind.ACCOUNT and may(self._page.actor, Permission.ACCOUNT_NUMBER_READ):
                ActionButton("Show full numbers", self._page.handler(self._show_full), icon_name="visibility")
            Element("span").classes("crc-gap")
            words = f"Search {KINDS[self._row.kind].many} that begin with"
            field = ui.input(
                placeholder=words, on_change=lambda event: self._page.run(self._searched, event.value)
            ).classes("crc-search")
            field.props(f"dense outlined clearable debounce=250 maxlength={MAX_SEARCH} data-focus=search")
            field.props["aria-label"] = words

    async def _changed(self, actor: Actor, words: str) -> None:
        self._page.tell(words)
        if self._page.shell:
            self._page.shell.title.set_text((await read_list(actor, self._row.id)).name)
        await self.read(actor)

    async def _shown(self, actor: Actor, history: bool) -> None:
        self._history = history
        for other, tab in self._tabs.items():
            tab.set_chosen(other is history)
        await self.read(actor)

    async def _searched(self, actor: Actor, search: str | None) -> None:
        self._search = search or ""
        await self.read(actor)

    async def _show_full(self, actor: Actor) -> None:
        # Refused where the last code is old: the page then asks for one, and comes here again.
        self._full = True
        try:
            await self._shown(actor, False)
        except CodeNeeded:
            self._full = False
            raise

    async def _more(self, actor: Actor) -> None:
        if self._next is not None:
            self._table.append_rows(await self._rows(actor, self._next), more=self._next is not None)

    async def _rows(self, actor: Actor, after: tuple[Any, ...] | None) -> list[ItemRow]:
        if self._history:
            found = await list_history(actor, self._row.id, after)
        elif self._full:
            found = await read_full_entries(actor, self._row.id, self._search, after)
        else:
            found = await list_entries(actor, self._row.id, self._search, after)
        self._next = found.next
        return [self._entry(row) for row in found.rows]

    def _entry(self, row: EntryRow) -> ItemRow:
        zone = self._page.institution.zone
        removed = _came(row.removed_at, row.removed_by, row.removed_approved, zone) if row.removed_at else ""
        added = _came(row.added_at, row.added_by, row.added_approved, zone)
        values = {
            "id": str(row.id), "value": row.shown, "value_title": row.shown, "note": row.note, "note_title": row.note,
            "added": added, "added_title": added, "removed": removed, "removed_title": removed,
        }  # fmt: skip
        return cast("ItemRow", values)

    def _choose(self, chosen: tuple[str, ...]) -> None:
        self._chosen = chosen
        if self._may_change:
            self._remove.set_count(count(len(chosen)))
            self._remove.set_enabled(bool(chosen) and not self._history)

    def _ask_removal(self) -> None:
        chosen = [UUID(one) for one in self._chosen]

        async def take_off(actor: Actor, reason: str) -> None:
            done = await propose_removal(actor, self._row.id, chosen, reason)
            await self._changed(actor, f"Proposed: {count(done.waiting)} wait for a second person to be taken off.")

        words = "Rules find them until somebody else approves. They stay in what the list held."
        ask_reason(self._page, f"Take {count(len(chosen))} off the list", words, "Propose", take_off)


def _came(at: datetime, by: str | None, approved: str | None, zone: ZoneInfo) -> str:
    """When, by whom, and who approved it; nobody did before changes waited for a second person."""
    return f"{moment(at, zone)} by {by or 'the console'}" + (f", approved by {approved}" if approved else "")
