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

    __table_args__ = (
        UniqueConstraint("institution_id", "number"),
        Index("uq_policy_version_active", "institution_id", unique=True, postgresql_where=text("status = 'active'")),
        CheckConstraint("status in ('draft','in_review','approved','active','retired')", name="status"),
    )
