"""A button that sends one file to an address of ours, as the body of a request."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from console.ui.pieces import Text, icon

NAME_HEADER = "X-File-Name"


class FileButton(Element):
    """The browser streams the file to the present ``url``, its name percent-encoded in `NAME_HEADER`.

    ``on_sent()`` comes once the server has it, ``on_refused(words)`` with what browser or server did not take.
    """

    def __init__(
        self,
        label: str,
        *,
        accept: str,
        limit_mb: int,
        on_sent: Callable[[], Awaitable[Any]],
        on_refused: Callable[[str], Any],
    ) -> None:
        super().__init__("q-uploader")
        self.classes("crc-file-sender")
        self._limit_mb, self._on_refused = limit_mb, on_refused
        self.props["flat"] = True
        self.props["auto-upload"] = True
        self.props["send-raw"] = True
        self.props["no-thumbnails"] = True
        self.props["max-file-size"] = limit_mb * 1_000_000
        name = json.dumps(NAME_HEADER)
        self.props[":headers"] = f"files => [{{ name: {name}, value: encodeURIComponent(files[0].name) }}]"
        self.on("uploaded", lambda _: on_sent(), [])
        # What came in, or was refused, would only block the next one.
        self.on("finish", js_handler=f"() => getElement({self.id}).reset()")
        self.on("rejected", self._rejected, js_handler="(refused) => emit(refused[0].file.name)")
        self.on("failed", self._failed, js_handler="({ xhr }) => emit(xhr.status, xhr.responseText)")
        with self.add_slot("header"), Element("label").classes("crc-button crc-quiet crc-file-button"):
            icon("attach_file")
            Text(label)
            chooser = Element("input").classes("crc-hidden-input")
            chooser.props["type"] = "file"
            chooser.props["accept"] = accept
            chooser.props["aria-label"] = label
            chooser.on(
                "change",
                js_handler=f"(event) => {{ getElement({self.id}).addFiles(event.target.files);"
                " event.target.value = ''; }",
            )
        self.add_slot("list")

    def set_url(self, url: str) -> None:
        """Send what is chosen from now on to this address."""
        self.props["url"] = url

    def _rejected(self, event: GenericEventArguments) -> None:
        self._on_refused(f"{event.args} is larger than {self._limit_mb:,} MB, the most that is taken.")

    def _failed(self, event: GenericEventArguments) -> None:
        status, answer = event.args
        self._on_refused(_detail(answer) if status else "The connection was lost. Nothing was sent; try again.")


def _detail(answer: str) -> str:
    """What the server said, in its own words."""
    try:
        said = json.loads(answer)
    except ValueError:
        said = {}
    detail = said.get("detail") if isinstance(said, dict) else None
    return detail if isinstance(detail, str) else "The server did not take the file."
