"""An item with everything that a reviewer is shown, as plain data; what is shown is what is kept as evidence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from console.audit.canonical import canonical
from console.review.rules_shown import Required, RuleShown
from console.review.states import Status


class ItemNotFound(LookupError):
    """No such item in this institution."""

    def __init__(self) -> None:
        super().__init__("This check does not exist.")


@dataclass(frozen=True)
class ImageShown:
    id: UUID
    side: str
    sha256: bytes
    width: int | None
    height: int | None
    dpi: int | None
    problem: str | None


@dataclass(frozen=True)
class FlagShown:
    id: UUID
    code: str
    title: str
    explanation: str
    evidence: dict[str, Any]
    source: str
    confidence: Decimal | None
    answer: str | None
    answer_reason: str | None


@dataclass(frozen=True)
class AccountShown:
    """The account's story. `amounts` is keyed `average_30`, `sigma_90`, `maximum_365` and so on, in dollars."""

    id: UUID
    holder: str
    account_type: str
    opened_on: date
    as_of: datetime | None
    balance: Decimal | None
    average_balance_30d: Decimal | None
    amounts: dict[str, Any]
    checks_7d: int
    total_7d: Decimal
    checks_14d: int
    total_14d: Decimal
    returns_90d: int
    nsf_90d: int
    overdrafts_90d: int
    last_serial: int | None
    payroll: bool
    direct_deposit: bool
    history_count: int
    history_returned: int
    history_since: date | None


@dataclass(frozen=True)
class EarlierCheck:
    id: UUID
    serial: str
    amount: Decimal
    presented_on: date
    payee: str
    outcome: str
    return_code: str | None
    image: ImageShown | None


@dataclass(frozen=True)
class PastReview:
    """The outcome of another check of the account that was reviewed here."""

    item_id: UUID
    serial: str
    amount: Decimal
    decided_at: datetime
    action: str
    reasons: tuple[str, ...]
    who: str


@dataclass(frozen=True)
class FirstSignature:
    """The recommendation that waits for a second person. `amount` is what was signed, in dollars; None: it was not
    kept in those days."""

    decision_id: UUID
    actor_id: UUID
    actor_name: str
    action: str
    reasons: list[str]
    note: str
    decided_at: datetime
    amount: Decimal | None


@dataclass(frozen=True)
class Opinion:
    """What a second person would do with the item, said before the recommendation was shown to them."""

    user_id: UUID
    who: str
    act: str
    reasons: list[str]
    at: datetime


@dataclass(frozen=True)
class Step:
    """Something that was done with the item before: a decision, or an answer that put it back."""

    what: str
    who: str
    at: datetime
    action: str
    reasons: tuple[str, ...]
    note: str
    details: dict[str, Any]


@dataclass(frozen=True)
class NoteShown:
    """What somebody wrote on the item."""

    id: UUID
    who: str
    at: datetime
    text: str


@dataclass(frozen=True)
class AttachmentShown:
    """A file that somebody attached; `sha256` in hexadecimal, `size` in bytes."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    who: str
    at: datetime


@dataclass(frozen=True)
class AdviceShown:
    """What an upstream system recommends. `weak`: its confidence is below what the policy takes for a finding."""

    id: UUID
    act: str
    confidence: Decimal
    weak: bool
    reasons: tuple[str, ...]
    model: str
    model_version: str
    explanation: str
    given_by: str
    at: datetime


@dataclass(frozen=True)
class QuestionShown:
    """The question that an item waits on. `whom` is a person's name or a team in words; `asks_id` the person."""

    decision_id: UUID
    who: str
    asker_id: UUID
    at: datetime
    text: str
    whom: str
    asks_id: UUID | None


@dataclass(frozen=True)
class Holder:
    """Who holds the item. `commit_at` is when what they decided is committed; None while they work on it."""

    user_id: UUID
    name: str
    since: datetime
    expires_at: datetime
    commit_at: datetime | None


@dataclass(frozen=True)
class Assignee:
    """Who is to work on the item."""

    user_id: UUID
    name: str


@dataclass(frozen=True)
class ItemView:
    id: UUID
    version: int
    status: Status
    kind: str
    item_type: str
    amount: Decimal
    routing: str
    account_number: str
    serial: str
    auxiliary_on_us: str
    on_us: str
    epc: str
    sequence: str
    payee: str | None
    depositary_routing: str | None
    return_reason: str | None
    business_date: date | None
    received_at: datetime
    queue_key: str
    queue_name: str
    priority: int
    two_people: bool
    sla_due_at: datetime
    sla_warning_at: datetime
    return_by: datetime | None
    return_rule: str | None
    policy_id: UUID
    policy_number: int
    thresholds: dict[str, Any]
    images: tuple[ImageShown, ...]
    flags: tuple[FlagShown, ...]
    # What the policy's rules say of it, and what they and the thresholds ask of a decision.
    rules: tuple[RuleShown, ...]
    required: Required
    # The lists in which those rules looked, each with its version: what it held then can be read again.
    lists: tuple[tuple[str, int], ...]
    findings: tuple[str, ...]
    account: AccountShown | None
    # The account's signature cards.
    cards: tuple[ImageShown, ...]
    earlier: tuple[EarlierCheck, ...]
    # The newest first; what was decided before the holder took this item.
    reviews: tuple[PastReview, ...]
    first_signature: FirstSignature | None
    opinions: tuple[Opinion, ...]
    steps: tuple[Step, ...]
    notes: tuple[NoteShown, ...]
    attachments: tuple[AttachmentShown, ...]
    advice: AdviceShown | None
    question: QuestionShown | None
    # Not part of what is kept as evidence: who works on the item says nothing of the check.
    holder: Holder | None
    assigned: Assignee | None

    def image(self, side: str) -> ImageShown | None:
        """The first full view of a side."""
        return next((image for image in self.images if image.side == side), None)

    @cached_property
    def shown(self) -> str:
        """What the reviewer sees, as canonical JSON: for the evidence, and for its digest."""
        return canonical({name: value for name, value in vars(self).items() if name in _SHOWN})

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what is shown. A decision names it, so that nobody decides on what has changed since."""
        return hashlib.sha256(self.shown.encode()).hexdigest()


_SHOWN: Final = frozenset(one.name for one in fields(ItemView)) - {"holder", "assigned"}
