"""The account of one person: since when, when last here, and the ways in and out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from nicegui import ui
from nicegui.element import Element

from console.access import lockout
from console.access.ask_panel import ask_reason, show_once
from console.access.email_address import MAXIMUM_EMAIL
from console.access.permissions import Permission, may
from console.access.person_list import PersonView
from console.access.person_services import change_email, reactivate, reset_password
from console.access.session_list import SessionNotFound, end_sessions_of
from console.actor import Actor
from console.review.leaving import deactivate
from console.ui.format import in_full
from console.ui.page import ConsolePage, show_to_people
from console.ui.pieces import ActionButton, Text, panel

show_to_people(SessionNotFound)

Again = Callable[[Actor], Awaitable[None]]


class AccountPanel:
    """`again(actor)` reads the person again and draws the page anew."""

    def __init__(self, page: ConsolePage, found: PersonView, again: Again, *, own: bool) -> None:
        self._page, self._person, self._again, self._own = page, found, again, own

    async def draw(self, actor: Actor) -> None:
        """Facts, and the buttons of who may use them."""
        found = self._person
        state = await lockout.state(actor.institution_id, found.id)
        with panel("Account"), Element("div").classes("crc-part"):
            with Element("dl").classes("crc-facts"):
                self._fact("E-mail", found.email or "none: notices are shown in the console alone")
                self._fact("Created", self._moment(found.created_at))
                self._fact("Last sign-in", self._moment(found.last_sign_in_at))
                password = "for one sign-in, then their own" if found.must_change_password else "their own"
                self._fact("Password", password)
                if found.deactivated_at:
                    self._fact("Deactivated", self._moment(found.deactivated_at))
                if state.locked_until:
                    self._fact("Locked until", self._moment(state.locked_until))
                elif state.failures:
                    self._fact("Failed sign-ins", str(state.failures))
                if may(actor, Permission.SESSION_READ):
                    self._fact("Sessions", f"{found.open_sessions} open" if found.open_sessions else "signed out")
            if not self._own:
                with Element("div").classes("crc-row crc-wraps"):
                    self._draw_acts(actor, locked=state.failures > 0)

    def _draw_acts(self, actor: Actor, *, locked: bool) -> None:
        page = self._page
        if may(actor, Permission.SESSION_END) and self._person.open_sessions:
            ActionButton("End sessions", self._ask_end, icon_name="logout")
        if not may(actor, Permission.USER_MANAGE):
            return
        if locked:
            ActionButton("Unlock", page.handler(self._unlock), icon_name="lock_open")
        ActionButton("Change e-mail", self._ask_email, icon_name="mail")
        ActionButton("Reset password", self._ask_password, icon_name="key")
        if self._person.active:
            ActionButton("Deactivate", self._ask_deactivation, kind="danger", icon_name="person_off")
        else:
            ActionButton("Reactivate", self._ask_reactivation, icon_name="person")

    async def _unlock(self, actor: Actor) -> None:
        await lockout.unlock(actor, self._person.id)
        self._page.tell("Unlocked: they may try again at once.")
        await self._again(actor)

    def _ask_end(self) -> None:
        async def end(actor: Actor, reason: str) -> None:
            ended = await end_sessions_of(actor, self._person.id, reason)
            self._page.tell("One session ended." if ended == 1 else f"{ended} sessions ended.")
            await self._again(actor)

        words = "Their open pages close within seconds. They may sign in again."
        ask_reason(self._page, f"End the sessions of {self._person.display_name}", words, "End sessions", end)

    def _ask_email(self) -> None:
        title = f"E-mail address of {self._person.display_name}"
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = title
            Text(title, tag="h2")
            Text("Notices go there as each person chooses under their account. Empty: they go nowhere.", tag="p")
            field = ui.input("E-mail", value=self._person.email or "")
            field.props(f"dense outlined autofocus type=email maxlength={MAXIMUM_EMAIL}").classes("crc-whole")

            async def save(actor: Actor) -> None:
                await change_email(actor, self._person.id, field.value or "")
                dialog.close()
                await self._again(actor)

            with Element("div").classes("crc-row"):
                ActionButton("Save", self._page.handler(save), kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)

    def _ask_password(self) -> None:
        async def reset(actor: Actor, reason: str) -> None:
            password = await reset_password(actor, self._person.id, reason)
            await self._again(actor)
            words = (
                f"It opens one sign-in of {self._person.username} in the next three days, at which they choose a "
                "password of their own. It is shown this once."
            )
            show_once(self._page, "New password", words, [password])

        words = "Their password stops working and their sessions end. You get one for their next sign-in."
        ask_reason(self._page, f"Reset the password of {self._person.display_name}", words, "Reset password", reset)

    def _ask_deactivation(self) -> None:
        async def close(actor: Actor, reason: str) -> None:
            released = await deactivate(actor, self._person.id, reason)
            back = {0: "", 1: " One check went back to the queue."}.get(
                released, f" {released} checks went back to the queue."
            )
            self._page.tell(f"Deactivated and signed out.{back}")
            await self._again(actor)

        words = "They are signed out at once, and the checks in their hands go back to the queue."
        ask_reason(self._page, f"Deactivate {self._person.display_name}", words, "Deactivate", close)

    def _ask_reactivation(self) -> None:
        async def let_in(actor: Actor, reason: str) -> None:
            await reactivate(actor, self._person.id, reason)
            self._page.tell("Reactivated, with the roles of before.")
            await self._again(actor)

        words = "They may sign in again, with the password, second factor and roles of before."
        ask_reason(self._page, f"Reactivate {self._person.display_name}", words, "Reactivate", let_in, danger=False)

    def _fact(self, name: str, value: str) -> None:
        with Element("div"):
            Text(name, tag="dt")
            Text(value, tag="dd")

    def _moment(self, moment: datetime | None) -> str:
        return in_full(moment, self._page.institution.zone) if moment else "never"
