"""One person: who they are, what they hold, how they sign in, and what an administrator may do about it."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from fastapi.responses import Response
from nicegui.element import Element

from console.access.access_changes import change_person
from console.access.access_form_panel import AccessForm
from console.access.ask_panel import ask_reason
from console.access.custom_roles import list_roles
from console.access.held import Access, PersonNotFound
from console.access.permissions import Permission, may
from console.access.person_account_panel import AccountPanel
from console.access.person_list import PersonView, read_person
from console.access.person_mfa_panel import MfaPanel
from console.access.places import queue_choices
from console.actor import Actor
from console.settings import settings
from console.ui.format import in_full
from console.ui.page import ConsolePage, console_page
from console.ui.pieces import ActionButton, Chip, Text, Tone, panel
from console.ui.refusal import refusal

OWN = "This is your own account: another administrator changes it. Your password and codes are under your name, below."


@console_page("/people/{user_id}", permission=Permission.USER_READ, title="Person")
async def person(page: ConsolePage, user_id: str) -> Response | None:
    """Everything about one person."""
    try:
        found = await read_person(page.actor, UUID(user_id))
    except (PersonNotFound, ValueError):
        return refusal(HTTPStatus.NOT_FOUND, str(PersonNotFound()))
    with page.frame(found.display_name, found.username, path="/people"):
        await PersonPage(page, found).draw(page.actor)
    return None


class PersonPage:
    """One open page of a person. Every part is drawn again after an act, from the database."""

    def __init__(self, page: ConsolePage, found: PersonView) -> None:
        self._page = page
        self._person = found
        self._own = page.actor.user_id == found.id
        with Element("div").classes("crc-person"):
            self._left = Element("div").classes("crc-column")
            self._right = Element("div").classes("crc-column")

    async def draw(self, actor: Actor) -> None:
        """Draw every part."""
        shell = self._page.shell
        if shell:
            shell.chips.clear()
            with shell.chips:
                self._draw_chips()
        self._left.clear()
        self._right.clear()
        with self._left:
            await self._draw_access(actor)
        with self._right:
            if self._own:
                Text(OWN, tag="p", classes="crc-note").props["role"] = "note"
            await AccountPanel(self._page, self._person, self._read_again, own=self._own).draw(actor)
            await MfaPanel(self._page, self._person, self._read_again, own=self._own).draw(actor)

    async def _read_again(self, actor: Actor) -> None:
        self._person = await read_person(actor, self._person.id)
        await self.draw(actor)

    def _draw_chips(self) -> None:
        found = self._person
        Chip("active" if found.active else "deactivated", tone=Tone.OK if found.active else Tone.BREACH)
        if found.claims:
            Chip("holds 1 check" if found.claims == 1 else f"holds {found.claims} checks", tone=Tone.WARNING)
        if found.change_id:
            Chip("a change waits", tone=Tone.TWO_PEOPLE)

    async def _draw_access(self, actor: Actor) -> None:
        found = self._person
        access = Access(frozenset(role.key for role in found.roles), found.bounds)
        changes = may(actor, Permission.USER_MANAGE) and not self._own and found.change_id is None
        with panel("Roles and limits"), Element("div").classes("crc-part"):
            self._draw_since()
            form = AccessForm(access, await list_roles(actor), await queue_choices(actor), enabled=changes)
            if found.change_id is not None:
                Text("A change of these waits for a second administrator.", tag="p", classes="crc-soft")
                ActionButton("See the change", lambda: self._page.client.open("/changes"), icon_name="rule")
            elif changes:
                self._draw_save(form)

    def _draw_since(self) -> None:
        zone = self._page.institution.zone
        with Element("dl").classes("crc-facts"):
            for role in self._person.roles:
                with Element("div"):
                    Text(role.name, tag="dt")
                    given = f"since {in_full(role.since, zone)}, by {role.given_by or 'the command line'}"
                    Text(given, tag="dd")

    def _draw_save(self, form: AccessForm) -> None:
        found, waits = self._person, settings().needs_second_administrator

        async def ask(_: Actor) -> None:
            wanted = form.access()

            async def save(acting: Actor, reason: str) -> None:
                change = await change_person(acting, found.id, wanted, reason, found.access_version)
                told = "Saved. Their sessions have ended." if change is None else "It waits for a second administrator."
                self._page.tell(told)
                await self._read_again(acting)

            words = (
                "A second administrator has to approve it. Then the person's sessions end, and the next one has it."
                if waits
                else "It takes effect at once: the person's sessions end, and the next one has it."
            )
            button = "Ask for approval" if waits else "Save"
            ask_reason(self._page, f"Change what {found.display_name} may do", words, button, save, danger=False)

        label = "Ask for this change" if waits else "Save roles and limits"
        with Element("div").classes("crc-row"):
            ActionButton(label, self._page.handler(ask), kind="primary")
