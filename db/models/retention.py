"""What must not be destroyed, and what was: legal holds, and objects of the store whose time was over."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, Sha256, now


class LegalHold(OpaqueId, OfInstitution, Base):
    """Nothing that it covers is destroyed until it is lifted, for which it takes two people.

    `scope` says which of the subject's columns is set: a check, an account with all its checks, a person of the staff
    and what they did, or everything of some days (`until_on` null: and of all days to come).
    """

    __tablename__ = "legal_hold"

    matter: Mapped[str]
    reason: Mapped[str]
    scope: Mapped[str]
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("check_item.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    from_on: Mapped[date | None]
    until_on: Mapped[date | None]
    placed_by: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    placed_at: Mapped[datetime] = mapped_column(server_default=now())
    lift_asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    lift_asked_at: Mapped[datetime | None]
    lift_reason: Mapped[str | None]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    lifted_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_legal_hold_placed", "institution_id", text("placed_at DESC"), "id"),
        Index("ix_legal_hold_standing", "institution_id", "scope", postgresql_where=text("lifted_at is null")),
        CheckConstraint("scope in ('item','account','person','period')", name="scope"),
        CheckConstraint(
            "(scope = 'item') = (item_id is not null) and (scope = 'account') = (account_id is not null)"
            " and (scope = 'person') = (user_id is not null) and (scope = 'period') = (from_on is not null)"
            " and (until_on is null or from_on <= until_on)",
            name="subject",
        ),
        CheckConstraint("char_length(matter) between 1 and 120", name="matter"),
        CheckConstraint("char_length(reason) between 1 and 500", name="reason"),
        CheckConstraint(
            "(lift_asked_by is null) = (lift_asked_at is null) and (lift_asked_by is null) = (lift_reason is null)",
            name="lift_asked",
        ),
        CheckConstraint(
            "(lifted_at is null) = (lifted_by is null) and (lifted_by is null or lift_asked_by is not null)",
            name="lifted",
        ),
        CheckConstraint("lifted_by <> lift_asked_by", name="second_person"),
    )


class ObjectPurge(OfInstitution, Base):
    """That the bytes of an image or an attachment were taken out of the object store when their time was over.

    Append-only. The same bytes may come again, and go again.
    """

    __tablename__ = "object_purge"

    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    purged_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=now())
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)


class ObjectHold(OfInstitution, Base):
    """That an object is, or is to be, under the store's own legal hold; or where not `covered`, is to be let go of.

    `settled_at`: the store was told so; null: it is still to be told, and was tried last at `tried_at`.
    """

    __tablename__ = "object_hold"

    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    covered: Mapped[bool] = mapped_column(server_default=text("true"))
    settled_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_object_hold_waiting",
            "institution_id",
            text("tried_at NULLS FIRST"),
            "sha256",
            postgresql_where=text("settled_at is null"),
        ),
    )
