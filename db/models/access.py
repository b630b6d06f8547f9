"""Who may do what beyond the built-in roles, how people prove who they are, and what is kept of their sessions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import CIDR
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, Sha256, now


class CustomRole(OpaqueId, OfInstitution, Base):
    """An edited copy of a built-in role. What it grants is data; the built-in roles stand in the code."""

    __tablename__ = "custom_role"

    key: Mapped[str]
    name: Mapped[str]
    copied_from: Mapped[str]
    permissions: Mapped[list[Any]]
    # The largest amount of a final decision; null with `unlimited`, or where the role decides nothing.
    amount_limit: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    unlimited: Mapped[bool] = mapped_column(default=False, server_default="false")
    # Keys of queues and item types to which the role is bound; null: all.
    queues: Mapped[list[Any] | None]
    item_types: Mapped[list[Any] | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=now())
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    retired_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("institution_id", "key"),
        CheckConstraint("key ~ '^custom:[a-z0-9-]{1,40}$'", name="key"),
        CheckConstraint("amount_limit >= 0", name="amount_limit"),
        # Administrator powers and deciding powers never in one role; who holds several is the triggers' to guard.
        CheckConstraint(
            "not (permissions ?| array['user:manage','role:manage','access_change:approve','mfa:manage',"
            "'session:end','allowlist:manage','api_key:manage','operations:manage']"
            " and permissions ?| array['item:claim','item:decide','item:approve'])",
            name="separation_of_duties",
        ),
    )


class AccessChange(OpaqueId, OfInstitution, Base):
    """A change of somebody's roles or limits, or of a role's grants, that waits for a second administrator."""

    __tablename__ = "access_change"

    kind: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"), index=True)
    role_id: Mapped[UUID | None] = mapped_column(ForeignKey("custom_role.id"))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    reason: Mapped[str]
    status: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    requested_at: Mapped[datetime] = mapped_column(server_default=now())
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    decided_at: Mapped[datetime | None]
    decided_reason: Mapped[str | None]

    __table_args__ = (
        Index(
            "ix_access_change_waiting", "institution_id", "requested_at", postgresql_where=text("status = 'waiting'")
        ),
        Index("ix_access_change_requested", "institution_id", text("requested_at DESC"), "id"),
        # One at a time, so that what is approved is what was shown.
        Index("uq_access_change_waiting_user_id", "user_id", unique=True, postgresql_where=text("status = 'waiting'")),
        Index("uq_access_change_waiting_role_id", "role_id", unique=True, postgresql_where=text("status = 'waiting'")),
        CheckConstraint("kind in ('person','role')", name="kind"),
        CheckConstraint("status in ('waiting','applied','refused','withdrawn')", name="status"),
        CheckConstraint("status <> 'applied' or decided_by <> requested_by", name="second_person"),
        CheckConstraint("requested_by <> user_id", name="not_oneself"),
        CheckConstraint("status <> 'applied' or decided_by <> user_id", name="not_for_oneself"),
    )


class EarlierPassword(OpaqueId, OfInstitution, Base):
    """A password's hash that a person had before, so that it is not taken again."""

    __tablename__ = "earlier_password"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), index=True)
    password_hash: Mapped[str]
    replaced_at: Mapped[datetime] = mapped_column(server_default=now())


class RecoveryCode(OpaqueId, OfInstitution, Base):
    """A one-time code for who has lost the authenticator, stored as a keyed hash."""

    __tablename__ = "recovery_code"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), index=True)
    code_hash: Mapped[Sha256]
    created_at: Mapped[datetime] = mapped_column(server_default=now())
    used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)


class SessionRecord(OpaqueId, OfInstitution, Base):
    """What is kept of a session after Redis has forgotten it: who, whence, from when to when, and why it ended."""

    __tablename__ = "session_record"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    # The session's public reference; it opens nothing.
    reference: Mapped[str]
    method: Mapped[str]
    address: Mapped[str | None]
    agent: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=now())
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("institution_id", "reference"),
        Index("ix_session_record_started", "institution_id", text("started_at DESC"), "id"),
        Index("ix_session_record_user", "user_id", text("started_at DESC"), "id"),
        Index("ix_session_record_open", "institution_id", "last_seen_at", postgresql_where=text("ended_at is null")),
        CheckConstraint("method in ('password','openid','token')", name="method"),
    )


class AllowRule(OpaqueId, OfInstitution, Base):
    """A network from which a role may sign in, or a sensitive operation be done. No rule for a subject: anywhere."""

    __tablename__ = "allow_rule"

    # 'role:administrator', 'operation:…'
    subject: Mapped[str]
    network: Mapped[str] = mapped_column(CIDR)
    note: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=now())
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))

    __table_args__ = (UniqueConstraint("institution_id", "subject", "network"),)


class ApiKey(OpaqueId, OfInstitution, Base):
    """A key with which another system calls the API. Only its keyed hash is stored."""

    __tablename__ = "api_key"

    name: Mapped[str]
    # The first characters, by which people recognise a key; they open nothing.
    prefix: Mapped[str]
    key_hash: Mapped[Sha256]
    permissions: Mapped[list[Any]]
    networks: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=now())
    created_by: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))

    __table_args__ = (UniqueConstraint("key_hash"),)


class AccessReview(OpaqueId, OfInstitution, Base):
    """A campaign in which every role that somebody holds is confirmed or revoked."""

    __tablename__ = "access_review"

    name: Mapped[str]
    started_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    started_at: Mapped[datetime] = mapped_column(server_default=now())
    due_on: Mapped[date]
    reminded_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        # One at a time: a role is confirmed or revoked once.
        Index("uq_access_review_open", "institution_id", unique=True, postgresql_where=text("closed_at is null")),
        Index("ix_access_review_started", "institution_id", text("started_at DESC"), "id"),
    )


class AccessReviewLine(OpaqueId, OfInstitution, Base):
    """A role that a person held when the campaign began, and what became of it."""

    __tablename__ = "access_review_line"

    review_id: Mapped[UUID] = mapped_column(ForeignKey("access_review.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    role: Mapped[str]
    # As it stood when the campaign began.
    granted_at: Mapped[datetime]
    granted_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    last_used_at: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[str | None]
    note: Mapped[str | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("review_id", "user_id", "role"),
        Index("ix_access_review_line_order", "review_id", "position"),
        CheckConstraint("outcome in ('confirmed','revoked')", name="outcome"),
        CheckConstraint("decided_by <> user_id", name="not_oneself"),
    )
