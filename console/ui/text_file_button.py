"""A button that reads a small text file in the browser and hands its words over: nothing is uploaded beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from console.ui.pieces import Text, icon


class TextFileButton(Element):
    """``on_text(name, text)`` comes with the file, ``on_refused(words)`` where it is longer than ``limit`` bytes."""

    def __init__(
        self,
        label: str,
        *,
        accept: str,
        limit: int,
        on_text: Callable[[str, str], Any],
        on_refused: Callable[[str], Any],
    ) -> None:
        super().__init__("label")
        self.classes("crc-button crc-plain crc-file-button")
        self._limit, self._on_text, self._on_refused = limit, on_text, on_refused
        with self:
            icon("attach_file")
            Text(label)
            chooser = Element("input").classes("crc-hidden-input")
            chooser.props["type"] = "file"
            chooser.props["accept"] = accept
            chooser.props["aria-label"] = label
            chooser.on(
                "change",
                self._chosen,
                js_handler=f"""async (event) => {{
                    const file = event.target.files[0];
                    if (!file) return;
                    emit(file.name, file.size > {limit} ? null : await file.text());
                    event.target.value = '';
                }}""",
            )

    def _chosen(self, event: GenericEventArguments) -> Any:
        name, text = event.args
        # The browser may send anything.
        if not isinstance(name, str) or not isinstance(text, str) or len(text) > self._limit:
            return self._on_refused(f"This file is longer than {self._limit // 1000:,} kB.")
        return self._on_text(name, text)
