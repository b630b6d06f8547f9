"""The audit trail: append-only, one hash chain per institution."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, Sha256


class AuditEntry(OpaqueId, OfInstitution, Base):
    """Who did what to which object, from where, and what it was before and after."""

    __tablename__ = "audit_entry"

    sequence: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    # Null: the system itself, or somebody who is not signed in.
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    session: Mapped[str | None]
    address: Mapped[str | None]
    action: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    request_id: Mapped[str | None]
    previous_hash: Mapped[Sha256 | None]
    hash: Mapped[Sha256]

    __table_args__ = (
        Index("uq_audit_entry_sequence", "institution_id", "sequence", unique=True),
        Index("ix_audit_entry_object", "institution_id", "object_type", "object_id", "sequence"),
        # When somebody last did something of a kind.
        Index(
            "ix_audit_entry_actor",
            "institution_id",
            "actor_id",
            "action",
            "at",
            postgresql_where=text("actor_id is not null"),
        ),
    )


class AuditHead(Base):
    """The last entry of an institution's chain; its row lock puts entries of all replicas in one order."""

    __tablename__ = "audit_head"

    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[Sha256 | None]
