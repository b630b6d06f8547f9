"""The People page: find somebody, or create a person."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from console.access.access_form_panel import AccessForm
from console.access.ask_panel import show_once
from console.access.change_errors import ChangeNotFound
from console.access.change_list import count_waiting
from console.access.change_words import ONE_ADMINISTRATOR
from console.access.custom_roles import RoleNotFound, list_roles
from console.access.email_address import MAXIMUM_EMAIL
from console.access.held import Access, InvalidPerson, PersonNotFound
from console.access.people import MAXIMUM_DISPLAY_NAME, MAXIMUM_USERNAME
from console.access.permissions import Permission, may
from console.access.person_list import (
    MAX_SEARCH,
    PeoplePage,
    PersonKey,
    PersonRow,
    Show,
    active_administrators,
    count_people,
    list_people,
)
from console.access.person_services import Created, create_person
from console.access.places import queue_choices
from console.actor import Actor
from console.settings import settings
from console.ui.format import clock, count, in_full
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text

show_to_people(InvalidPerson, PersonNotFound, RoleNotFound, ChangeNotFound)

COLUMNS: Final = (
    Column("username", "Username", "200px", sortable=False),
    Column("name", "Name", "240px", sortable=False),
    Column("roles", "Roles", sortable=False),
    Column("code", "Second factor", "150px", sortable=False),
    Column("last", "Last sign-in", "150px", sortable=False),
    Column("state", "State", "150px", sortable=False),
)
_SHOWN: Final = {Show.ACTIVE: "Active", Show.DEACTIVATED: "Deactivated", Show.EVERYBODY: "Everybody"}


@console_page("/people", permission=Permission.USER_READ, title="People")
async def people(page: ConsolePage) -> None:
    """The people of the institution."""
    view = PeopleView(page)
    with page.frame("People", page.institution.name, path="/people"):
        await view.draw(page.actor)
    await view.read(page.actor)


class PeopleView:
    """One open People page."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._search, self._show = "", Show.ACTIVE
        self._next: PersonKey | None = None

    async def draw(self, actor: Actor) -> None:
        """Lay out the page."""
        page = self._page
        if page.shell:
            with page.shell.actions:
                ActionButton("Roles", lambda: page.client.open("/roles"), icon_name="badge")
                waiting = await count_waiting(actor)
                changes = ActionButton(
                    "Changes", lambda: page.client.open("/changes"), icon_name="rule", count=count(waiting)
                )
                changes.set_chosen(waiting > 0)
                if may(actor, Permission.USER_MANAGE):
                    ActionButton("New person", page.handler(self._new), kind="primary", icon_name="person_add")
        if settings().needs_second_administrator and await active_administrators(actor) < 2:
            Text(ONE_ADMINISTRATOR, tag="p", classes="crc-note").props["role"] = "note"
        self._draw_filter()
        self._table = ItemTable(
            label="People",
            columns=COLUMNS,
            hints=(MOVE, ("row_open", "open"), ("search", "search")),
            on_open=lambda person: page.client.open(f"/people/{person}"),
            on_more=page.handler(self._more),
            empty="Nobody fits.",
        )
        Hotkeys(list_keys(searches=True))

    async def read(self, actor: Actor) -> None:
        """Read the first page."""
        found = await list_people(actor, self._search, self._show)
        total = await count_people(actor, self._search, self._show)
        self._next = found.next
        self._table.set_rows(self._rows(found), now=datetime.now(UTC), total=total, more=found.next is not None)

    def _draw_filter(self) -> None:
        with Element("div").classes("crc-row crc-filters"):
            with Element("div").classes("crc-tabs") as tabs:
                tabs.props["role"] = "group"
                tabs.props["aria-label"] = "Whom to list"
                self._tabs = {
                    show: ActionButton(words, partial(self._page.run, self._shown, show))
                    for show, words in _SHOWN.items()
                }
            self._tabs[self._show].set_chosen(True)
            Element("span").classes("crc-gap")
            field = ui.input(
                placeholder="Search username or name",
                on_change=lambda event: self._page.run(self._searched, event.value),
            )
            field.classes("crc-search").props(
                f"dense outlined clearable debounce=250 maxlength={MAX_SEARCH} data-focus=search"
            )
            field.props["aria-label"] = "Search username or name"

    async def _shown(self, actor: Actor, show: Show) -> None:
        self._show = show
        for other, tab in self._tabs.items():
            tab.set_chosen(other is show)
        await self.read(actor)

    async def _searched(self, actor: Actor, search: str | None) -> None:
        self._search = search or ""
        await self.read(actor)

    async def _more(self, actor: Actor) -> None:
        if self._next is not None:
            found = await list_people(actor, self._search, self._show, after=self._next)
            self._next = found.next
            self._table.append_rows(self._rows(found), more=found.next is not None)

    def _rows(self, found: PeoplePage) -> list[ItemRow]:
        now = datetime.now(UTC)
        return [_row(row, self._page.institution.zone, now) for row in found.rows]

    async def _new(self, actor: Actor) -> None:
        custom, queues = await list_roles(actor), await queue_choices(actor)
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column crc-wide"):
            dialog.props["aria-label"] = "New person"
            Text("New person", tag="h2")
            with Element("div").classes("crc-row"):
                username = ui.input("Username").props(f"dense outlined autofocus maxlength={MAXIMUM_USERNAME}")
                name = ui.input("Name").props(f"dense outlined maxlength={MAXIMUM_DISPLAY_NAME}").classes("crc-grow")
            email = ui.input("E-mail, for notices (may stay empty)").classes("crc-limit")
            email.props(f"dense outlined type=email maxlength={MAXIMUM_EMAIL}")
            form = AccessForm(Access(frozenset()), custom, queues)

            async def create(acting: Actor) -> None:
                names = (username.value or "", name.value or "")
                created = await create_person(acting, *names, form.access(), email=email.value or "")
                dialog.close()
                self._show_password(created, username.value or "")
                await self.read(acting)

            with Element("div").classes("crc-row"):
                ActionButton("Create", self._page.handler(create), kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)

    def _show_password(self, created: Created, username: str) -> None:
        waits = "" if created.change_id is None else " The roles wait for a second administrator, see Changes."
        show_once(
            self._page,
            "First password",
            f"It opens one sign-in of {username} in the next three days, at which a password of their own is chosen "
            f"and the second factor set up. It is shown this once.{waits}",
            [created.password],
        )


def _row(row: PersonRow, zone: ZoneInfo, now: datetime) -> ItemRow:
    last = row.last_sign_in_at
    values: dict[str, Any] = {
        "id": str(row.id),
        "username": row.username,
        "username_title": row.username,
        "name": row.display_name,
        "name_title": row.display_name,
        "roles": ", ".join(row.roles) or "none",
        "roles_title": ", ".join(row.roles),
        "code": "set up" if row.has_code else "not set up",
        "last": clock(last, zone, now=now) if last else "never",
        "last_title": in_full(last, zone) if last else "",
        "state": "deactivated" if not row.active else "first password" if row.must_change_password else "active",
    }
    return cast("ItemRow", values)
