"""A field for several lines in which `@` offers people by name."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

MAX_SEARCH = 64


class MentionField(Element, component="mention_field.js"):
    """What is typed is in ``text``. ``on_search(prefix)`` comes when a name is begun, and is answered with `offer`;
    ``on_send()`` comes for ``Ctrl+Enter``, after what was typed.

    ``name`` is its ``data-focus``; ``max_length`` bounds it in characters, here as well as in the browser.
    """

    def __init__(
        self,
        label: str,
        *,
        name: str,
        max_length: int,
        text: str = "",
        on_search: Callable[[str], Awaitable[Any]],
        on_send: Callable[[], Awaitable[Any]],
        on_change: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__()
        self.text, self._begun = text, ""
        self._max_length, self._on_change, self._on_search = max_length, on_change, on_search
        self.classes("crc-mention")
        self.props["label"] = label
        self.props["name"] = name
        self.props["max"] = max_length
        self.props["start"] = text
        self.props["found"] = {"prefix": "", "people": []}
        self.on("change", self._changed)
        self.on("search", self._searched)
        self.on("send", lambda _: on_send(), [])

    def offer(self, prefix: str, people: Iterable[tuple[str, str]]) -> None:
        """Offer these people, each a username and a name, to who has typed ``prefix``; an answer that comes late,
        when more has been typed, offers nothing."""
        if prefix != self._begun:
            return
        self.props["found"] = {"prefix": prefix, "people": [list(one) for one in people]}

    def clear_text(self) -> None:
        """Empty it: what was typed is sent."""
        self.text = ""
        self.run_method("empty")

    def focus(self) -> None:
        """Put the cursor into it."""
        self.run_method("focus")

    def _changed(self, event: GenericEventArguments) -> None:
        # The browser may send anything.
        self.text = str(event.args)[: self._max_length] if isinstance(event.args, str) else ""
        if self._on_change:
            self._on_change(self.text)

    def _searched(self, event: GenericEventArguments) -> Any:
        if not isinstance(event.args, str):
            return None
        self._begun = event.args[:MAX_SEARCH]
        return self._on_search(self._begun)
