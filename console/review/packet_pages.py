"""A decision's snapshot as a document to read: every value that the decider was shown, with its place. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from console.access.pdf_table import Document

# Longer values stand in the snapshot; a cell of the table need not hold a letter.
_MAX_VALUE: Final = 600


def document_of(snapshot: dict[str, Any], sequence: int, hash_: str, institution: str) -> Document:
    """The document of the item's `sequence`-th decision, whose evidence has this hash (hexadecimal)."""
    decision, decider = snapshot["decision"], snapshot["decider"]
    title = f"Decision {sequence} on check {decision['item_id']}"
    viewed = ", ".join(f"{side} {ms / 1000:.1f} s" for side, ms in sorted(snapshot["viewed_ms"].items()))
    return Document(
        title=title,
        facts=(
            f"{institution}. {decider['name']} ({', '.join(decider['roles'])}) chose “{decision['action']}” as "
            f"{decision['stage'].replace('_', ' ')} at {decision['decided_at']}.",
            f"On screen: {viewed or 'no image'}. All times are UTC; what is not in this list was not shown.",
            f"SHA-256 of the evidence, chained to the decision before it: {hash_}",
        ),
        heads=("What", "Value"),
        widths=(3, 7),
        rows=tuple(_rows(decision, "decision")) + tuple(_rows(snapshot["shown"], "")),
        made_at=datetime.fromisoformat(decision["decided_at"]),
        foot=f"{title}. Confidential.",
    )


def _rows(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Each plain value below `value`, with the names and numbers that lead to it."""
    if isinstance(value, dict):
        parts = [(str(name).replace("_", " "), part) for name, part in value.items()]
    elif isinstance(value, list):
        parts = [(str(number), part) for number, part in enumerate(value, 1)]
    else:
        text = "yes" if value is True else "no" if value is False else str(value)
        if value not in (None, ""):
            yield place, text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}… (whole in the snapshot)"
        return
    for name, part in parts:
        yield from _rows(part, f"{place} › {name}" if place else name)
