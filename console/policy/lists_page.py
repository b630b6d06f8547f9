"""The lists that rules look in: what each holds, and which versions of the policy use it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, cast
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console.access.held import InvalidPerson
from console.access.permissions import Permission, may
from console.access.reason import MAXIMUM_REASON
from console.actor import Actor
from console.live import policies_changed
from console.policy.errors import PolicyRefused
from console.policy.list_values import KINDS, ListKind
from console.policy.lists import MAX_NAME, MAX_NOTE, ListRow, create_list, list_lists
from console.ui.format import count
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text

show_to_people(PolicyRefused, InvalidPerson)

COLUMNS: Final = (
    Column("name", "List", "280px", sortable=False),
    Column("kind", "Holds", "180px", sortable=False),
    Column("entries", "Entries", "100px", "right", sortable=False),
    Column("waiting", "Waiting", "100px", "right", sortable=False),
    Column("used", "Used by", "240px", sortable=False),
    Column("note", "What for", sortable=False),
)


@console_page("/policy-lists", permission=Permission.POLICY_READ, title="Lists")
async def lists(page: ConsolePage) -> None:
    """The lists of the policy."""
    view = ListsView(page)
    with page.frame("Lists", "payees, accounts and routing numbers that rules look in", path="/policy"):
        view.lay_out()
    await view.read(page.actor)
    policies_changed.subscribe(view.hear)


class ListsView:
    """One open page of lists."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page

    def lay_out(self) -> None:
        """Draw what stays."""
        page = self._page
        if page.shell:
            with page.shell.actions:
                ActionButton("Policy", lambda: page.client.open("/policy"), icon_name="balance")
                if may(page.actor, Permission.POLICY_LISTS):
                    ActionButton("New list", self._ask, kind="primary", icon_name="add")
        self._table = ItemTable(
            label="Lists",
            columns=COLUMNS,
            hints=(MOVE, ("row_open", "open")),
            on_open=lambda key: page.client.open(f"/policy-lists/{key}"),
            empty="There is no list yet. Rules can look in one: “payee is on the list …”.",
        )
        Hotkeys(list_keys())

    async def read(self, actor: Actor) -> None:
        """Show the lists as they are."""
        rows = [_row(row) for row in await list_lists(actor)]
        self._table.set_rows(rows, now=datetime.now(UTC), total=len(rows))

    async def hear(self, institution: UUID, _: UUID | None) -> None:
        """Something of the policy changed, here or on another replica."""
        if institution == self._page.actor.institution_id:
            await self._page.refresh(self.read)

    def _ask(self) -> None:
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = "New list"
            Text("New list", tag="h2")
            name = ui.input("Name").props(f"dense outlined autofocus maxlength={MAX_NAME}")
            kind = ui.select({one: KINDS[one].many for one in ListKind}, label="It holds", value=ListKind.PAYEE)
            kind.props("dense outlined options-dense")
            note = ui.input("What it is for").props(f"dense outlined maxlength={MAX_NOTE}")
            reason = ui.textarea("Reason").props(f"outlined dense autogrow rows=2 maxlength={MAXIMUM_REASON}")

            async def create(actor: Actor) -> None:
                made = await create_list(
                    actor, name.value or "", ListKind(kind.value), note.value or "", reason.value or ""
                )
                dialog.close()
                self._page.client.open(f"/policy-lists/{made}")

            with Element("div").classes("crc-row"):
                ActionButton("Create", self._page.handler(create), kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)


def _row(row: ListRow) -> ItemRow:
    values = {
        "id": str(row.id), "name": row.name, "kind": KINDS[row.kind].many, "entries": count(row.entries),
        "waiting": count(row.waiting) if row.waiting else "", "used": row.used_words, "note": row.note,
        "note_title": row.note,
    }  # fmt: skip
    return cast("ItemRow", values)
