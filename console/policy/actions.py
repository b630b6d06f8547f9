"""What a rule does to an item for which it fires. Plain data, no I/O.

Several rules may fire. Where their actions meet: the most urgent priority, the highest risk level and the fewest SLA
hours win; two people, blind, a reason and a note hold where any rule asks; the first rule in order that routes names
the queue; every flag is added. A review is skipped only where no rule that fires asks for anything else and no flag
stands.
"""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Bounded
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from console.policy.fields import FLAG_CODES
from console.policy.values import storable


class Priority(IntEnum):
    """The smaller, the more urgent."""

    CRITICAL = 1
    HIGH = 2
    MEDIUM = 3
    LOW = 4


class RiskLevel(IntEnum):
    """The smaller, the riskier."""

    CRITICAL = 1
    HIGH = 2
    MEDIUM = 3
    LOW = 4


def _clean(text: str) -> str:
    if not text.strip() or not storable(text):
        raise PydanticCustomError("text", "Write some words.")
    return text.strip()


def _own_code(code: str) -> str:
    if code in FLAG_CODES:
        raise PydanticCustomError("flag", "The console itself raises this flag: choose another code.")
    return code


Level = Literal["critical", "high", "medium", "low"]
QueueKey = Annotated[str, Bounded(pattern="^[a-z0-9_-]{1,60}$")]
FlagCode = Annotated[str, Bounded(pattern="^[a-z0-9_]{1,60}$"), AfterValidator(_own_code)]
Words = Annotated[str, Bounded(max_length=80), AfterValidator(_clean)]


class _Action(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RequireDualControl(_Action):
    """A second person must sign."""

    do: Literal["require_dual_control"]


class Blind(_Action):
    """The second person chooses before the first one's recommendation is shown to them."""

    do: Literal["blind"]


class SetPriority(_Action):
    """At least so urgent."""

    do: Literal["set_priority"]
    priority: Level


class SetRiskLevel(_Action):
    """At least so risky."""

    do: Literal["set_risk_level"]
    level: Level


class RouteTo(_Action):
    """Into this queue, by its key."""

    do: Literal["route_to"]
    queue: QueueKey


class SetSlaHours(_Action):
    """To be decided within so many business hours, whatever the queue's hours are."""

    do: Literal["set_sla_hours"]
    hours: Annotated[Decimal, Bounded(gt=0, le=240, max_digits=5, decimal_places=2)]


class AddFlag(_Action):
    """A flag of the bank's own, to be answered like any other."""

    do: Literal["add_flag"]
    code: FlagCode
    title: Words


class RequireReason(_Action):
    """A decision that ends the review needs a reason from the list and words."""

    do: Literal["require_reason"]


class RequireNote(_Action):
    """A decision that ends the review needs a note."""

    do: Literal["require_note"]


class SkipReview(_Action):
    """No person needs to look at it."""

    do: Literal["skip_review"]


Action = Annotated[
    RequireDualControl
    | Blind
    | SetPriority
    | SetRiskLevel
    | RouteTo
    | SetSlaHours
    | AddFlag
    | RequireReason
    | RequireNote
    | SkipReview,
    Bounded(discriminator="do"),
]

# Every action by the word after `do`, with what it says to a person who chooses one.
ACTIONS: Final[dict[str, str]] = {
    "require_dual_control": "two people",
    "blind": "second person chooses unseen",
    "set_priority": "priority",
    "set_risk_level": "risk level",
    "route_to": "queue",
    "set_sla_hours": "SLA hours",
    "add_flag": "flag",
    "require_reason": "reason required",
    "require_note": "note required",
    "skip_review": "no review",
}
