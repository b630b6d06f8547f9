"""One's own authenticator and recovery codes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui
from nicegui.element import Element

from console.access import own_account
from console.access.ask_panel import show_once
from console.access.authentication import WrongCode
from console.access.own_account import NewAuthenticator, OwnAccount
from console.access.step_up_panel import ask_again
from console.actor import Actor
from console.ui.format import in_full
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text, panel

# From here on down the page says that new codes are due.
FEW_CODES: Final = 3
KEPT: Final = "I have kept these codes"
_CODES: Final = (
    "Each signs you in once when you do not have your authenticator. They are shown this once: print them or write "
    "them down, and keep them where nobody else finds them; not on your phone."
)


class FactorPanel:
    """`again(actor)` reads the account again and draws the page anew."""

    def __init__(self, page: ConsolePage, own: OwnAccount, again: Callable[[Actor], Awaitable[None]]) -> None:
        self._page, self._again = page, again
        since, left = own.authenticator_since, own.recovery_codes_left
        with panel("Second factor"), Element("div").classes("crc-part"):
            with Element("dl").classes("crc-facts"):
                zone = page.institution.zone
                _fact("Authenticator", f"since {in_full(since, zone)}" if since else "none")
                _fact("Recovery codes", f"{left} left" if since else "none")
            if since and left <= FEW_CODES:
                Text("Make new recovery codes before they run out.", tag="p", classes="crc-note").props["role"] = "note"
            with Element("div").classes("crc-row crc-wraps"):
                words = "Replace the authenticator" if since else "Set up an authenticator"
                ActionButton(words, page.handler(self._start), icon_name="qr_code_2")
                if since:
                    ActionButton("New recovery codes", page.handler(self._make), icon_name="password")

    async def _make(self, actor: Actor) -> None:
        codes = await own_account.new_codes(actor)
        await self._again(actor)
        show_once(self._page, "Recovery codes", _CODES, codes, KEPT)

    async def _start(self, actor: Actor) -> None:
        new = await own_account.start_authenticator(actor)
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = "Set up an authenticator"
            _draw(new)
            code = ui.input("Code that it shows").props(
                'outlined dense autofocus inputmode="numeric" autocomplete="one-time-code" maxlength=8'
            )
            wrong = Text("", tag="p", classes="crc-wrong")
            wrong.props["role"] = "alert"

            async def confirm(acting: Actor) -> None:
                try:
                    codes = await own_account.confirm_authenticator(acting, code.value or "")
                except WrongCode as error:
                    await ask_again(code, wrong, str(error))
                    return
                dialog.close()
                await self._again(acting)
                show_once(self._page, "Recovery codes", _CODES, codes, KEPT)

            finish = self._page.handler(confirm)
            code.on("keydown.enter", finish, [])
            with Element("div").classes("crc-row"):
                ActionButton("Confirm", finish, kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)


def _draw(new: NewAuthenticator) -> None:
    Text("Set up an authenticator", tag="h2")
    Text("Scan this with it, or type the key. The one that you have works until you confirm.", tag="p")
    image = Element("img").classes("crc-qr")
    image.props["src"] = new.qr
    image.props["alt"] = "QR code of the key below"
    Text(new.secret, tag="code", classes="crc-mono")


def _fact(name: str, value: str) -> None:
    with Element("div"):
        Text(name, tag="dt")
        Text(value, tag="dd")
