"""What the linter finds, and what it is told of an institution's history. Plain data, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """`fault`: the rule does nothing. `doubt`: it does something, and perhaps not what was meant."""

    FAULT = "fault"
    DOUBT = "doubt"


class Kind(StrEnum):
    NEVER_FIRES = "never_fires"
    SHADOWED = "shadowed"
    CONTRADICTS = "contradicts"
    MOSTLY_MISSING = "mostly_missing"
    BEYOND_HISTORY = "beyond_history"
    ROUTES_NOWHERE = "routes_nowhere"


@dataclass(frozen=True)
class Finding:
    """What is wrong, where (keys and indexes of the document, as `faults.Fault.keys`), and in words.

    `rule_id` None: it is about a threshold.
    """

    kind: Kind
    severity: Severity
    rule_id: str | None
    keys: tuple[str | int, ...]
    words: str


@dataclass(frozen=True)
class FieldSeen:
    """A field over the history: on how many items it is known, and between what it lay (None: not a number)."""

    known: int
    lowest: Decimal | None = None
    highest: Decimal | None = None


@dataclass(frozen=True)
class Statistics:
    """What the linter is told of the institution. `lists`: keys of lists and how much each holds; None: not looked at,
    as with `queues`, the keys of those that are open."""

    items: int = 0
    fields: Mapping[str, FieldSeen] = field(default_factory=dict)
    lists: Mapping[str, int] | None = None
    queues: frozenset[str] | None = None

    @property
    def named(self) -> str:
        """The history, in a sentence."""
        return f"the last {self.items:,} checks" if self.items else "the history"


NOTHING_KNOWN: Final = Statistics()
