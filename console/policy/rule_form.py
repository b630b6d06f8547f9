"""The rule that is open in a builder: where it stands, and how its parts are changed. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from console.policy.editing import Path, at, move, put, take_out
from console.policy.editor_state import EditorState
from console.policy.faults import Fault
from console.policy.vocabulary import Vocabulary

Node = dict[str, Any]


def focus_name(path: Path) -> str:
    """What the input of a part of the document is called for the cursor."""
    return ".".join(map(str, path))


class RuleForm:
    """One rule of the document. Paths begin inside the rule; `redraw(cursor)` draws its builder anew.

    What draws a part adds its `refresh` to `parts`: it shows what is wrong with it now.
    """

    def __init__(self, state: EditorState, vocabulary: Vocabulary, place: int, redraw: Callable[[Path], None]) -> None:
        self.state, self.vocabulary, self.place, self._redraw = state, vocabulary, place, redraw
        self.parts: list[Callable[[], None]] = []

    def whole(self, path: Path) -> Path:
        """The path from the document's beginning."""
        return ("rules", self.place, *path)

    def value(self, path: Path) -> Any:
        """What stands at a path."""
        return at(self.state.document, self.whole(path))

    def cursor(self, path: Path) -> str:
        """What the input of a path is called for the cursor."""
        return focus_name(self.whole(path))

    def faults(self, path: Path, *, below: bool = False) -> list[Fault]:
        """What is wrong at a path, or under it."""
        return self.state.faults_at(self.whole(path), below=below)

    def put(self, path: Path, value: Any, label: str, *, typing: bool = False) -> None:
        """Set what stands at a path; its input shows it already."""
        if value is None and self.value(path) is None:
            return
        self.state.put(self.whole(path), value, f"{label} of “{self._name}”", typing=typing)

    def leave_out(self, path: Path, label: str) -> None:
        """Take a key out, as where a field was emptied."""
        if self.value(path) is not None:
            self.state.change(take_out(self.state.document, self.whole(path)), f"{label} of “{self._name}”")

    def replace(self, path: Path, value: Any, label: str, cursor: Path) -> None:
        """Put another part in, and draw the builder anew with the cursor there."""
        self._change(put(self.state.document, self.whole(path), value), label, cursor)

    def add(self, path: Path, value: Any, label: str, cursor: Path) -> None:
        """Add to the list at a path."""
        several = [*(self.value(path) or []), value]
        self._change(put(self.state.document, self.whole(path), several), label, cursor)

    def take_out(self, path: Path, label: str, cursor: Path) -> None:
        """Take a part out of its list."""
        self._change(take_out(self.state.document, self.whole(path)), label, cursor)

    def move(self, path: Path, by: int, label: str, cursor: Path) -> None:
        """Move a part within its list."""
        self._change(move(self.state.document, self.whole(path), by), label, cursor)

    @property
    def _name(self) -> str:
        return self.value(("name",)) or "a new rule"

    def _change(self, document: Node, label: str, cursor: Path) -> None:
        self.state.change(document, f"{label} of “{self._name}”")
        self._redraw(cursor)
