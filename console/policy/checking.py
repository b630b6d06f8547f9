"""What is wrong with a document that is being changed, worked out anew only for what has changed. No I/O.

A change leaves every rule that it does not touch the same object, so what was found of that one still holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from console.policy.editing import Document
from console.policy.faults import MAX_FAULTS, Fault, InvalidDocument, read_document, read_rule
from console.policy.model import PolicyDocument, Rule, Thresholds

# Rules remembered beside those of the document, for undo: more are forgotten.
_MOST: Final = 2_000


@dataclass(frozen=True)
class Usable:
    """The parts of a document that are valid, and what was left out. `thresholds` None: they are not."""

    thresholds: Thresholds | None
    rules: tuple[Rule, ...]
    left_out: tuple[str, ...]

    def document(self, instead: Thresholds) -> PolicyDocument:
        """A document of these parts, with other thresholds in place of those that are not valid."""
        return PolicyDocument(thresholds=self.thresholds or instead, rules=self.rules)


@dataclass(frozen=True)
class Checked:
    """What a check found: the faults, the document as it would be stored, and its valid parts."""

    faults: tuple[Fault, ...]
    normal: Document
    usable: Usable


@dataclass(frozen=True)
class _Read:
    rule: Any
    model: Rule | None
    normal: Any
    faults: tuple[Fault, ...]


class Checker:
    """Checks one document again and again."""

    def __init__(self) -> None:
        self._read: dict[int, _Read] = {}

    def check(self, document: Document) -> Checked:
        """What is wrong with the document now. Whether two rules have one id is left to the saving."""
        thresholds, own = _thresholds(document.get("thresholds", {}))
        faults = list(own)
        read = [self._rule(rule) for rule in document.get("rules", ())]
        for place, one in enumerate(read):
            name = str((one.rule or {}).get("name") or place + 1).strip()[:80]
            faults += [Fault(("rules", name, *f.path), f.message, ("rules", place, *f.keys)) for f in one.faults]
        normal = {**document, "rules": [one.normal for one in read]}
        if thresholds is not None:
            normal["thresholds"] = thresholds.model_dump(mode="json")
        left_out = [] if thresholds is not None else ["its thresholds"]
        left_out += [str(one.rule.get("name") or "a rule without a name") for one in read if one.model is None]
        usable = Usable(thresholds, tuple(one.model for one in read if one.model), tuple(left_out))
        return Checked(tuple(faults[:MAX_FAULTS]), normal, usable)

    def _rule(self, rule: Any) -> _Read:
        known = self._read.get(id(rule))
        if known is not None and known.rule is rule:
            return known
        if len(self._read) >= _MOST:
            self._read.clear()
        try:
            model = read_rule(rule)
            found = _Read(rule, model, model.model_dump(mode="json"), ())
        except InvalidDocument as error:
            found = _Read(rule, None, rule, error.faults)
        # Held by what is remembered, so that no other object can have its id.
        self._read[id(rule)] = found
        return found


def usable_parts(document: Document) -> Usable:
    """The valid parts of a document that is checked once."""
    return Checker().check(document).usable


def _thresholds(values: Any) -> tuple[Thresholds | None, tuple[Fault, ...]]:
    try:
        return read_document({"thresholds": values}).thresholds, ()
    except InvalidDocument as error:
        return None, error.faults
