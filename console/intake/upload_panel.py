"""Where files are handed over: a place to drop them and a button; the browser streams each to the server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from console.ui.pieces import Text, icon

_KINDS: Final = "X9.37 or X9.100-187"


class UploadPanel(Element):
    """Takes files up to `limit_mb` each and sends them to `url`, the name percent-encoded in `name_header`.

    `on_refused(words)` is told what was not taken, by the browser or by the server, and why.
    """

    def __init__(self, *, url: str, name_header: str, limit_mb: int, on_refused: Callable[[str], None]) -> None:
        super().__init__("q-uploader")
        self.classes("crc-drop")
        self._limit_mb = limit_mb
        self._on_refused = on_refused
        name = json.dumps(name_header)
        self.props["flat"] = True
        self.props["multiple"] = True
        self.props["auto-upload"] = True
        self.props["send-raw"] = True
        self.props["no-thumbnails"] = True
        self.props["url"] = url
        self.props["max-file-size"] = limit_mb * 1_000_000
        self.props[":headers"] = f"files => [{{ name: {name}, value: encodeURIComponent(files[0].name) }}]"
        # Words about files that came in whole are the server's; what is kept here would only block a second try.
        self.on("finish", js_handler=f"() => getElement({self.id}).reset()")
        self.on(
            "rejected",
            self._rejected,
            js_handler="(refused) => emit(refused.map((one) => [one.file.name, one.failedPropValidation]))",
        )
        self.on(
            "failed",
            self._failed,
            js_handler="({ files, xhr }) => emit(files.map((file) => file.name), xhr.status, xhr.responseText)",
        )
        with self.add_slot("header"):
            self._draw()
        self.add_slot("list")

    def _draw(self) -> None:
        icon("upload_file", classes="crc-drop-icon")
        with Element("div").classes("crc-drop-words"):
            Text("Drop files here", tag="strong")
            Text(f"{_KINDS}, up to {self._limit_mb:,} MB each", classes="crc-soft")
        with Element("label").classes("crc-button crc-primary crc-file-button"):
            Text("Choose files")
            chooser = Element("input").classes("crc-hidden-input")
            chooser.props["type"] = "file"
            chooser.props["multiple"] = True
            chooser.props["aria-label"] = f"Choose files to import, {_KINDS}"
            chooser.on(
                "change",
                js_handler=f"(event) => {{ getElement({self.id}).addFiles(event.target.files);"
                " event.target.value = ''; }",
            )

    def _rejected(self, event: GenericEventArguments) -> None:
        for name, reason in event.args:
            why = (
                f"is larger than {self._limit_mb:,} MB, the most that is taken" if "size" in reason else "is on its way"
            )
            self._on_refused(f"{name} {why}. It was not uploaded.")

    def _failed(self, event: GenericEventArguments) -> None:
        names, status, answer = event.args
        words = _detail(answer) if status else "The connection was lost. Nothing was imported; offer the file again."
        self._on_refused(f"{', '.join(names)}: {words}")


def _detail(answer: str) -> str:
    """What the server said, in its own words."""
    try:
        said = json.loads(answer)
    except ValueError:
        said = {}
    detail = said.get("detail") if isinstance(said, dict) else None
    return detail if isinstance(detail, str) else "The server did not take the file. Nothing was imported."
