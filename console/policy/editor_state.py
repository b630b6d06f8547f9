"""What one open editor works on: the document, what is saved of it, and what is wrong with it. No I/O.

Each change tells whoever watches; what takes time (what is wrong, what has changed) is worked out by `settle`, which a
page calls once the typing rests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from console.policy.changed_parts import ChangedParts, changed_parts
from console.policy.checking import Checker, Usable
from console.policy.drafting import OpenedDraft, SavedDraft
from console.policy.editing import Document, Editing, Path, at, put
from console.policy.faults import Fault
from console.policy.findings import Finding
from console.policy.threshold_words import THRESHOLDS, Unit

_WHOLE: Final = {Unit.MINUTES, Unit.SECONDS, Unit.DAYS, Unit.MONTHS, Unit.CHECKS, Unit.SERIALS}
_AMOUNT: Final = re.compile(r"\d{1,12}(?:\.\d{0,2})?", re.ASCII)


class EditorState:
    """The document of one page. `saved` and `revision` are what the draft had when the changes began."""

    def __init__(self, opened: OpenedDraft) -> None:
        own = opened.own
        self.editing = Editing(own.document if own else opened.document)
        self.saved: Document = own.base if own else opened.document
        self.revision = own.revision if own else opened.revision
        # What it is held against: the version that it was made from.
        self.base: Document = opened.base.document if opened.base else opened.document
        self.active: Document = opened.active.document if opened.active else self.base
        self.faults: tuple[Fault, ...]
        self.usable: Usable
        self.unsaved: bool
        self.changes: ChangedParts
        # What the linter found last: it follows the typing at some distance.
        self.findings: tuple[Finding, ...] = ()
        self._checker = Checker()
        self._watchers: list[Callable[[], None]] = []
        self.settle()

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self.editing.document

    @property
    def rules(self) -> list[Any]:
        """Its rules, in their order."""
        found: list[Any] = self.document.get("rules", [])
        return found

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed()` after every change."""
        self._watchers.append(changed)

    def put(self, path: Path, value: Any, label: str, *, typing: bool = False) -> None:
        """Set what stands at a path."""
        self.editing.put(path, value, label, typing=typing)
        self._tell()

    def change(self, document: Document, label: str) -> None:
        """Have another document, as one step."""
        self.editing.change(document, label)
        self._tell()

    def undo(self) -> bool:
        """Take the last step back."""
        return self._told(self.editing.undo())

    def redo(self) -> bool:
        """Do the last step that was taken back again."""
        return self._told(self.editing.redo())

    def settle(self) -> None:
        """Work out what is wrong, what is unsaved, and what differs from the version that it was made from."""
        checked = self._checker.check(self.document)
        self.faults, self.usable = checked.faults, checked.usable
        self.unsaved = checked.normal != self.saved
        self.changes = changed_parts(self.base, checked.normal)

    def was_saved(self, saved: SavedDraft, sent: Document) -> None:
        """The draft in the database is this now; what was typed since `sent` went there is unsaved."""
        self.saved, self.revision = saved.document, saved.revision
        if self.document == sent:
            # In the form in which it is stored, as nobody's step.
            self.editing.document = saved.document
        self.settle()

    def begin_again(self, document: Document, revision: int) -> None:
        """Go on with what somebody else saved. One step back is what was here."""
        self.saved, self.revision = document, revision
        self.change(document, "what was saved by others")
        self.settle()

    def faults_at(self, path: Path, *, below: bool = False) -> list[Fault]:
        """What is wrong at a path; `below`: or anywhere under it."""
        size = len(path)
        return [one for one in self.faults if (one.keys[:size] if below else one.keys) == path]

    def found(self, findings: Sequence[Finding]) -> bool:
        """The linter found these; whether they are others than before."""
        before, self.findings = self.findings, tuple(findings)
        return self.findings != before

    def findings_of(self, rule_id: str | None, threshold: str = "") -> tuple[Finding, ...]:
        """What the linter found of a rule, or (`rule_id` None) of a threshold."""
        return tuple(one for one in self.findings if one.rule_id == rule_id and (rule_id or one.keys[-1] == threshold))

    def place_of(self, rule_id: str) -> int | None:
        """Where a rule stands among the rules."""
        return next((place for place, rule in enumerate(self.rules) if rule.get("id") == rule_id), None)

    def set_threshold(self, name: str, typed: str | bool) -> None:
        """Set a threshold to what was typed."""
        words = THRESHOLDS[name]
        self.put(("thresholds", name), typed_threshold(name, typed), words.label, typing=not isinstance(typed, bool))

    def reset_threshold(self, name: str) -> None:
        """Set a threshold to what it is in the version that judges now."""
        value = at(self.active, ("thresholds", name))
        self.change(put(self.document, ("thresholds", name), value), f"{THRESHOLDS[name].label} as it is active")

    def _told(self, happened: bool) -> bool:
        if happened:
            self._tell()
        return happened

    def _tell(self) -> None:
        for changed in self._watchers:
            changed()


def typed_threshold(name: str, typed: str | bool) -> Any:
    """What was typed, as the document has it; what is no number stays as it was typed, and is a fault."""
    if isinstance(typed, bool):
        return typed
    text, unit = typed.strip().replace(",", "").lstrip("$"), THRESHOLDS[name].unit
    if unit in _WHOLE and text.isascii() and text.isdigit():
        return int(text)
    # One text for one amount.
    return f"{Decimal(text):.2f}" if unit is Unit.DOLLARS and _AMOUNT.fullmatch(text) else text
