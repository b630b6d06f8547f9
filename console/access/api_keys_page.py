"""The API keys page: with what other systems call the API, what they may do, and for how long."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, cast
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from console.access import api_keys
from console.access.access_form_panel import Boxes
from console.access.api_keys import GRANTABLE, MAXIMUM_NAME, InvalidKey, Key, KeyPage, KeyPlace
from console.access.ask_panel import ask_reason, show_once
from console.access.permissions import Permission
from console.actor import Actor
from console.ui.format import clock, in_full
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text

show_to_people(InvalidKey)

COLUMNS: Final = (
    Column("name", "System", "220px", sortable=False),
    Column("prefix", "Key begins with", "150px", sortable=False),
    Column("permissions", "May", sortable=False),
    Column("networks", "From", "200px", sortable=False),
    Column("by", "Created by", "150px", sortable=False),
    Column("used", "Last used", "130px", sortable=False),
    Column("expires", "Expires", "130px", sortable=False),
    Column("state", "State", "90px", sortable=False),
)
HINTS: Final = (MOVE, ("row_open", "revoke"))
WORDS: Final = {
    Permission.QUEUE_READ: "list checks",
    Permission.ITEM_READ: "read checks",
    Permission.FILE_READ: "read what came of files",
    Permission.FILE_IMPORT: "import files",
    Permission.ADVICE_WRITE: "give advice on checks",
}
_USUAL: Final = timedelta(days=90)


@console_page("/api-keys", permission=Permission.API_KEY_MANAGE, title="API keys")
async def api_keys_page(page: ConsolePage) -> None:
    """The keys of the institution."""
    view = KeysView(page)
    with page.frame("API keys", page.institution.name, path="/api-keys"):
        view.draw()
    await view.read(page.actor)


class KeysView:
    """One open API keys page."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._keys: dict[str, Key] = {}
        self._next: KeyPlace | None = None

    def draw(self) -> None:
        """Lay out the page."""
        page = self._page
        if page.shell:
            with page.shell.actions:
                ActionButton("New key", self._ask, kind="primary", icon_name="vpn_key")
        words = "Another system of the bank calls the API with its own key. No key decides a check or administers."
        Text(words, tag="p", classes="crc-note").props["role"] = "note"
        self._table = ItemTable(
            label="API keys", columns=COLUMNS, hints=HINTS, on_open=self._ask_to_revoke,
            on_more=page.handler(self._more), empty="There is no key yet.",
        )  # fmt: skip
        Hotkeys(list_keys())

    async def read(self, actor: Actor) -> None:
        """Read the first page."""
        found, now = await api_keys.list_keys(actor), datetime.now(UTC)
        self._keys = {}
        self._table.set_rows(self._rows(found, now), now=now, total=None, more=found.next is not None)

    async def _more(self, actor: Actor) -> None:
        if self._next is not None:
            found = await api_keys.list_keys(actor, after=self._next)
            self._table.append_rows(self._rows(found, datetime.now(UTC)), more=found.next is not None)

    def _rows(self, found: KeyPage, now: datetime) -> list[ItemRow]:
        self._next = found.next
        self._keys |= {str(key.id): key for key in found.rows}
        return [_row(key, self._page.institution.zone, now) for key in found.rows]

    def _ask(self) -> None:
        page, today = self._page, datetime.now(self._page.institution.zone).date()
        with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = "New API key"
            Text("New API key", tag="h2")
            name = ui.input("System that will use it").props(f"dense outlined autofocus maxlength={MAXIMUM_NAME}")
            boxes = Boxes("May", {one.value: WORDS[one] for one in GRANTABLE}, ())
            networks = ui.textarea("Networks, one a line (empty: from anywhere)")
            networks.props("dense outlined autogrow rows=2 maxlength=1000 spellcheck=false")
            for field in (name, networks):
                field.classes("crc-whole")
            expires = ui.input("Expires at the end of", value=(today + _USUAL).isoformat())
            expires.props(f'dense outlined type=date min="{today}" max="{today + api_keys.LONGEST}"')

            async def create(actor: Actor) -> None:
                until = _end_of(expires.value or "", page.institution.zone)
                lines = (networks.value or "").splitlines()
                key, secret = await api_keys.create(actor, name.value or "", boxes.chosen, lines, until)
                dialog.close()
                show_once(
                    page,
                    f"Key of {key.name}",
                    "Put it into that system’s own store of secrets. It is shown this once and kept nowhere here.",
                    [secret],
                )
                await self.read(actor)

            with Element("div").classes("crc-row"):
                ActionButton("Create", page.handler(create), kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)

    def _ask_to_revoke(self, key_id: str) -> None:
        key = self._keys.get(key_id)
        if key is None:
            return
        if key.revoked_at is not None:
            self._page.tell(f"The key of {key.name} is revoked already.")
            return

        async def revoke(actor: Actor, reason: str) -> None:
            await api_keys.revoke(actor, key.id, reason)
            await self.read(actor)

        words = f"The key of {key.name} that begins with {key.prefix} opens nothing from then on. It cannot be undone."
        ask_reason(self._page, f"Revoke the key of {key.name}", words, "Revoke", revoke)


def _end_of(day: str, zone: ZoneInfo) -> datetime:
    """The last moment of the day, and of the longest time allowed where the day is its last. Raises InvalidKey."""
    try:
        end = datetime.combine(date.fromisoformat(day), time(23, 59, 59), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidKey("Choose the day on which the key expires.") from None
    latest = datetime.now(UTC) + api_keys.LONGEST
    return min(end, latest) if end - latest < timedelta(days=1) else end


def _row(key: Key, zone: ZoneInfo, now: datetime) -> ItemRow:
    may = ", ".join(WORDS.get(Permission(one), one) for one in key.permissions)
    values = {
        "id": str(key.id),
        "name": key.name,
        "name_title": key.name,
        "prefix": f"{key.prefix}…",
        "permissions": may,
        "permissions_title": may,
        "networks": ", ".join(key.networks) or "anywhere",
        "networks_title": ", ".join(key.networks),
        "by": key.created_by,
        "used": clock(key.last_used_at, zone, now=now) if key.last_used_at else "never",
        "used_title": in_full(key.last_used_at, zone) if key.last_used_at else "",
        "expires": clock(key.expires_at, zone, now=now),
        "expires_title": in_full(key.expires_at, zone),
        "state": key.state(now),
    }
    return cast("ItemRow", values)
