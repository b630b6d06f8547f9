"""The criteria of all queues applied to what waits: how many checks that would move, and then moving them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui import ui
from nicegui.element import Element

from console.access.ask_panel import ask_reason
from console.actor import Actor
from console.review.queue_settings import QueueSettings
from console.review.rerouting import apply_routing, preview_routing
from console.ui.format import count
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text, panel


class ReroutingPanel:
    """The button, how far the work is, and what came of it. `on_done(actor)` comes when checks were moved."""

    def __init__(self, page: ConsolePage, on_done: Callable[[Actor], Awaitable[Any]]) -> None:
        self._page, self._on_done = page, on_done
        self._names: dict[str, str] = {}
        self._open = 0
        with panel("Apply criteria to waiting checks"), Element("div").classes("crc-part"):
            Text(
                "Criteria hold for checks that come in. Here they are applied to those that wait already, but for "
                "those that somebody holds or was given.",
                tag="p",
                classes="crc-soft",
            )
            self._bar = ui.linear_progress(0, show_value=False).props("rounded")
            self._bar.props["aria-label"] = "Progress"
            self._bar.set_visibility(False)
            self._said = Text("", tag="p")
            self._said.props["role"] = "status"
            with Element("div").classes("crc-row"):
                self._button = ActionButton("Count what would move", page.handler(self._count), icon_name="rule")

    def show(self, settings: Sequence[QueueSettings]) -> None:
        """The queues as they are now."""
        self._names = {one.key: one.definition.name for one in settings}
        self._open = sum(one.open_items for one in settings if not one.is_view)

    async def _count(self, actor: Actor) -> None:
        self._begin()
        try:
            ways = await preview_routing(actor, lambda looked: self._go_on(looked, self._open))
        finally:
            self._end()
        total = sum(ways.values())
        if total == 0:
            self._said.set_text("Every waiting check is where the criteria want it.")
            return
        name = self._names.get
        lines = [
            f"{count(number)} from {name(way.source, way.source)} to {name(way.target, way.target)}"
            for way, number in ways.most_common()
        ]
        self._said.set_text(f"{count(total)} would move: {'; '.join(lines)}.")

        async def apply(acting: Actor, reason: str) -> None:
            await self._apply(acting, reason, total)

        ask_reason(self._page, f"Move {count(total)} checks", "; ".join(lines) + ".", "Move", apply, danger=False)

    async def _apply(self, actor: Actor, reason: str, total: int) -> None:
        self._begin()
        try:
            result = await apply_routing(actor, reason, lambda moved: self._go_on(moved, total))
        finally:
            self._end()
        left = f" {len(result.refused)} were taken meanwhile and stayed." if result.refused else ""
        self._said.set_text(f"{count(len(result.done))} moved.{left}")
        await self._on_done(actor)

    def _begin(self) -> None:
        self._button.set_enabled(False)
        self._bar.set_value(0)
        self._bar.set_visibility(True)

    def _go_on(self, done: int, of: int) -> None:
        self._bar.set_value(min(1.0, done / max(1, of)))

    def _end(self) -> None:
        self._button.set_enabled(True)
        self._bar.set_visibility(False)
