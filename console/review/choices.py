"""What a person may choose to do with an item, and what each choice needs beside it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from console.review.clocks import is_banking_day
from console.review.errors import IncompleteChoice
from console.review.reasons import REASONS
from console.review.states import OUTCOME, Act

MAX_NOTE = 4_000
MAX_REASONS = 5


@dataclass(frozen=True)
class Choice:
    """What a person chose: the act, and what it needs beside it."""

    act: Act
    reasons: tuple[str, ...] = ()
    note: str = ""
    release_on: date | None = None
    queue: str | None = None

    def details(self) -> dict[str, Any]:
        details = {"release_on": self.release_on.isoformat() if self.release_on else None, "queue": self.queue}
        return {key: value for key, value in details.items() if value is not None}


def check_complete(choice: Choice) -> None:
    """Raise IncompleteChoice where the act lacks what it needs."""
    if choice.act not in OUTCOME:
        raise IncompleteChoice("act", "Choose what to do with this check.")
    unknown = [reason for reason in choice.reasons if reason not in REASONS]
    if unknown or len(choice.reasons) > MAX_REASONS:
        raise IncompleteChoice("reasons", f"Choose up to {MAX_REASONS} reasons from the list.")
    if choice.act is Act.RETURN and not choice.reasons:
        raise IncompleteChoice("reasons", "Choose the return reason.")
    if choice.act in {Act.REJECT, Act.ASK, Act.ESCALATE} and not choice.note.strip():
        raise IncompleteChoice("note", "Write a note: say what is wrong, or what you want to know.")
    if choice.act is Act.ESCALATE and not choice.queue:
        raise IncompleteChoice("queue", "Choose the queue to escalate to.")
    if choice.act is Act.HOLD:
        _check_release(choice.release_on)
    bounded(choice.note)


def _check_release(release_on: date | None) -> None:
    if release_on is None or release_on <= datetime.now(UTC).date():
        raise IncompleteChoice("release_on", "Choose the day on which the hold ends, after today.")
    if not is_banking_day(release_on):
        raise IncompleteChoice("release_on", f"{release_on:%a %d %b} is no banking day. Choose one that is.")


def bounded(note: str) -> str:
    """A note as it is stored: without outer blanks and NUL. Raises IncompleteChoice where it is too long."""
    if len(note) > MAX_NOTE:
        raise IncompleteChoice("note", f"The note has {len(note):,} characters: {MAX_NOTE:,} at the most.")
    return note.replace("\x00", "").strip()
