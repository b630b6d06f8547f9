"""The Roles page: what the built-in roles may do, and the copies of them that were made and edited."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui
from nicegui.element import Element

from console.access.access_changes import change_role
from console.access.ask_panel import ask_reason
from console.access.change_words import limit_words, reach_words, role_words
from console.access.custom_roles import MAXIMUM_NAME, RoleRow, copy_role, list_roles, retire_role
from console.access.permission_words import MEANINGS
from console.access.permissions import DECIDING, GRANTS, Permission, may
from console.access.places import queue_choices
from console.access.role_form_panel import RoleForm
from console.actor import Actor
from console.roles import Role
from console.settings import settings
from console.ui.page import ConsolePage, console_page
from console.ui.pieces import ActionButton, Chip, Text, Tone, icon, panel


@console_page("/roles", permission=Permission.USER_READ, title="Roles")
async def roles(page: ConsolePage) -> None:
    """Built-in and custom roles."""
    view = RolesView(page)
    with page.frame("Roles", page.institution.name, path="/people"):
        view.lay_out()
    await view.draw(page.actor)


class RolesView:
    """One open Roles page."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page

    def lay_out(self) -> None:
        """The places of both parts."""
        if self._page.shell:
            with self._page.shell.actions:
                ActionButton("People", lambda: self._page.client.open("/people"), icon_name="group")
        with Element("div").classes("crc-roles"):
            self._matrix = Element("div").classes("crc-column")
            self._custom = Element("div").classes("crc-column")

    async def draw(self, actor: Actor) -> None:
        """Draw both parts from what is so now."""
        rows = await list_roles(actor)
        self._matrix.clear()
        with self._matrix:
            draw_matrix(rows)
        self._custom.clear()
        with self._custom:
            if may(actor, Permission.ROLE_MANAGE):
                self._draw_copy()
            for row in rows:
                self._draw_role(row, manages=may(actor, Permission.ROLE_MANAGE))
            if not rows:
                Text("No custom roles yet: the built-in ones are all there is.", tag="p", classes="crc-soft")

    def _draw_copy(self) -> None:
        with panel("Copy a built-in role"), Element("div").classes("crc-part"):
            options = {role.value: f"{role.value.title()}: {role_words(role)}" for role in Role}
            source = ui.select(options, label="Copy of", value=Role.REVIEWER.value).props("dense outlined")
            name = ui.input("Name of the copy").props(f"dense outlined maxlength={MAXIMUM_NAME}")

            async def copy(actor: Actor) -> None:
                await copy_role(actor, Role(source.value), name.value or "")
                self._page.tell("Made. It grants nobody anything until somebody is given it.")
                await self.draw(actor)

            with Element("div").classes("crc-row"):
                ActionButton("Copy", self._page.handler(copy), kind="primary", icon_name="content_copy")

    def _draw_role(self, row: RoleRow, *, manages: bool) -> None:
        grant = row.definition.grant
        with panel(row.definition.name, aside=f"a copy of {row.copied_from}"), Element("div").classes("crc-part"):
            with Element("div").classes("crc-row crc-wraps"):
                Chip("1 holder" if row.holders == 1 else f"{row.holders} holders")
                if grant.permissions & DECIDING:
                    Chip(limit_words(grant.amount_limit))
                if row.waiting:
                    Chip("a change waits", tone=Tone.TWO_PEOPLE)
            Text(reach_words(grant), tag="p", classes="crc-soft")
            if manages and not row.waiting:
                with Element("div").classes("crc-row"):
                    edit = ActionButton("Edit", lambda: self._page.run(self._edit, row), icon_name="edit")
                    edit.props["aria-label"] = f"Edit {row.definition.name}"
                    retire = ActionButton("Retire", lambda: self._ask_retire(row), kind="danger")
                    retire.props["aria-label"] = f"Retire {row.definition.name}"

    async def _edit(self, actor: Actor, row: RoleRow) -> None:
        queues = await queue_choices(actor)
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column crc-wider"):
            dialog.props["aria-label"] = f"Edit {row.definition.name}"
            Text(f"Edit {row.definition.name}", tag="h2")
            form = RoleForm(row.definition, queues)

            async def ask(_: Actor) -> None:
                wanted = form.definition()

                async def save(acting: Actor, reason: str) -> None:
                    change = await change_role(acting, row.id, wanted, reason, row.version)
                    dialog.close()
                    self._page.tell("Saved." if change is None else "It waits for a second administrator.")
                    await self.draw(acting)

                waits = settings().needs_second_administrator
                words = "A second administrator has to approve it. " if waits else ""
                words += f"The sessions of everybody who holds it end ({row.holders})."
                button = "Ask for approval" if waits else "Save"
                ask_reason(self._page, f"Change {row.definition.name}", words, button, save, danger=False)

            with Element("div").classes("crc-row"):
                ActionButton("Save", self._page.handler(ask), kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)

    def _ask_retire(self, row: RoleRow) -> None:
        async def retire(actor: Actor, reason: str) -> None:
            await retire_role(actor, row.id, reason)
            self._page.tell("Retired.")
            await self.draw(actor)

        words = "It can be given to nobody any more. A role that somebody holds cannot be retired."
        ask_reason(self._page, f"Retire {row.definition.name}", words, "Retire", retire)


def draw_matrix(custom: Sequence[RoleRow]) -> None:
    """Permissions × roles, the built-in ones first. Read-only: it is printed from the one table."""
    columns = [(role.value.title(), GRANTS[role]) for role in Role]
    columns += [(row.definition.name, row.definition.grant) for row in custom]
    with panel("Who may do what", aside="built-in roles are fixed"), Element("div").classes("crc-matrix") as box:
        box.props["tabindex"] = "0"
        box.props["role"] = "region"
        box.props["aria-label"] = "Permissions by role"
        with Element("table"):
            with Element("thead"), Element("tr"):
                for heading in ("Permission", *(name for name, _ in columns)):
                    Text(heading, tag="th").props["scope"] = "col"
            with Element("tbody"):
                for permission in Permission:
                    with Element("tr"):
                        with Element("th") as name:
                            name.props["scope"] = "row"
                            Text(permission.value)
                            Text(MEANINGS[permission], classes="crc-soft")
                        for _, grant in columns:
                            _cell(permission in grant.permissions)
                with Element("tr"):
                    Text("decides alone", tag="th").props["scope"] = "row"
                    for _, grant in columns:
                        decides = bool(grant.permissions & DECIDING)
                        Text(limit_words(grant.amount_limit) if decides else "—", tag="td")


def _cell(granted: bool) -> None:
    with Element("td") as cell:
        if granted:
            icon("check")
            Text("yes", classes="crc-unseen")
        else:
            cell.props["aria-label"] = "no"
