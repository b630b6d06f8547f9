"""Asks what to do where somebody else saved the draft meanwhile: take theirs, put mine over it, or keep both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui
from nicegui.element import Element

from console.actor import Actor
from console.policy.difference import Change, differences
from console.policy.editor_state import EditorState
from console.policy.errors import ChangedMeanwhile
from console.policy.merging import merged as merge
from console.policy.sentences import Names
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text

Work = Callable[[Actor], Awaitable[None]]


def ask_which(
    page: ConsolePage, state: EditorState, conflict: ChangedMeanwhile, names: Names, *,
    theirs: Work, over: Work, merged: Callable[[Actor, dict[str, Any]], Awaitable[None]],
) -> None:  # fmt: skip
    """Show what both changed since the draft was opened, and do what is chosen. Cancelling changes nothing."""
    both = merge(state.saved, state.document, conflict.document)
    with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column crc-wide"):
        dialog.props["aria-label"] = f"{conflict.who} saved this draft meanwhile"
        Text(f"{conflict.who} saved this draft meanwhile", tag="h2")
        Text("Nothing of yours was saved or lost.", tag="p")
        with Element("div").classes("crc-conflict"):
            _list(f"{conflict.who} changed", differences(state.saved, conflict.document, names))
            _list("You changed", differences(state.saved, state.document, names))

        def choose(work: Callable[..., Awaitable[Any]], *given: Any) -> Callable[[], Awaitable[None]]:
            async def chosen() -> None:
                dialog.close()
                await page.run(work, *given)

            return chosen

        with Element("div").classes("crc-row crc-wraps"):
            if both is not None:
                ActionButton("Keep both and save", choose(merged, both), kind="primary")
            ActionButton("Put mine over it", choose(over), kind="danger")
            ActionButton("Take theirs", choose(theirs))
            ActionButton("Look again first", dialog.close)
        words = "You touched different parts, so both can be kept. " if both is not None else ""
        Text(f"{words}Over it: what you did not change stays as you see it, and theirs is gone. Taking theirs can be "
             "undone.", tag="p", classes="crc-soft")  # fmt: skip
    dialog.on("hide", dialog.delete)


def _list(title: str, changes: tuple[Change, ...]) -> None:
    with Element("section") as part:
        part.props["aria-label"] = title
        Text(title, tag="h3")
        with Element("ul").classes("crc-lines"):
            for one in changes:
                Text("; ".join([one.words, *one.details]), tag="li")
            if not changes:
                Text("Nothing.", tag="li")
