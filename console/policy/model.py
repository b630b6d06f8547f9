"""A policy's document: the thresholds and the rules of one version. Plain data, no I/O."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.functional_validators import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from console.policy.actions import Action, QueueKey, SkipReview, Words
from console.policy.conditions import AnyNode, check_shape


def _no_float(value: object) -> object:
    if isinstance(value, float):
        raise PydanticCustomError("amount", "Write an amount as text, such as 7500.00.")
    return value


Dollars = Annotated[Decimal, BeforeValidator(_no_float), Field(ge=0, max_digits=14, decimal_places=2)]
MAX_RULES: Final = 200
MAX_ACTIONS: Final = 10
# As far back as any policy may look for the identity of a duplicate.
MAX_DUPLICATE_DAYS: Final = 3650


class Thresholds(BaseModel):
    """Everything that a supervisor may set. Amounts are dollars."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dual_control_amount: Dollars
    high_priority_amount: Dollars
    sla_hours: Annotated[Decimal, Field(gt=0, le=240)]
    # So long can a decision be taken back before it is committed; 0: it is committed at once.
    undo_seconds: Annotated[int, Field(ge=0, le=60)] = 8
    # The second of two people chooses before the first one's recommendation is shown to them.
    blind_second_review: bool = False
    # A decision that ends the review is refused while a side with an image was not looked at.
    view_both_sides: bool = False
    warning_minutes: Annotated[int, Field(ge=0, le=1440)] = 30
    # An amount this many times the account's usual check (average of 90 days) is unusual.
    unusual_amount_factor: Annotated[Decimal, Field(gt=1, le=1000)] = Decimal(5)
    # First 30 calendar days: a new account (Reg CC 229.13(a)(2)).
    new_account_days: Annotated[int, Field(ge=0, le=365)] = 30
    new_account_amount: Dollars = Decimal("2500.00")
    serial_gap: Annotated[int, Field(ge=1, le=1_000_000)] = 50
    checks_in_7_days: Annotated[int, Field(ge=1, le=10_000)] = 10
    # Identity of a duplicate is looked for this far back.
    duplicate_window_days: Annotated[int, Field(ge=1, le=MAX_DUPLICATE_DAYS)] = 180
    # Advice of an upstream system counts as a finding from this confidence on; below it is a hint.
    advisory_confidence: Annotated[Decimal, Field(ge=0, le=1, max_digits=4, decimal_places=3)] = Decimal("0.7")
    # UCC 4-404: older than six months may be refused.
    stale_months: Annotated[int, Field(ge=1, le=120)] = 6


# Thresholds that say how people work, not what is thought of an item: those of the active version hold for every item,
# whichever version judged it.
OF_THE_WORK: Final = ("undo_seconds", "blind_second_review", "view_both_sides", "advisory_confidence")


class Scope(BaseModel):
    """Where a rule holds; what is empty does not narrow it. Queues by their keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item_types: Annotated[tuple[Literal["on_us", "transit"], ...], Field(max_length=2)] = ()
    account_types: Annotated[tuple[Words, ...], Field(max_length=20)] = ()
    queues: Annotated[tuple[QueueKey, ...], Field(max_length=50)] = ()


class Rule(BaseModel):
    """When its condition holds for an item in its scope, on a day on which it is in effect, its actions are done.

    Both days are included. `id` stays the same over all versions, so that a rule can be followed through them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,40}$")]
    name: Words
    enabled: bool = True
    when: AnyNode
    then: Annotated[tuple[Action, ...], Field(min_length=1, max_length=MAX_ACTIONS)]
    scope: Scope = Scope()
    effective_from: date | None = None
    effective_until: date | None = None

    @field_validator("when", mode="before")
    @classmethod
    def _bounded(cls, value: object) -> object:
        check_shape(value)
        return value

    @field_validator("then")
    @classmethod
    def _alone(cls, actions: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(actions) > 1 and any(isinstance(one, SkipReview) for one in actions):
            raise PydanticCustomError("skip", "A rule that skips the review can ask for nothing else.")
        return actions

    @field_validator("effective_from", "effective_until", mode="before")
    @classmethod
    def _is_day(cls, value: object) -> object:
        if isinstance(value, (int, float)):
            raise PydanticCustomError("date", "Write a date as 2026-12-31.")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.effective_from and self.effective_until and self.effective_from > self.effective_until:
            raise PydanticCustomError("dates", "{message}", {"message": "It ends before it begins.",
                                                             "where": "effective_until"})  # fmt: skip
        return self

    def in_effect(self, day: date) -> bool:
        """Whether it is enabled and this day is one of its own."""
        return (
            self.enabled
            and (self.effective_from is None or self.effective_from <= day)
            and (self.effective_until is None or day <= self.effective_until)
        )


def _distinct(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    twice = [one for one, count in Counter(rule.id for rule in rules).items() if count > 1]
    if twice:
        raise PydanticCustomError("ids", "Two rules have the id “{id}”.", {"id": twice[0]})
    return rules


class PolicyDocument(BaseModel):
    """What a policy version holds, as it is stored and hashed. Rules are in order: the first that routes wins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    thresholds: Thresholds
    rules: Annotated[tuple[Rule, ...], Field(max_length=MAX_RULES), AfterValidator(_distinct)] = ()
