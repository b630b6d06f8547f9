"""What the access review asks people: to start a campaign, and to decide on a line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Final

from nicegui import ui
from nicegui.element import Element

from console.access.access_export import limit_text, reach_text
from console.access.access_report import ReportLine
from console.access.access_review import MAXIMUM_NAME, MAXIMUM_NOTE, Outcome
from console.access.access_review_list import Line
from console.access.permission_words import MEANINGS
from console.access.permissions import Permission
from console.ui.pieces import ActionButton, Text

Started = Callable[[str, date], Awaitable[None]]
Decided = Callable[[Outcome, str], Awaitable[None]]
DEFAULT_DAYS: Final = 14


def ask_to_start(due_on: date, on_start: Started) -> None:
    """Ask for a campaign's name and due date; `due_on` is proposed. Draws into the current slot."""
    dialog, card = _open("Start an access review")
    with card:
        Text(
            "Every role that somebody holds now becomes a line. Supervisors confirm or revoke each, never their own.",
            tag="p",
        )
        name = ui.input("Name").props(f"outlined dense autofocus maxlength={MAXIMUM_NAME}").classes("crc-whole")
        due = ui.input("Due date", value=due_on.isoformat()).props('outlined dense type="date"')
        error = _error()

        async def start() -> None:
            try:
                wanted = date.fromisoformat(due.value or "")
            except ValueError:
                error.set_text("Choose the day by which every line is to be decided.")
                return
            if not (name.value or "").strip():
                error.set_text("Give the review a name, such as “Autumn 2026”.")
                return
            dialog.close()
            await on_start(name.value or "", wanted)

        with Element("div").classes("crc-row"):
            ActionButton("Start", start, kind="primary")
            ActionButton("Cancel", dialog.close)


def ask_to_decide(line: Line, own: bool, on_decide: Decided) -> None:
    """Show a line and ask what becomes of the role; a line of one's own can only be looked at."""
    dialog, card = _open(f"{line.display_name}: {line.role_name}")
    with card:
        if own:
            Text("This is your own role: another supervisor decides on it.", tag="p")
            ActionButton("Close", dialog.close, kind="primary")
            return
        if line.outcome is not None:
            Text(f"{line.outcome.capitalize()} by {line.decided_by or 'somebody'}. {line.note or ''}", tag="p")
            ActionButton("Close", dialog.close, kind="primary")
            return
        Text(
            "Does this person still need this role? Confirm leaves it. Revoke takes it away at once, ends their "
            "sessions and puts their checks back; who is left without a role is deactivated.",
            tag="p",
        )
        note = ui.input("Note; the reason where you revoke").classes("crc-whole")
        note.props(f"outlined dense autofocus maxlength={MAXIMUM_NOTE}")
        error = _error()

        async def decide(outcome: Outcome) -> None:
            if outcome is Outcome.REVOKED and not (note.value or "").strip():
                error.set_text("Say why: the reason is kept with the change.")
                note.run_method("focus")
                return
            dialog.close()
            await on_decide(outcome, note.value or "")

        with Element("div").classes("crc-row"):
            confirm = ActionButton("Confirm", lambda: decide(Outcome.CONFIRMED), kind="primary")
            confirm.set_enabled(line.held)
            ActionButton("Revoke", lambda: decide(Outcome.REVOKED), kind="danger")
            ActionButton("Cancel", dialog.close)


def show_permissions(line: ReportLine) -> None:
    """What a role allows somebody, in words. Draws into the current slot."""
    dialog, card = _open(f"{line.display_name}: {line.role_name}")
    with card:
        limit = limit_text(line)
        Text(f"Queues and types: {reach_text(line)}." + (f" Decides up to: {limit}." if limit else ""), tag="p")
        with Element("ul"):
            for permission in sorted(line.grant.permissions):
                Text(f"{MEANINGS[Permission(permission)]} ({permission})", tag="li")
        ActionButton("Close", dialog.close, kind="primary").props["autofocus"] = True


def _open(title: str) -> tuple[ui.dialog, ui.card]:
    """An open dialog with a heading, taken apart when it closes."""
    with ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column") as card:
        dialog.props["aria-label"] = title
        Text(title, tag="h2")
    dialog.on("hide", dialog.delete)
    return dialog, card


def _error() -> Text:
    error = Text("", tag="p", classes="crc-wrong")
    error.props["role"] = "alert"
    return error
