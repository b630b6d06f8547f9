"""The linter beside an editor: it looks again once the typing rests, in a thread of its own, and shows nothing old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import anyio.to_thread

from console.actor import Actor
from console.policy.checking import Usable
from console.policy.editor_state import EditorState
from console.policy.faults import read_document
from console.policy.findings import Statistics
from console.policy.history_statistics import history_statistics
from console.policy.linter import lint


class Linting:
    """Keeps the findings of one open editor in its state; `on_found()` is told when they are others."""

    def __init__(self, state: EditorState, zone: ZoneInfo, on_found: Callable[[], Any]) -> None:
        self._state, self._zone, self._on_found = state, zone, on_found
        # Read once: what is usual does not change while somebody writes.
        self._statistics: Statistics | None = None
        self._looking = False
        self._looked_at: Usable | None = None

    async def look(self, actor: Actor) -> None:
        """Hold what is valid of the document against the history; changed meanwhile, hold it again."""
        if self._looking:
            return
        self._looking = True
        try:
            if self._statistics is None:
                self._statistics = await history_statistics(actor)
            while self._looked_at is not self._state.usable:
                self._looked_at = self._state.usable
                await self._look_at(self._looked_at, self._statistics)
        finally:
            self._looking = False

    async def _look_at(self, usable: Usable, statistics: Statistics) -> None:
        # Thresholds that are not valid yet: those that judge now stand in for them.
        instead = read_document({"thresholds": self._state.active["thresholds"]}).thresholds
        day = datetime.now(UTC).astimezone(self._zone).date()
        found = await anyio.to_thread.run_sync(lint, usable.document(instead), statistics, day)
        if usable.thresholds is None:
            found = [one for one in found if one.rule_id is not None]
        if usable is self._state.usable and self._state.found(found):
            self._on_found()
