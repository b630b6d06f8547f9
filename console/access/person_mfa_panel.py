"""The second factor of one person, and what an administrator does about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console.access import mfa
from console.access.ask_panel import ask_reason, show_once
from console.access.authentication import WrongCode
from console.access.mfa import InPerson
from console.access.permissions import Permission, may
from console.access.person_list import PersonView
from console.access.second_factor import Enrolment
from console.access.step_up_panel import ask_again
from console.actor import Actor
from console.ui.format import in_full
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text, panel

Again = Callable[[Actor], Awaitable[None]]


class MfaPanel:
    """`again(actor)` reads the person again and draws the page anew."""

    def __init__(self, page: ConsolePage, found: PersonView, again: Again, *, own: bool) -> None:
        self._page, self._person, self._again, self._own = page, found, again, own

    async def draw(self, actor: Actor) -> None:
        """How it stands, and the buttons of who may use them."""
        state = await mfa.state_of(actor, self._person.id)
        with panel("Second factor"), Element("div").classes("crc-part"):
            with Element("dl").classes("crc-facts"):
                since = state.confirmed_at and in_full(state.confirmed_at, self._page.institution.zone)
                self._fact("Authenticator", f"since {since}" if since else _waiting(state))
                self._fact("Recovery codes", f"{state.recovery_codes_left} left")
                self._fact("Required", "yes" if state.required else "no")
            if may(actor, Permission.MFA_MANAGE) and not self._own:
                with Element("div").classes("crc-row crc-wraps"):
                    self._draw_acts(confirmed=state.confirmed_at is not None)

    def _draw_acts(self, *, confirmed: bool) -> None:
        name, page = self._person.display_name, self._page
        ActionButton("Enrol in person", page.handler(self._enrol), icon_name="qr_code_2")
        if not confirmed:
            return
        ActionButton("New recovery codes", self._ask_codes, icon_name="password")
        again = "At the next sign-in they set up another authenticator. Their sessions end."
        revoked = "Nobody signs in as them before an administrator has enrolled them in person. Their sessions end."
        self._take_away("Require re-enrolment", f"Require {name} to enrol again", again, mfa.require_enrolment)
        self._take_away("Revoke", f"Revoke the second factor of {name}", revoked, mfa.revoke)

    def _take_away(
        self, label: str, title: str, words: str, service: Callable[[Actor, UUID, str], Awaitable[None]]
    ) -> None:
        async def do(actor: Actor, reason: str) -> None:
            await service(actor, self._person.id, reason)
            self._page.tell("Done. Their sessions have ended.")
            await self._again(actor)

        ActionButton(label, lambda: ask_reason(self._page, title, words, label, do), kind="danger")

    def _ask_codes(self) -> None:
        async def make(actor: Actor, reason: str) -> None:
            codes = await mfa.new_recovery_codes(actor, self._person.id, reason)
            await self._again(actor)
            self._show_codes(codes)

        words = "Ten new codes replace the earlier ones. Hand them over in person."
        title = f"New recovery codes for {self._person.display_name}"
        ask_reason(self._page, title, words, "Make codes", make, danger=False)

    def _show_codes(self, codes: list[str]) -> None:
        words = "Each opens one sign-in in place of the authenticator's code. They are shown this once."
        show_once(self._page, "Recovery codes", words, codes)

    async def _enrol(self, actor: Actor) -> None:
        enrolment = await mfa.enrol_in_person(actor, self._person.id)
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = "Enrol in person"
            self._draw_enrolment(enrolment)
            code = ui.input("Code that the authenticator shows").props(
                'outlined dense autofocus inputmode="numeric" autocomplete="off" maxlength=8'
            )
            wrong = Text("", tag="p", classes="crc-wrong")
            wrong.props["role"] = "alert"

            async def confirm(acting: Actor) -> None:
                try:
                    codes = await mfa.confirm_in_person(acting, self._person.id, code.value or "")
                except WrongCode as error:
                    await ask_again(code, wrong, str(error))
                    return
                dialog.close()
                await self._again(acting)
                self._show_codes(codes)

            finish = self._page.handler(confirm)
            code.on("keydown.enter", finish, [])
            with Element("div").classes("crc-row"):
                ActionButton("Confirm", finish, kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)

    def _draw_enrolment(self, enrolment: InPerson) -> None:
        Text(f"Enrol {self._person.display_name} in person", tag="h2")
        Text("Let them scan this with their authenticator, or type the secret, and read out the code.", tag="p")
        image = Element("img").classes("crc-qr")
        image.props["src"] = enrolment.qr
        image.props["alt"] = "QR code with the secret below"
        Text(enrolment.secret, tag="code", classes="crc-mono")

    def _fact(self, name: str, value: str) -> None:
        with Element("div"):
            Text(name, tag="dt")
            Text(value, tag="dd")


def _waiting(state: mfa.MfaState) -> str:
    return "none: an administrator enrols them" if state.enrolment is Enrolment.IN_PERSON else "none: at next sign-in"
