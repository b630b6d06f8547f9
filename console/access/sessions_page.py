"""The Sessions page: who is signed in, whence, since when; and who was."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from console.access.ask_panel import ask_reason
from console.access.browsers import browser_of
from console.access.held import InvalidPerson
from console.access.permissions import Permission, may
from console.access.session_data import EndReason
from console.access.session_list import (
    MAX_SEARCH,
    SessionKey,
    SessionNotFound,
    SessionPage,
    SessionRow,
    count_sessions,
    end_session,
    end_sessions_of,
    list_sessions,
)
from console.actor import Actor
from console.ui.format import clock, in_full
from console.ui.item_table import Column, ItemRow, ItemTable
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text

show_to_people(SessionNotFound, InvalidPerson)

SEARCH: Final = "Search username or name"
COLUMNS: Final = (
    Column("name", "Name", sortable=False),
    Column("username", "Username", "180px", sortable=False),
    Column("address", "Address", "150px", sortable=False),
    Column("browser", "Browser", "150px", sortable=False),
    Column("since", "Since", "130px", sortable=False),
    Column("seen", "Last seen", "130px", sortable=False),
    Column("end", "Ended", "130px", sortable=False),
    Column("why", "Why", "200px", sortable=False),
)
WHY: Final = {
    EndReason.SIGNED_OUT: "signed out",
    EndReason.IDLE: "nothing was done",
    EndReason.EXPIRED: "time was over",
    EndReason.ENDED_BY_ADMINISTRATOR: "by an administrator",
    EndReason.DEACTIVATED: "person deactivated",
    EndReason.ACCESS_CHANGED: "access changed",
    EndReason.TOO_MANY_SESSIONS: "too many sessions",
    EndReason.PASSWORD_CHANGED: "password changed",
    EndReason.CREDENTIALS_RESET: "sign-in reset",
    EndReason.TOKEN_REUSED: "a token was used twice",
    EndReason.LOST: "lost by the session service",
}
_METHODS: Final = {"password": "password and code", "openid": "OpenID Connect", "token": "API token"}


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
            field.classes("crc-search").props(f"dense outlined clearable debounce=250 maxlength={MAX_SEARCH}")
            field.props["aria-label"] = SEARCH
        self._table = ItemTable(
            label="Sessions",
            columns=COLUMNS,
            hints=(("↑↓", "move"), ("Enter", "open")),
            on_open=self._open,
            on_more=self._page.handler(self._more),
            empty="No session fits.",
        )

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
        return [_line(row, actor, self._page.institution.zone, now) for row in found.rows]

    def _open(self, reference: str) -> None:
        row = self._rows.get(reference)
        if row is None:
            return
        page, zone = self._page, self._page.institution.zone
        with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = f"Session of {row.display_name}"
            Text(f"Session of {row.display_name}", tag="h2")
            with Element("dl").classes("crc-facts"):
                for term, words in _facts(row, zone):
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
            "Open pages close at once, and what was not submitted in them is lost. Signing in again is possible.",
            "Sign out",
            work,
        )


def why(row: SessionRow) -> str:
    """Why it ended, in words."""
    return WHY[EndReason(row.end_reason)] if row.end_reason else ""


def _facts(row: SessionRow, zone: ZoneInfo) -> list[tuple[str, str]]:
    facts = [
        ("Username", row.username),
        ("Method", _METHODS.get(row.method, row.method)),
        ("Address", row.address or "unknown"),
        ("Browser", row.agent or "unknown"),
        ("Since", in_full(row.started_at, zone)),
        ("Last seen", in_full(row.last_seen_at, zone)),
    ]
    if row.ended_at is not None:
        facts.append(("Ended", f"{in_full(row.ended_at, zone)}: {why(row)}"))
    return [*facts, ("Reference", row.reference)]


def _line(row: SessionRow, actor: Actor, zone: ZoneInfo, now: datetime) -> ItemRow:
    values: dict[str, Any] = {
        "id": row.reference,
        "name": row.display_name + (" (this one)" if row.reference == actor.session else ""),
        "name_title": row.display_name,
        "username": row.username,
        "username_title": row.username,
        "address": row.address or "unknown",
        "browser": browser_of(row.agent),
        "browser_title": row.agent,
        "since": clock(row.started_at, zone, now=now),
        "since_title": in_full(row.started_at, zone),
        "seen": clock(row.last_seen_at, zone, now=now),
        "seen_title": in_full(row.last_seen_at, zone),
        "end": clock(row.ended_at, zone, now=now) if row.ended_at else "",
        "end_title": in_full(row.ended_at, zone) if row.ended_at else "",
        "why": why(row),
    }
    return cast("ItemRow", values)
