"""The evidence of a decision: exactly what the decider saw, hashed onto the item's previous decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.audit.canonical import canonical, chained_hash
from console.review.item_view import ItemView
from db.models import Decision, Evidence

# A page cannot claim to have shown a side for longer than a day.
MAX_VIEWED_MS = 86_400_000


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


async def keep_evidence(
    session: AsyncSession, actor: Actor, decision: Decision, view: ItemView, seen: Seen, previous: bytes | None
) -> Evidence:
    """Write the snapshot of a decision, in the decision's own transaction; `previous` is the hash of the evidence of
    the item's decision before it."""
    snapshot = canonical(
        {
            "decision": _decision_values(decision),
            "decider": {
                "id": actor.user_id,
                "name": actor.name,
                "roles": sorted(actor.roles),
                "session": actor.session,
            },
            "shown": view.shown(),
            "viewed_ms": seen.viewed(),
        }
    )
    evidence = Evidence(
        decision_id=decision.id,
        institution_id=actor.institution_id,
        item_id=view.id,
        snapshot=snapshot,
        previous_hash=previous,
        hash=chained_hash(previous, snapshot),
    )
    session.add(evidence)
    await session.flush()
    return evidence


# The columns of a decision that its snapshot repeats, so that a changed decision row is found as well.
DECISION_COLUMNS = tuple(column.key for column in Decision.__mapper__.column_attrs if column.key != "institution_id")


def _decision_values(decision: Decision) -> dict[str, Any]:
    return {column: getattr(decision, column) for column in DECISION_COLUMNS}
