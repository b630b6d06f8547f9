"""Dialogs of the people pages: ask for a reason before an act, and show a secret this once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui import ui
from nicegui.element import Element

from console.access.reason import MAXIMUM_REASON
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text


def ask_reason(
    page: ConsolePage,
    title: str,
    words: str,
    button: str,
    work: Callable[..., Awaitable[Any]],
    *,
    danger: bool = True,
) -> None:
    """Ask why, then call `work(actor, reason)` for whoever is signed in then. Cancelling does nothing."""
    with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
        dialog.props["aria-label"] = title
        Text(title, tag="h2")
        Text(words, tag="p")
        reason = ui.textarea("Reason").props(f"outlined dense autogrow autofocus rows=2 maxlength={MAXIMUM_REASON}")
        missing = Text("", tag="p", classes="crc-wrong")
        missing.props["role"] = "alert"

        async def confirm() -> None:
            if not (reason.value or "").strip():
                missing.set_text("Say why: the reason is kept with the change.")
                reason.run_method("focus")
                return
            given = str(reason.value)
            dialog.close()
            await page.run(work, given)

        with Element("div").classes("crc-row"):
            ActionButton(button, confirm, kind="danger" if danger else "primary")
            ActionButton("Cancel", dialog.close)
    dialog.on("hide", dialog.delete)


def show_once(
    page: ConsolePage, title: str, words: str, secrets: Sequence[str], done: str = "I have handed it over"
) -> None:
    """Show what is kept nowhere: it is gone when the dialog closes, by the button `done`."""
    with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
        dialog.props("persistent")
        dialog.props["aria-label"] = title
        Text(title, tag="h2")
        Text(words, tag="p")
        with Element("div").classes("crc-secrets"):
            for one in secrets:
                Text(one, tag="code", classes="crc-mono")
        with Element("div").classes("crc-row"):
            button = ActionButton(done, dialog.close, kind="primary")
            button.props["autofocus"] = True
    dialog.on("hide", dialog.delete)
