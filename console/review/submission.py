"""What a person submits: a decision of their own, or the second signature under somebody else's. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter

from console.access.permissions import Permission
from console.review.choices import Choice
from console.review.states import Act

_CHOICE: Final = TypeAdapter(Choice)


class Stage(StrEnum):
    DECIDE = "decide"
    CONFIRM = "confirm"
    SEND_BACK = "send_back"

    @property
    def permission(self) -> Permission:
        """What one must hold for it."""
        return Permission.ITEM_DECIDE if self is Stage.DECIDE else Permission.ITEM_APPROVE


@dataclass(frozen=True)
class Submission:
    """`choice` is what a first person chose; of a second person only its note counts, the act is the first's."""

    stage: Stage
    choice: Choice

    def choice_as_json(self) -> dict[str, Any]:
        """The choice as plain values, as it waits for its commit."""
        values: dict[str, Any] = _CHOICE.dump_python(self.choice, mode="json")
        return values


def submission_from(stage: str, choice: dict[str, Any]) -> Submission:
    """The submission that these values were made of."""
    return Submission(Stage(stage), _CHOICE.validate_python(choice))


def second_signature(*, agree: bool, note: str) -> Submission:
    """A second person's: confirm the recommendation, or send it back with a reason."""
    stage, act = (Stage.CONFIRM, Act.RECOMMEND) if agree else (Stage.SEND_BACK, Act.SEND_BACK)
    return Submission(stage, Choice(act, note=note))
