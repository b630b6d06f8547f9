"""The work: check items, what is known of them, their flags, and who holds them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Amount, Base, OfInstitution, OfItemsInstitution, OpaqueId, now

# Literal in the indexes and in the queries that they serve.
_OPEN = "status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')"


class CheckItem(OpaqueId, OfInstitution, Base):
    """A check under review. `version` rises with each change, so a stale page cannot overwrite."""

    __tablename__ = "check_item"

    file_id: Mapped[UUID] = mapped_column(ForeignKey("file_received.id"))
    ordinal: Mapped[int]
    record: Mapped[int]
    kind: Mapped[str]
    item_type: Mapped[str]
    status: Mapped[str]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    amount: Mapped[Amount]
    # What the database compares and sorts by: under row-level security no index serves a condition on a numeric.
    amount_cents: Mapped[int] = mapped_column(BigInteger, Computed("(amount * 100)::bigint", persisted=True))
    routing: Mapped[str]
    account_number: Mapped[str]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    serial: Mapped[str]
    auxiliary_on_us: Mapped[str]
    on_us: Mapped[str]
    epc: Mapped[str]
    sequence: Mapped[str]
    return_reason: Mapped[str | None]
    payee: Mapped[str | None]
    depositary_routing: Mapped[str | None]
    business_date: Mapped[date | None]
    received_at: Mapped[datetime] = mapped_column(server_default=now())
    queue_id: Mapped[UUID] = mapped_column(ForeignKey("queue.id"))
    # 1 critical, 2 high, 3 medium, 4 low: the smaller the more urgent.
    priority: Mapped[int]
    # As the priority, in numbers.
    risk_level: Mapped[int] = mapped_column(default=4, server_default="4")
    policy_version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    two_people: Mapped[bool]
    # The second of two people chooses before the first one's recommendation is shown to them.
    blind: Mapped[bool] = mapped_column(default=False, server_default="false")
    # Hours that a rule of the policy sets; they stand before the queue's. Null: no rule does.
    rule_hours: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    sla_due_at: Mapped[datetime]
    sla_warning_at: Mapped[datetime]
    # Since when the SLA clock stands still, null while it runs, and the business time for which it stood before. While
    # it stands, both moments above lie far in the future: the item comes last in every order by urgency.
    sla_paused_at: Mapped[datetime | None]
    sla_paused_for: Mapped[timedelta] = mapped_column(default=timedelta(), server_default="0")
    # The last moment at which a return is in time; null for an item that we cannot return.
    return_by: Mapped[datetime | None]
    # Which rule says so: `console.review.return_deadline`.
    return_rule: Mapped[str | None]
    release_on: Mapped[date | None]
    decided_at: Mapped[datetime | None]
    # Who is to work on it; null: whoever takes it first.
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))

    __table_args__ = (
        UniqueConstraint("file_id", "ordinal"),
        # The queue page's orders over what is open, each followed by the id so that paging by key is exact.
        Index(
            "ix_check_item_open_sla",
            "institution_id",
            "sla_due_at",
            "priority",
            "id",
            postgresql_where=text(_OPEN),
        ),
        Index("ix_check_item_open_amount", "institution_id", "amount_cents", "id", postgresql_where=text(_OPEN)),
        Index("ix_check_item_open_received", "institution_id", "received_at", "id", postgresql_where=text(_OPEN)),
        Index(
            "ix_check_item_open_queue",
            "institution_id",
            "queue_id",
            "sla_due_at",
            "priority",
            "id",
            postgresql_where=text(_OPEN),
        ),
        # The same for each part of the queue by itself. In its order also what "Start" takes from.
        Index(
            "ix_check_item_open_place",
            "institution_id",
            "queue_id",
            "item_type",
            "status",
            "sla_due_at",
            "priority",
            "id",
            postgresql_include=["assigned_to"],
            postgresql_where=text(_OPEN),
        ),
        Index(
            "ix_check_item_open_place_amount",
            "institution_id",
            "queue_id",
            "item_type",
            "amount_cents",
            "id",
            postgresql_where=text(_OPEN),
        ),
        Index(
            "ix_check_item_open_place_received",
            "institution_id",
            "queue_id",
            "item_type",
            "received_at",
            "id",
            postgresql_where=text(_OPEN),
        ),
        # Few, however many wait: filters for them must not walk through all the others.
        Index(
            "ix_check_item_under_way",
            "institution_id",
            "status",
            "sla_due_at",
            "priority",
            "id",
            postgresql_where=text("status in ('in_review', 'held', 'escalated', 'pending_approval', 'needs_info')"),
        ),
        # Searched past row-level security by `open_items_with` alone; see its migration.
        Index(
            "ix_check_item_open_words",
            text("item_words(payee, serial, account_number)"),
            postgresql_using="gin",
            postgresql_where=text(_OPEN),
        ),
        Index(
            "ix_check_item_open_urgent",
            "institution_id",
            "priority",
            "sla_due_at",
            "id",
            postgresql_where=text(f"priority <= 2 and {_OPEN}"),
        ),
        # What "Start" takes first: what is assigned to its person.
        Index(
            "ix_check_item_open_assigned",
            "institution_id",
            "assigned_to",
            "sla_due_at",
            "priority",
            "id",
            postgresql_where=text(f"assigned_to is not null and {_OPEN}"),
        ),
        # What is open and was judged by another version of the policy than the active one.
        Index(
            "ix_check_item_open_policy",
            "institution_id",
            "policy_version_id",
            "id",
            postgresql_where=text(_OPEN),
        ),
        # What the jobs look through for deadlines that come near.
        Index(
            "ix_check_item_open_return_by",
            "institution_id",
            "return_by",
            "id",
            postgresql_where=text(f"return_by is not null and {_OPEN}"),
        ),
        # Counted from the index alone: what is nearly late in each part of the queue; and what was decided today, also
        # where somebody works in some queues or on some types only.
        Index(
            "ix_check_item_open_place_warning",
            "institution_id",
            "queue_id",
            "item_type",
            "sla_warning_at",
            postgresql_include=["sla_due_at"],
            postgresql_where=text(_OPEN),
        ),
        Index(
            "ix_check_item_decided",
            "institution_id",
            "decided_at",
            "id",
            postgresql_include=["queue_id", "item_type"],
            postgresql_where=text("status in ('approved', 'returned', 'rejected', 'cleared', 'closed')"),
        ),
        # What reports count of what was decided late, by when it was due.
        *(
            Index(
                name,
                "institution_id",
                due,
                postgresql_include=["queue_id", "item_type"],
                postgresql_where=text(f"decided_at > {due} and status in ('approved', 'returned', 'rejected')"),
            )
            for name, due in (
                ("ix_check_item_decided_late", "sla_due_at"),
                ("ix_check_item_return_missed", "return_by"),
            )
        ),
        # What the page of approvals reads.
        Index(
            "ix_check_item_awaiting",
            "institution_id",
            "sla_due_at",
            "priority",
            "id",
            postgresql_where=text("status = 'pending_approval'"),
        ),
        # Duplicate detection: routing + account + serial + amount.
        Index("ix_check_item_identity", "institution_id", "routing", "account_number", "serial", "amount"),
        CheckConstraint(
            "status in ('new','in_review','approved','returned','rejected','held','escalated',"
            "'pending_approval','needs_info','cleared','closed')",
            name="status",
        ),
        CheckConstraint("kind in ('check','return')", name="kind"),
        CheckConstraint("item_type in ('on_us','transit')", name="item_type"),
        CheckConstraint("priority between 1 and 4", name="priority"),
        CheckConstraint("risk_level between 1 and 4", name="risk_level"),
        CheckConstraint("rule_hours > 0", name="rule_hours"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("return_rule in ('midnight','expeditious')", name="return_rule"),
    )


class KeptFacts(OfItemsInstitution, Base):
    """What was known of an item when it came in, by the names of the policy's field catalogue. Append-only.

    Amounts and numbers are text, and what is missing is not there: `console.policy.kept` writes and reads it.
    """

    __tablename__ = "item_facts"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"), primary_key=True)
    received_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]

    # What a replay reads: an institution's items of some days.
    __table_args__ = (Index("ix_item_facts_received", "institution_id", "received_at"),)


class ItemClearance(OfInstitution, Base):
    """That the policy released an item without review, at this version of it, and the rules that said so. Append-only.

    `rules` holds the id and the name of each.
    """

    __tablename__ = "item_clearance"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"), primary_key=True)
    item_version: Mapped[int] = mapped_column(primary_key=True)
    policy_version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    rules: Mapped[list[Any]]
    cleared_at: Mapped[datetime]


class ItemTally(OfInstitution, Base):
    """How many items a statement added to, or took from, those of a queue, type and status: triggers write it.

    The sum is how many there are. `console.review.tally` folds the rows, so that there are few to add up.
    """

    __tablename__ = "item_tally"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    queue_id: Mapped[UUID] = mapped_column(ForeignKey("queue.id"))
    item_type: Mapped[str]
    status: Mapped[str]
    items: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_item_tally_institution_id", "institution_id"),)


class ItemAlert(OfInstitution, Base):
    """That people were told of an item's deadline: once for each kind and due time, whoever they were."""

    __tablename__ = "item_alert"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)

    # Breaches of the last hour are counted for each scrape of the metrics.
    __table_args__ = (Index("ix_item_alert_due_at", "institution_id", "kind", "due_at"),)


class ItemTransition(Base):
    """The database's copy of `console.review.states`: the only changes of status that it accepts."""

    __tablename__ = "item_transition"

    from_status: Mapped[str] = mapped_column(primary_key=True)
    to_status: Mapped[str] = mapped_column(primary_key=True)


class Flag(OpaqueId, OfItemsInstitution, Base):
    """Something a reviewer must look at: what, why, the evidence, and the reviewer's answer."""

    __tablename__ = "flag"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"))
    code: Mapped[str]
    title: Mapped[str]
    explanation: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    source: Mapped[str]
    confidence: Mapped[Decimal | None] = mapped_column(Numeric(4, 3))
    answer: Mapped[str | None]
    answer_reason: Mapped[str | None]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    answered_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("item_id", "code"),
        Index("ix_flag_code", "institution_id", "code", "item_id"),
        CheckConstraint("answer in ('confirmed','dismissed','cannot_tell')", name="answer"),
    )


class Claim(OfInstitution, Base):
    """Who holds an item: the primary key makes it one person at a time, over all replicas."""

    __tablename__ = "claim"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), index=True)
    claimed_at: Mapped[datetime] = mapped_column(server_default=now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    # What the item goes back to when it is released.
    previous_status: Mapped[str]
