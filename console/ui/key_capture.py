"""A place that hears one keystroke: for choosing a key by pressing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

MAX_STROKE = 30


class KeyCapture(Element, component="key_capture.js", dependencies=["stroke.js"]):
    """Hears the next key as soon as it is there, whatever has the focus.

    ``on_pressed(key)`` comes with the key as the registry writes it; empty for Esc.
    """

    def __init__(self, label: str, on_pressed: Callable[[str], Any]) -> None:
        super().__init__()
        self.props["label"] = label
        self._on_pressed = on_pressed
        self.on("pressed", self._pressed)

    def _pressed(self, event: GenericEventArguments) -> Any:
        key = event.args
        return self._on_pressed(key[:MAX_STROKE]) if isinstance(key, str) else None
