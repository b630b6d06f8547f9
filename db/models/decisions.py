"""What people decide on an item: typed, waiting for its commit, decided; the evidence of it, and the limits."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, Sha256, now


class ItemDraft(OfInstitution, Base):
    """What one person has chosen and typed for an item and not submitted, as `console.review.draft` writes it."""

    __tablename__ = "draft"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"), primary_key=True, index=True)
    content: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime] = mapped_column(server_default=now())

    __table_args__ = (CheckConstraint("length(content::text) <= 32768", name="content"),)


class PendingDecision(OfInstitution, Base):
    """A decision that was submitted and can be taken back until `commit_at`; nothing of it counts before.

    It stands on its person's claim, which nothing may end while it is there. `outcome` is the status that the person
    was told of; `seen_*` and `viewed_ms` are what they looked at.
    """

    __tablename__ = "pending_decision"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("claim.item_id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), index=True)
    stage: Mapped[str]
    act: Mapped[str]
    choice: Mapped[dict[str, Any]]
    outcome: Mapped[str]
    seen_version: Mapped[int]
    seen_digest: Mapped[str]
    viewed_ms: Mapped[dict[str, Any]]
    session: Mapped[str | None]
    address: Mapped[str | None]
    request_id: Mapped[str | None]
    submitted_at: Mapped[datetime] = mapped_column(server_default=now())
    commit_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_pending_decision_due", "institution_id", "commit_at"),
        CheckConstraint("stage in ('decide','confirm','send_back')", name="stage"),
    )


class Decision(OpaqueId, OfInstitution, Base):
    """One person's act on an item. Append-only.

    `stage` is `recommendation` for the first of two people, `confirmation` or `sent_back` for the second,
    `decision` where one person decides.
    """

    __tablename__ = "decision"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"))
    sequence: Mapped[int]
    stage: Mapped[str]
    action: Mapped[str]
    actor_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    confirms_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision.id"))
    reasons: Mapped[list[Any]]
    note: Mapped[str]
    # What an action needs beside reasons: the release date of a hold, the queue of an escalation.
    details: Mapped[dict[str, Any]]
    policy_version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    from_status: Mapped[str]
    to_status: Mapped[str]
    item_version: Mapped[int]
    decided_at: Mapped[datetime] = mapped_column(server_default=now())
    # From taking the item to the decision; the database reads it off the claim. Null: nobody held it.
    handled_ms: Mapped[int | None] = mapped_column(BigInteger, server_default=FetchedValue())

    __table_args__ = (
        UniqueConstraint("item_id", "sequence"),
        # The two signatures' institution and item, so that a confirmation cannot name another item's.
        UniqueConstraint("id", "item_id"),
        Index("uq_decision_confirms_id", "confirms_id", unique=True, postgresql_where=text("confirms_id is not null")),
        Index("ix_decision_decided_at", "institution_id", "decided_at"),
        # Which checks a legal hold on a person covers.
        Index("ix_decision_actor", "actor_id", "item_id"),
        CheckConstraint("stage in ('recommendation','confirmation','sent_back','decision')", name="stage"),
        CheckConstraint(
            "action in ('pay','return','reject','hold','escalate','ask')",
            name="action",
        ),
        CheckConstraint("(stage in ('confirmation','sent_back')) = (confirms_id is not null)", name="confirms"),
    )


class SecondOpinion(OpaqueId, OfInstitution, Base):
    """What a second person would do with an item, said before the recommendation was shown to them. Append-only."""

    __tablename__ = "second_opinion"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"), index=True)
    recommendation_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    act: Mapped[str]
    reasons: Mapped[list[Any]]
    recorded_at: Mapped[datetime] = mapped_column(server_default=now())

    __table_args__ = (
        # One each: nobody changes their mind once they know.
        UniqueConstraint("recommendation_id", "user_id"),
        CheckConstraint("act in ('pay','return','reject')", name="act"),
    )


class RoleLimit(Base):
    """The database's copy of what `console.access.permissions` grants the built-in roles of second signatures.

    `amount_limit` in dollars, null: none.
    """

    __tablename__ = "role_limit"

    role: Mapped[str] = mapped_column(primary_key=True)
    signs: Mapped[bool]
    amount_limit: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))


class Evidence(OfInstitution, Base):
    """Exactly what the decider saw, as canonical JSON, chained to the item's previous decision."""

    __tablename__ = "evidence"

    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"), index=True)
    snapshot: Mapped[str]
    previous_hash: Mapped[Sha256 | None]
    hash: Mapped[Sha256]
