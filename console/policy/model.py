"""A policy's document: the thresholds of one version. Plain data, no I/O."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Dollars = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]


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
    # A decision that ends the review is refused while a side with an image was not on screen.
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
    duplicate_window_days: Annotated[int, Field(ge=1, le=3650)] = 180
    # Advice of an upstream system counts as a finding from this confidence on; below it is a hint.
    advisory_confidence: Annotated[Decimal, Field(ge=0, le=1, max_digits=4, decimal_places=3)] = Decimal("0.7")
    # UCC 4-404: older than six months may be refused.
    stale_months: Annotated[int, Field(ge=1, le=120)] = 6


class PolicyDocument(BaseModel):
    """What a policy version holds, as it is stored and hashed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    thresholds: Thresholds
