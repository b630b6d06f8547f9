"""What of the queue is listed, and in which order, as data. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from console.review.states import Status


class Sort(StrEnum):
    SLA = "sla"
    AMOUNT = "amount"
    RECEIVED = "received"


@dataclass(frozen=True)
class Filter:
    """What to list. Everything open unless `status` says otherwise.

    `mine` is what the actor holds or was given. Amounts are dollars, both ends included; `flag` is a flag's code.
    """

    queue: str | None = None
    status: Status | None = None
    mine: bool = False
    flagged: bool = False
    item_type: str | None = None
    search: str = ""
    priority: int | None = None
    flag: str | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    held_by: UUID | None = None
    assigned_to: UUID | None = None
    due_before: datetime | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
