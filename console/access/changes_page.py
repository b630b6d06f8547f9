"""The Changes page: what waits for a second administrator, and what became of the others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, cast

from nicegui.element import Element

from console.access.access_changes import approve, refuse, withdraw
from console.access.ask_panel import ask_reason
from console.access.change_list import ChangeKey, ChangePage, ChangeRow, list_changes
from console.access.change_words import ONE_ADMINISTRATOR, differences
from console.access.permissions import Permission, may
from console.access.person_list import active_administrators
from console.actor import Actor
from console.settings import settings
from console.ui.format import clock, in_full
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page
from console.ui.pieces import ActionButton, Chip, Text, Tone

COLUMNS: Final = (
    Column("subject", "Person or role", "180px", sortable=False),
    Column("change", "Change", sortable=False),
    Column("requester", "Asked by", "150px", sortable=False),
    Column("asked", "Asked", "120px", sortable=False),
    Column("result", "Result", "100px", sortable=False),
    Column("decider", "Decided by", "150px", sortable=False),
    Column("why", "Reason", "260px", sortable=False),
)


@console_page("/changes", permission=Permission.USER_READ, title="Changes")
async def changes(page: ConsolePage) -> None:
    """Changes of access."""
    view = ChangesView(page)
    with page.frame("Changes", page.institution.name, path="/people"):
        await view.lay_out(page.actor)
    await view.draw(page.actor)


class ChangesView:
    """One open Changes page."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._next: ChangeKey | None = None

    async def lay_out(self, actor: Actor) -> None:
        """The places of what waits and of what was decided."""
        page = self._page
        if page.shell:
            with page.shell.actions:
                ActionButton("People", lambda: page.client.open("/people"), icon_name="group")
        if settings().needs_second_administrator and await active_administrators(actor) < 2:
            Text(ONE_ADMINISTRATOR, tag="p", classes="crc-note").props["role"] = "note"
        self._waiting = Element("div").classes("crc-waiting")
        self._table = ItemTable(
            label="Decided changes",
            columns=COLUMNS,
            on_open=lambda _: None,
            on_more=page.handler(self._more),
            hints=(MOVE,),
            empty="No change was decided yet.",
        )
        Hotkeys(list_keys(opens=False))

    async def draw(self, actor: Actor) -> None:
        """Read both lists."""
        waiting = await list_changes(actor, waiting=True)
        self._waiting.clear()
        with self._waiting:
            if waiting.rows:
                with Element("div").classes("crc-column") as rows:
                    rows.props["role"] = "list"
                    rows.props["aria-label"] = "Waiting changes"
                    for row in waiting.rows:
                        self._draw_change(actor, row)
            else:
                Text("Nothing waits for a second administrator.", tag="p", classes="crc-soft")
        decided = await list_changes(actor, waiting=False)
        self._next = decided.next
        self._table.set_rows(self._rows(decided), now=datetime.now(UTC), more=decided.next is not None)

    def _draw_change(self, actor: Actor, row: ChangeRow) -> None:
        with Element("div").classes("crc-panel crc-part crc-change") as card:
            card.props["role"] = "listitem"
            with Element("div").classes("crc-row"):
                Text(row.subject, tag="h2", classes="crc-strong")
                Chip("a person" if row.kind == "person" else "a role", tone=Tone.PLAIN)
                asked = in_full(row.requested_at, self._page.institution.zone)
                Text(f"asked by {row.requester}, {asked}: {row.reason}", classes="crc-soft crc-grow")
                self._draw_acts(actor, row)
            with Element("ul").classes("crc-lines"):
                for line in differences(row.before, row.after):
                    Text(line, tag="li")

    def _draw_acts(self, actor: Actor, row: ChangeRow) -> None:
        if row.requested_by == actor.user_id:
            ActionButton("Withdraw", lambda: self._page.run(self._withdraw, row))
        elif may(actor, Permission.ACCESS_CHANGE_APPROVE):
            ActionButton("Approve", lambda: self._page.run(self._approve, row), kind="primary")
            ActionButton("Refuse", lambda: self._ask_refusal(row), kind="danger")

    async def _approve(self, actor: Actor, row: ChangeRow) -> None:
        try:
            await approve(actor, row.id)
        finally:
            await self.draw(actor)
        self._page.tell("Approved: it is in effect, and the sessions of those concerned have ended.")

    async def _withdraw(self, actor: Actor, row: ChangeRow) -> None:
        await withdraw(actor, row.id)
        self._page.tell("Withdrawn.")
        await self.draw(actor)

    def _ask_refusal(self, row: ChangeRow) -> None:
        async def turn_down(actor: Actor, reason: str) -> None:
            await refuse(actor, row.id, reason)
            self._page.tell("Refused: nothing was changed.")
            await self.draw(actor)

        ask_reason(self._page, f"Refuse the change of {row.subject}", "Nothing changes.", "Refuse", turn_down)

    async def _more(self, actor: Actor) -> None:
        if self._next is not None:
            found = await list_changes(actor, waiting=False, after=self._next)
            self._next = found.next
            self._table.append_rows(self._rows(found), more=found.next is not None)

    def _rows(self, found: ChangePage) -> list[ItemRow]:
        zone, now = self._page.institution.zone, datetime.now(UTC)
        rows = []
        for row in found.rows:
            change = "; ".join(differences(row.before, row.after))
            reason = f"{row.reason} / {row.decided_reason}" if row.decided_reason else row.reason
            values: dict[str, Any] = {
                "id": str(row.id),
                "subject": row.subject,
                "subject_title": row.subject,
                "change": change,
                "change_title": change,
                "requester": row.requester,
                "asked": clock(row.requested_at, zone, now=now),
                "asked_title": in_full(row.requested_at, zone),
                "result": row.status,
                "decider": row.decider or "",
                "why": reason,
                "why_title": reason,
            }
            rows.append(cast("ItemRow", values))
        return rows
