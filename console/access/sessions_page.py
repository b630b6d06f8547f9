"""The Sessions page: who is signed in, whence, since when; and who was."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Final

from nicegui import ui
from nicegui.element import Element

from console.access.ask_panel import ask_reason
from console.access.held import InvalidPerson
from console.access.permissions import Permission, may
from console.access.session_list import (
    MAX_SEARCH,
    SessionKey,
    SessionNotFound,
    SessionPage,
    SessionRow,
    count_sessions,
    end_every_session,
    end_session,
    end_sessions_of,
    list_sessions,
)
from console.access.session_table_panel import columns, session_facts, session_line
from console.actor import Actor
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, ItemRow, ItemTable
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text

show_to_people(SessionNotFound, InvalidPerson)

SEARCH: Final = "Search username or name"


@console_page("/sessions", permission=Permission.SESSION_READ, title="Sessions")
async def sessions(page: ConsolePage) -> None:
    """The sessions of the institution's people."""
    view = SessionsView(page)
    with page.frame("Sessions", page.institution.name, path="/sessions"):
        view.draw()
    await view.read(page.actor)


class SessionsView:
    """One open Sessions page."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._search, self._ended = "", False
        self._next: SessionKey | None = None
        self._rows: dict[str, SessionRow] = {}

    def draw(self) -> None:
        """Lay out the page."""
        if self._page.shell and may(self._page.actor, Permission.SESSION_END):
            with self._page.shell.actions:
                ActionButton("Sign everybody out", self._ask_everybody, kind="danger", icon_name="logout")
        with Element("div").classes("crc-row crc-filters"):
            with Element("div").classes("crc-tabs") as tabs:
                tabs.props["role"] = "group"
                tabs.props["aria-label"] = "Which sessions to list"
                self._tabs = {
                    ended: ActionButton(words, partial(self._page.run, self._shown, ended))
                    for ended, words in ((False, "Signed in now"), (True, "Ended"))
                }
            self._tabs[False].set_chosen(True)
            ActionButton("Refresh", self._page.handler(self.read), kind="quiet", icon_name="refresh")
            Element("span").classes("crc-gap")
            field = ui.input(
                placeholder="Search username or name",
                on_change=lambda event: self._page.run(self._searched, event.value),
            )
            field.classes("crc-search").props(
                f"dense outlined clearable debounce=250 maxlength={MAX_SEARCH} data-focus=search"
            )
            field.props["aria-label"] = SEARCH
        self._table = ItemTable(
            label="Sessions",
            columns=columns(ended=False),
            hints=(MOVE, ("row_open", "open"), ("search", "search")),
            on_open=self._open,
            on_more=self._page.handler(self._more),
            empty="No session fits.",
        )
        Hotkeys(list_keys(searches=True))

    async def read(self, actor: Actor) -> None:
        """Read the first page."""
        found = await list_sessions(actor, self._search, ended=self._ended)
        total = await count_sessions(actor, self._search, ended=self._ended)
        self._next = found.next
        self._rows = {}
        rows = self._drawn(found, actor)
        self._table.set_rows(rows, now=datetime.now(UTC), total=max(total, len(rows)), more=found.next is not None)

    async def _shown(self, actor: Actor, ended: bool) -> None:
        self._ended = ended
        for other, tab in self._tabs.items():
            tab.set_chosen(other is ended)
        self._table.set_columns(columns(ended=ended))
        await self.read(actor)

    async def _searched(self, actor: Actor, search: str | None) -> None:
        self._search = search or ""
        await self.read(actor)

    async def _more(self, actor: Actor) -> None:
        if self._next is not None:
            found = await list_sessions(actor, self._search, ended=self._ended, after=self._next)
            self._next = found.next
            self._table.append_rows(self._drawn(found, actor), more=found.next is not None)

    def _drawn(self, found: SessionPage, actor: Actor) -> list[ItemRow]:
        self._rows |= {row.reference: row for row in found.rows}
        now = datetime.now(UTC)
        return [session_line(row, actor, self._page.institution.zone, now) for row in found.rows]

    def _open(self, reference: str) -> None:
        row = self._rows.get(reference)
        if row is None:
            return
        page, zone = self._page, self._page.institution.zone
        with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = f"Session of {row.display_name}"
            Text(f"Session of {row.display_name}", tag="h2")
            with Element("dl").classes("crc-facts"):
                for term, words in session_facts(row, zone):
                    with Element("div"):
                        Text(term, tag="dt")
                        Text(words, tag="dd").props["title"] = words
            with Element("div").classes("crc-row"):
                if row.ended_at is None and may(page.actor, Permission.SESSION_END):
                    ActionButton("End session", lambda: self._ask(row, dialog, everywhere=False), kind="danger")
                    ActionButton("End all of this person", lambda: self._ask(row, dialog, everywhere=True))
                close = ActionButton("Close", dialog.close)
                close.props["autofocus"] = True
        dialog.on("hide", dialog.delete)

    def _ask_everybody(self) -> None:
        async def work(actor: Actor, reason: str) -> None:
            count = await end_every_session(actor, reason)
            self._page.tell("One session has ended." if count == 1 else f"{count} sessions have ended.")
            await self.read(actor)

        ask_reason(
            self._page,
            "Sign everybody out",
            "Every session but this one ends, of programs too, and sign-ins under way begin anew. Drafts are kept; "
            "what else was begun in open pages is gone. Signing in again is possible.",
            "Sign everybody out",
            work,
        )

    def _ask(self, row: SessionRow, dialog: ui.dialog, *, everywhere: bool) -> None:
        dialog.close()

        async def work(actor: Actor, reason: str) -> None:
            if everywhere:
                await end_sessions_of(actor, row.user_id, reason)
            else:
                await end_session(actor, row.reference, reason)
            # One's own session may have been among them: then there is nobody to show anything to.
            self._page.tell(f"{row.display_name} is signed out{' everywhere' if everywhere else ' there'}.")
            await self.read(actor)

        ask_reason(
            self._page,
            f"Sign out {row.display_name}{' everywhere' if everywhere else ''}",
            "Open pages close at once. Drafts are kept; what else was begun in them is gone. Signing in again is "
            "possible.",
            "Sign out",
            work,
        )
