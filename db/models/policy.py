"""Policy versions: what decides whether a check needs review, how urgently and by how many people."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, now


class PolicyVersion(OpaqueId, OfInstitution, Base):
    """One version of an institution's policy; at most one is active at any moment."""

    __tablename__ = "policy_version"

    number: Mapped[int]
    status: Mapped[str]
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=now())
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    activated_at: Mapped[datetime | None]
    # Grows with each change of the document that is saved: who saves names the one that they began with.
    revision: Mapped[int] = mapped_column(server_default="1")
    based_on: Mapped[UUID | None] = mapped_column(ForeignKey("policy_version.id"))
    saved_at: Mapped[datetime] = mapped_column(server_default=now())
    saved_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))

    __table_args__ = (
        UniqueConstraint("institution_id", "number"),
        Index("uq_policy_version_active", "institution_id", unique=True, postgresql_where=text("status = 'active'")),
        CheckConstraint("status in ('draft','in_review','approved','active','retired')", name="status"),
    )


class PolicyWorkingCopy(OfInstitution, Base):
    """What one person has changed of a draft and not saved. `base` is the document of the `revision` that they changed;
    `document` may be unfinished."""

    __tablename__ = "policy_working_copy"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"), primary_key=True, index=True)
    revision: Mapped[int]
    base: Mapped[dict[str, Any]]
    document: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime] = mapped_column(server_default=now())

    __table_args__ = (
        CheckConstraint("length(base::text) <= 1048576 and length(document::text) <= 1048576", name="size"),
    )
