"""The evidence of a decision: exactly what the decider saw, hashed onto the item's previous decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from console.actor import Actor
from console.audit.canonical import canonical, chained_hash
from console.review.item_view import ItemView
from db.models import Decision

# A page cannot claim to have shown a side for longer than a day.
MAX_VIEWED_MS = 86_400_000
# A side on screen for less was passed by, not looked at: nobody takes in a picture in less than a third of a second.
LEAST_VIEWED_MS = 300


@dataclass(frozen=True)
class Seen:
    """What the page showed when the person chose: the item's version, the view's digest, and how long each
    side was on screen, in milliseconds by side (`front`, `back`)."""

    version: int
    digest: str
    viewed_ms: dict[str, int] = field(default_factory=dict)

    def viewed(self) -> dict[str, int]:
        """The times, bounded; unknown sides are left out."""
        return {
            side: max(0, min(int(ms), MAX_VIEWED_MS))
            for side, ms in self.viewed_ms.items()
            if side in {"front", "back"}
        }

    def looked_at(self, side: str) -> bool:
        """Whether this side was on screen long enough to be seen."""
        return self.viewed().get(side, 0) >= LEAST_VIEWED_MS


@dataclass(frozen=True)
class NewEvidence:
    """A row of evidence that is to be written: `snapshot` is canonical JSON, `hash` SHA-256 over it and `previous`."""

    decision: UUID
    institution: UUID
    item: UUID
    snapshot: str
    previous: bytes | None
    hash: bytes


def evidence_of(decision: Decision, actor: Actor, view: ItemView, seen: Seen, previous: bytes | None) -> NewEvidence:
    """The evidence of a decision whose row is written; `previous` is the hash of that of the item's decision before."""
    snapshot = _snapshot(actor, decision, view, seen)
    hashed = chained_hash(previous, snapshot)
    return NewEvidence(decision.id, actor.institution_id, view.id, snapshot, previous, hashed)


def _snapshot(actor: Actor, decision: Decision, view: ItemView, seen: Seen) -> str:
    """The canonical text. What was shown is most of it, and is in that form already; its key comes third."""
    decider = {"id": actor.user_id, "name": actor.name, "roles": sorted(actor.roles), "session": actor.session}
    before = canonical({"decider": decider, "decision": _decision_values(decision)})
    return f'{before[:-1]},"shown":{view.shown},"viewed_ms":{canonical(seen.viewed())}}}'


# The columns of a decision that its snapshot repeats, so that a changed decision row is found as well.
DECISION_COLUMNS = tuple(column.key for column in Decision.__mapper__.column_attrs if column.key != "institution_id")


def _decision_values(decision: Decision) -> dict[str, Any]:
    return {column: getattr(decision, column) for column in DECISION_COLUMNS}
