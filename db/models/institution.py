"""The bank, its people and their roles."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, now


class Institution(OpaqueId, Base):
    """A bank. Its hours and zone drive both clocks of an item."""

    __tablename__ = "institution"

    name: Mapped[str]
    routing_number: Mapped[str]
    time_zone: Mapped[str]
    # Business hours of the review department, local time: the SLA clock runs inside them.
    opens_at: Mapped[time] = mapped_column(default=time(8), server_default="08:00")
    closes_at: Mapped[time] = mapped_column(default=time(18), server_default="18:00")
    # Items received after the cut-off count as received on the next banking day (UCC 4-108).
    cut_off_at: Mapped[time] = mapped_column(default=time(14), server_default="14:00")
    created_at: Mapped[datetime] = mapped_column(server_default=now())

    __table_args__ = (
        CheckConstraint("routing_number ~ '^[0-9]{9}$'", name="routing_number"),
        CheckConstraint("opens_at < closes_at", name="business_hours"),
    )


class ClosedDay(OfInstitution, Base):
    """A day on which this institution alone is closed: no banking day of its own, though other banks clear checks."""

    __tablename__ = "closed_day"

    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[str]


class User(OpaqueId, OfInstitution, Base):
    """A person who signs in. The TOTP secret is encrypted; the password is an argon2id hash."""

    __tablename__ = "app_user"

    username: Mapped[str]
    display_name: Mapped[str]
    # Where notices are sent; null: nowhere.
    email: Mapped[str | None]
    password_hash: Mapped[str]
    password_changed_at: Mapped[datetime] = mapped_column(server_default=now())
    totp_secret: Mapped[bytes | None]
    totp_confirmed_at: Mapped[datetime | None]
    # A secret that was shown and waits for its first code; until then the one before goes on working.
    totp_pending: Mapped[bytes | None]
    # The last TOTP time step that was accepted: a code works once.
    totp_last_step: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    created_at: Mapped[datetime] = mapped_column(server_default=now())
    last_sign_in_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]
    # Issuer and subject of who came through OpenID Connect under this username first: nobody else of that provider
    # gets in under it. Null: nobody yet.
    openid_subject: Mapped[str | None]
    # Set by an administrator: the next sign-in asks for a password of the person's own.
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default="false")
    # How a person without a second factor gets one: `as_required` by the settings, `at_sign_in` whatever the settings
    # say, or `in_person` alone, after which the password opens nothing before an administrator has been there.
    mfa_enrolment: Mapped[str] = mapped_column(default="as_required", server_default="as_required")
    # The person's own bounds, inside those of the roles; null: as the roles have it.
    amount_limit: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    queues: Mapped[list[Any] | None]
    item_types: Mapped[list[Any] | None]
    # Rises with each change of roles or limits, so that two administrators cannot overwrite each other.
    access_version: Mapped[int] = mapped_column(default=1, server_default="1")

    __table_args__ = (
        Index("uq_app_user_username", text("lower(username)"), unique=True),
        Index(
            "uq_app_user_openid_subject",
            "openid_subject",
            unique=True,
            postgresql_where=text("openid_subject is not null"),
        ),
        Index("ix_app_user_page", "institution_id", text("lower(username)"), "id"),
        CheckConstraint("length(username) between 1 and 64", name="username"),
        CheckConstraint("length(email) <= 254 and email like '%_@_%'", name="email"),
        CheckConstraint("amount_limit >= 0", name="amount_limit"),
        CheckConstraint("mfa_enrolment in ('as_required','at_sign_in','in_person')", name="mfa_enrolment"),
    )


class UserKey(OfInstitution, Base):
    """A keyboard shortcut as a person has it, where it is not the registry's own."""

    __tablename__ = "user_key"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    action: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]

    __table_args__ = (CheckConstraint("char_length(key) between 1 and 30", name="key"),)


class UserRole(OfInstitution, Base):
    """A role that a person holds, since when and given by whom (null: by the command line)."""

    __tablename__ = "user_role"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    # A built-in role's name, or the key of a custom one.
    role: Mapped[str] = mapped_column(primary_key=True)
    custom_role_id: Mapped[UUID | None] = mapped_column(ForeignKey("custom_role.id"), index=True)
    granted_at: Mapped[datetime] = mapped_column(server_default=now())
    granted_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))

    __table_args__ = (
        CheckConstraint(
            "(role in ('reviewer','approver','supervisor','administrator','auditor')) = (custom_role_id is null)",
            name="role",
        ),
        CheckConstraint("granted_by <> user_id", name="not_by_oneself"),
    )


class Queue(OpaqueId, OfInstitution, Base):
    """A named queue with the hours in which its items are to be decided."""

    __tablename__ = "queue"

    key: Mapped[str]
    name: Mapped[str]
    position: Mapped[int]
    # Null: the policy's hours.
    sla_hours: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    warning_minutes: Mapped[int | None]
    # How many checks of the queue one person may hold at once; null: any number.
    max_claims: Mapped[int | None]
    # Which checks come here when they are taken in (`console.policy.routing.Criteria`); null: those the policy names.
    criteria: Mapped[dict[str, Any] | None]
    # Rises with each change, so that two supervisors cannot overwrite each other.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("institution_id", "key"),
        CheckConstraint("max_claims between 1 and 1000", name="max_claims"),
        CheckConstraint("sla_hours > 0", name="sla_hours"),
        CheckConstraint("warning_minutes between 0 and 1440", name="warning_minutes"),
    )


class QueueMember(OfInstitution, Base):
    """Somebody who works in a queue. A queue without members is for everybody whose role reaches it.

    `decides`: claims and decides its checks; `signs`: gives the second signature. A member with neither reads.
    """

    __tablename__ = "queue_member"

    queue_id: Mapped[UUID] = mapped_column(ForeignKey("queue.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True, index=True)
    decides: Mapped[bool]
    signs: Mapped[bool]
