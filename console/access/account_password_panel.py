"""The form for a new password of one's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.element import Element

from console.access import password_change
from console.access.own_account import OwnAccount
from console.access.password_change import PasswordLocked, WrongPassword
from console.access.password_rules import MAXIMUM_LENGTH, MINIMUM_LENGTH, WeakPassword
from console.actor import Actor
from console.ui.format import in_full
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text, panel


class PasswordPanel:
    """`again(actor)` reads the account again and draws the page anew."""

    def __init__(self, page: ConsolePage, own: OwnAccount, again: Callable[[Actor], Awaitable[None]]) -> None:
        self._page, self._again = page, again
        changed = own.password_changed_at
        with panel("Password"), Element("div").classes("crc-part"):
            if changed:
                Text(f"Since {in_full(changed, page.institution.zone)}.", tag="p", classes="crc-soft")
            self._current = _field("Password of now", "current-password")
            self._new = _field("New password", "new-password")
            self._repeated = _field("The new one again", "new-password")
            Text(
                f"{MINIMUM_LENGTH} characters or more: a few words that do not belong together are best. Not your "
                "name, nothing that everybody uses, none that you had before. Your other sessions end.",
                tag="p",
                classes="crc-soft",
            )
            self._wrong = Text("", tag="p", classes="crc-wrong")
            self._wrong.props["role"] = "alert"
            change = page.handler(self._change)
            self._repeated.on("keydown.enter", change, [])
            with Element("div").classes("crc-row"):
                ActionButton("Change password", change, kind="primary")

    async def _change(self, actor: Actor) -> None:
        if self._new.value != self._repeated.value:
            self._refuse("The two new ones are not the same.", self._repeated)
            return
        try:
            await password_change.change_own(actor, self._current.value or "", self._new.value or "")
        except (WrongPassword, PasswordLocked) as error:
            self._refuse(str(error), self._current)
        except WeakPassword as error:
            self._refuse(str(error), self._new)
        else:
            self._page.tell("Your password is changed. Your other sessions have ended.")
            await self._again(actor)

    def _refuse(self, words: str, field: ui.input) -> None:
        self._wrong.set_text(words)
        field.run_method("focus")


def _field(label: str, autocomplete: str) -> ui.input:
    field = ui.input(label, password=True)
    return field.props(f"outlined dense autocomplete={autocomplete} maxlength={MAXIMUM_LENGTH}")
