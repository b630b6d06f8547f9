"""What a person may choose to do with an item, and what each choice needs beside it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from console.review.errors import IncompleteChoice
from console.review.holds import Hold, HoldReason
from console.review.liability import Liability, check_answered
from console.review.overrides import Override
from console.review.reasons import REASONS, Side, reasons_for
from console.review.states import OUTCOME, Act

MAX_NOTE = 4_000
MAX_REASONS = 5
MAX_TEAM: Final = 60


@dataclass(frozen=True)
class Choice:
    """What a person chose: the act, and what it needs beside it.

    `liability` answers the prompt of Reg CC 229.38(i); `hold_reason` and `deposit_account` belong to a hold beyond
    the regular schedule; a question is for `asks`, one person, or for `asks_team`, in words; `override` is the reason
    against advice.
    """

    act: Act
    reasons: tuple[str, ...] = ()
    note: str = ""
    release_on: date | None = None
    queue: str | None = None
    liability: Liability | None = None
    hold_reason: HoldReason | None = None
    deposit_account: str = ""
    asks: UUID | None = None
    asks_team: str = ""
    override: Override | None = None

    @property
    def hold(self) -> Hold | None:
        """The hold that was chosen, where one was."""
        if self.act is not Act.HOLD or self.release_on is None:
            return None
        return Hold(self.release_on, self.hold_reason, self.deposit_account)

    def details(self) -> dict[str, Any]:
        """What a decision keeps beside act, reasons and note: plain values, of an account its last digits alone."""
        hold = self.hold
        details = {
            "release_on": self.release_on.isoformat() if self.release_on else None,
            "queue": self.queue,
            "liability": {"original": self.liability.original.value, "finding": self.liability.finding.value}
            if self.liability
            else None,
            "hold_reason": hold.reason.value if hold and hold.reason else None,
            "account_ending": hold.account_ending if hold and hold.reason else None,
            "asks": str(self.asks) if self.asks else None,
            "asks_team": self.asks_team.strip() or None,
            "override": {"category": self.override.category.value, "text": self.override.text.strip()}
            if self.override
            else None,
        }
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
    if choice.act is Act.HOLD and choice.release_on is None:
        raise IncompleteChoice("release_on", "Choose the day on which the hold ends, after today.")
    check_answered(choice.reasons, choice.liability)
    if choice.asks is not None and choice.asks_team.strip():
        raise IncompleteChoice("asks", "Ask one person, or a team: not both.")
    if len(choice.asks_team) > MAX_TEAM:
        raise IncompleteChoice("asks", f"Name the team in {MAX_TEAM} characters at the most.")
    bounded(choice.note)


def check_reasons(choice: Choice, side: Side) -> None:
    """Raise IncompleteChoice where a reason cannot be given by what our bank is to the item."""
    possible = {reason.key for reason in reasons_for(side)}
    for key in choice.reasons:
        if key not in possible:
            raise IncompleteChoice("reasons", f"“{REASONS[key].named}” is no reason to return {side.label}.")


def bounded(note: str) -> str:
    """A note as it is stored: without outer blanks and NUL. Raises IncompleteChoice where it is too long."""
    if len(note) > MAX_NOTE:
        raise IncompleteChoice("note", f"The note has {len(note):,} characters: {MAX_NOTE:,} at the most.")
    return note.replace("\x00", "").strip()
