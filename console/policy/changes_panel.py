"""What a draft has otherwise than the version that it was made from, in words."""

from __future__ import annotations

from nicegui import ui
from nicegui.element import Element

from console.policy.difference import differences
from console.policy.drafting import OpenedDraft
from console.policy.editor_state import EditorState
from console.policy.sentences import Names
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text


def show_changes(page: ConsolePage, opened: OpenedDraft, state: EditorState, names: Names) -> None:
    """A dialog with a line for each change."""
    against = f"version {opened.base.number}" if opened.base else "its beginning"
    changes = differences(state.base, state.document, names)
    with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column crc-wide"):
        dialog.props["aria-label"] = f"Changes against {against}"
        Text(f"Changes against {against}", tag="h2")
        with Element("ul").classes("crc-lines crc-policy-changes"):
            for one in changes:
                with Element("li"):
                    Text(one.words, classes="crc-strong")
                    for detail in one.details:
                        Text(detail, tag="p", classes="crc-soft")
            if not changes:
                Text("Nothing differs.", tag="li")
        with Element("div").classes("crc-row"):
            ActionButton("Close", dialog.close)
    dialog.on("hide", dialog.delete)
