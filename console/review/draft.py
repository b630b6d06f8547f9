"""What a person has chosen and typed for one item, before it is submitted. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

from console.review.states import Act


@dataclass
class Draft:
    """What has been chosen and typed for one item so far."""

    act: Act | None = None
    reasons: list[str] = field(default_factory=list)
    note: str = ""
    release_on: str = ""
    queue: str | None = None

    @property
    def typed(self) -> bool:
        """Whether leaving would lose words or reasons."""
        return bool(self.note.strip() or self.reasons)
