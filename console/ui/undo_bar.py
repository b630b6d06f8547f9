"""What was done last, the button that takes it back, and the seconds in which that is possible."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from nicegui.element import Element

from console.ui.format import epoch_ms
from console.ui.keys import Key
from console.ui.page_keys import mine


class UndoBar(Element, component="undo_bar.js", dependencies=["crc_clock.js"]):
    """Shows nothing until :meth:`show`; counts down in the browser, and vanishes by itself at the end."""

    def __init__(self, on_undo: Callable[[], Any], *, key: Key) -> None:
        super().__init__()
        self.props["waiting"] = None
        self.props["cap"] = mine(self.client, key).cap
        self.on("undo", lambda _: on_undo(), [])

    def show(self, words: str, due: datetime, *, now: datetime, more: str = "") -> None:
        """Show what was done; until ``due`` it can be taken back. ``now`` is the server's time."""
        self.props["waiting"] = {"words": words, "due": epoch_ms(due), "now": epoch_ms(now), "more": more}

    def end(self) -> None:
        """There is nothing to take back."""
        self.props["waiting"] = None
