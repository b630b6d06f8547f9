"""The dialog that asks for a fresh code before something grave, and then does it."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui
from nicegui.element import Element

from console.access import step_up
from console.access.attempts import TooManyAttempts
from console.access.sessions import PageSession, SessionServiceUnavailable, SignedOut
from console.access.step_up import CodeRefused
from console.ui.pieces import ActionButton, Text

MAXIMUM_CODE: Final = 8
# A browser that does not answer in this time is shown the words all the same.
BROWSER_SECONDS: Final = 3


def ask_for_code(session: PageSession, confirmed: Callable[[], Awaitable[None]]) -> None:
    """Ask whoever is signed in for a code; once it is right, call `confirmed`. Draws into the current slot."""
    _Dialog(session, confirmed)


class _Dialog:
    def __init__(self, session: PageSession, confirmed: Callable[[], Awaitable[None]]) -> None:
        self._session = session
        self._confirmed = confirmed
        self._busy = False
        with ui.dialog(value=True) as self._dialog, ui.card().classes("crc-ask crc-column"):
            self._dialog.props["aria-label"] = "Confirm with a code"
            Text("Confirm with a code", tag="h2")
            Text(
                "This is one of the things that need a fresh code. Enter the one that your authenticator shows now; "
                "then it is done at once.",
                tag="p",
            )
            self._code = ui.input("6-digit code").props(
                f'outlined dense autofocus inputmode="numeric" autocomplete="one-time-code" maxlength={MAXIMUM_CODE}'
            )
            self._code.on("keydown.enter", self._check)
            self._error = Text("", tag="p", classes="crc-wrong")
            self._error.props["role"] = "alert"
            with Element("div").classes("crc-row"):
                ActionButton("Confirm", self._check, kind="primary")
                ActionButton("Cancel", self._dialog.close)
        self._dialog.on("hide", self._dialog.delete)

    async def _check(self) -> None:
        if self._busy:
            return
        self._busy = True
        self._error.set_text("")
        try:
            actor = await self._session.acting()
            await step_up.confirm(actor, self._code.value or "")
        except (CodeRefused, TooManyAttempts, SessionServiceUnavailable, SignedOut) as error:
            await ask_again(self._code, self._error, str(error))
            return
        finally:
            self._busy = False
        self._dialog.close()
        await self._confirmed()


async def ask_again(code: ui.input, told: Text, why: str) -> None:
    """Say in `told` why a code was refused, with its field empty and ready for another."""
    # The words come last: who reads them may type at once, and emptying the field must not take that away. It
    # empties by a message of its own, so an answer to the next one says that it is done.
    code.set_value("")
    with contextlib.suppress(TimeoutError):
        await code.run_method("focus", timeout=BROWSER_SECONDS)
    told.set_text(why)
