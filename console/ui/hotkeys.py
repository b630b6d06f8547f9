"""The keyboard of a page: one listener in the browser, the sheet under ``?``, one event per key that matters."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from console.ui.keys import Key, Target, collisions
from console.ui.page_keys import mine

OnKey = Callable[[str], Awaitable[None] | None]


def _nothing(action: str) -> None:
    """Of a page none of whose keys reach the server."""


class Hotkeys(Element, component="hotkeys.js", dependencies=["stroke.js"]):
    """Listens to ``keys`` for as long as the page lives.

    Keys of the viewer, the table, the search field and the sheet act in the browser alone. Those of the server call
    ``on_key(action)``. None fires while a text field, a select or an editable element has focus, save those with
    ``in_fields``; ``Esc`` leaves the field. Space and Enter belong to a button that was reached with Tab, and are
    keys again once a button was merely clicked. While a dialog is open, only the dialog has the keyboard.

    Keys that the person of the page has changed are heard as they have them. Raises ``ValueError`` when two collide.
    """

    def __init__(self, keys: Iterable[Key], on_key: OnKey = _nothing) -> None:
        super().__init__()
        self._on_key = on_key
        self._served: frozenset[str] = frozenset()
        self._registered: tuple[Key, ...] | None = None
        self.set_keys(keys)
        self.on("key", self._fired)

    def set_keys(self, keys: Iterable[Key]) -> None:
        """Listen to these keys from now on: what the actor may do at this moment, no more."""
        registered = tuple(keys)
        if registered == self._registered:
            return
        if found := collisions(registered):
            raise ValueError("; ".join(found))
        chosen = tuple(mine(self.client, key) for key in registered)
        if found := collisions(chosen):
            raise ValueError("; ".join(found))
        self._registered = registered
        self._served = frozenset(key.action for key in chosen if key.target is Target.SERVER)
        self.props["keys"] = [{**asdict(key), "strokes": key.strokes, "cap": key.cap} for key in chosen]

    def arrived(self) -> None:
        """What a key has led to is on the screen, or nothing came of it. For each event of a key that `leads`."""
        if not self.is_deleted:
            self.run_method("arrived")

    def _fired(self, event: GenericEventArguments) -> Any:
        # The browser may send anything: only an action of the keys given reaches the page.
        action = event.args
        return self._on_key(action) if isinstance(action, str) and action in self._served else None
