"""The dialog in which a policy's document is pasted or chosen as a file; everything wrong with it is listed."""

from __future__ import annotations

from nicegui import ui
from nicegui.element import Element

from console.actor import Actor
from console.policy.document_text import MAX_TEXT, UnreadableText
from console.policy.faults import InvalidDocument
from console.policy.transfer import import_draft
from console.policy.version_list import read_version
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text
from console.ui.still import Still, node
from console.ui.text_file_button import TextFileButton


def ask_import(page: ConsolePage) -> None:
    """Ask for a document, make a draft of it and open that."""
    with page.client:
        _Dialog(page)


class _Dialog:
    def __init__(self, page: ConsolePage) -> None:
        self._page, self._name = page, ""
        with ui.dialog(value=True) as self._dialog, ui.card().classes("crc-ask crc-column crc-wide"):
            self._dialog.props["aria-label"] = "Import a policy"
            Text("Import a policy", tag="h2")
            Text("Thresholds and rules as JSON or YAML, as another version exports them. They become a draft.", tag="p")
            self._text = ui.textarea("JSON or YAML").classes("crc-import-text")
            self._text.props(f"outlined dense autofocus maxlength={MAX_TEXT} input-class=crc-mono")
            self._faults = Still()
            self._faults.props["role"] = "alert"
            with Element("div").classes("crc-row"):
                ActionButton("Make a draft of it", page.handler(self._import), kind="primary")
                TextFileButton(
                    "Choose a file", accept=".json,.yaml,.yml", limit=MAX_TEXT, on_text=self._take, on_refused=self._say
                )
                ActionButton("Cancel", self._dialog.close)
        self._dialog.on("hide", self._dialog.delete)

    def _take(self, name: str, text: str) -> None:
        self._name = name
        self._text.set_value(text)
        self._faults.show([])

    async def _import(self, actor: Actor) -> None:
        try:
            made = await import_draft(actor, self._text.value or "", self._name)
        except UnreadableText as error:
            self._say(str(error))
            return
        except InvalidDocument as error:
            self._say("This is no policy. Nothing was made of it.", *(str(fault) for fault in error.faults))
            return
        shown = await read_version(actor, made)
        self._dialog.close()
        self._page.client.open(f"/policy/{shown.row.number}")

    def _say(self, words: str, *faults: str) -> None:
        lines = [node("ul", *(node("li", fault) for fault in faults))] if faults else []
        self._faults.show([node("div", node("strong", words), *lines, class_="crc-faults crc-faults-wide")])
