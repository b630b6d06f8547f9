"""The dialogs that change a list: entries to be proposed, typed, pasted or from a CSV file, and its name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui
from nicegui.element import Element

from console.access.reason import MAXIMUM_REASON
from console.actor import Actor
from console.policy.list_changes import propose_entries
from console.policy.list_values import KINDS, MAX_TEXT, BadEntry, read_lines
from console.policy.lists import MAX_NAME, MAX_NOTE, ListRow, rename_list
from console.ui.format import count
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text
from console.ui.still import Still, node
from console.ui.text_file_button import TextFileButton

Done = Callable[[Actor, str], Awaitable[Any]]
# Faulty lines that are named; the others are counted.
_NAMED = 20


def ask_entries(page: ConsolePage, row: ListRow, on_done: Done) -> None:
    """Ask for entries and a reason. Nothing is proposed while a line is wrong: each is named."""
    with page.client:
        _Dialog(page, row, on_done)


class _Dialog:
    def __init__(self, page: ConsolePage, row: ListRow, on_done: Done) -> None:
        self._page, self._row, self._on_done = page, row, on_done
        kind = KINDS[row.kind]
        with ui.dialog(value=True) as self._dialog, ui.card().classes("crc-ask crc-column crc-wide"):
            self._dialog.props["aria-label"] = f"Add {kind.many}"
            Text(f"Add {kind.many}", tag="h2")
            Text(f"One a line, then a comma and a note where there is one. {kind.wanted}", tag="p")
            Text("Somebody else approves them before rules know of them.", tag="p", classes="crc-soft")
            self._text = ui.textarea("Entries").classes("crc-entries-text")
            self._text.props(f"outlined dense autofocus maxlength={MAX_TEXT}")
            self._said = Still()
            self._said.props["role"] = "alert"
            self._reason = ui.textarea("Reason")
            self._reason.props(f"outlined dense autogrow rows=2 maxlength={MAXIMUM_REASON}")
            with Element("div").classes("crc-row"):
                ActionButton("Propose", page.handler(self._add), kind="primary")
                TextFileButton(
                    "Choose a CSV file",
                    accept=".csv,.txt,text/csv,text/plain",
                    limit=MAX_TEXT,
                    on_text=self._take,
                    on_refused=self._say,
                )
                ActionButton("Cancel", self._dialog.close)
        self._dialog.on("hide", self._dialog.delete)

    def _take(self, _: str, text: str) -> None:
        self._text.set_value(text)
        self._said.show([])

    async def _add(self, actor: Actor) -> None:
        try:
            lines = read_lines(self._row.kind, self._text.value or "")
        except BadEntry as error:
            self._say(str(error))
            return
        if lines.faults:
            named = [f"Line {one.line}, “{one.text}”: {one.message}" for one in lines.faults[:_NAMED]]
            more = len(lines.faults) - _NAMED
            self._say(
                "Nothing was proposed: put these right.", *named, *([f"and {count(more)} more"] if more > 0 else [])
            )
            return
        if not lines.entries:
            self._say("Nothing is written here.")
            return
        done = await propose_entries(actor, self._row.id, lines.entries, self._reason.value or "")
        known = f", {count(done.needless)} were there already" if done.needless else ""
        self._dialog.close()
        await self._on_done(actor, f"Proposed: {count(done.waiting)} wait for a second person{known}.")

    def _say(self, words: str, *faults: str) -> None:
        lines = [node("ul", *(node("li", fault) for fault in faults))] if faults else []
        self._said.show([node("div", node("strong", words), *lines, class_="crc-faults crc-faults-wide")])


def ask_name(page: ConsolePage, row: ListRow, on_done: Done) -> None:
    """Ask how the list is to be called."""
    with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
        dialog.props["aria-label"] = "Name the list"
        Text("Name the list", tag="h2")
        Text("Rules go on to find it: they name it by a key that does not change.", tag="p")
        name = ui.input("Name", value=row.name).props(f"dense outlined autofocus maxlength={MAX_NAME}")
        note = ui.input("What it is for", value=row.note).props(f"dense outlined maxlength={MAX_NOTE}")
        reason = ui.textarea("Reason").props(f"outlined dense autogrow rows=2 maxlength={MAXIMUM_REASON}")

        async def save(actor: Actor) -> None:
            await rename_list(actor, row.id, name.value or "", note.value or "", row.version, reason.value or "")
            dialog.close()
            await on_done(actor, "Saved.")

        with Element("div").classes("crc-row"):
            ActionButton("Save", page.handler(save), kind="primary")
            ActionButton("Cancel", dialog.close)
    dialog.on("hide", dialog.delete)
