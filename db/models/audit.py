"""The audit trail: append-only, one hash chain per institution."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, Sha256, now


class AuditEntry(OpaqueId, OfInstitution, Base):
    """Who did what to which object, from where, and what it was before and after.

    `month`: the first day of the month in which it was entered, by the database's clock, and never one before that of
    the entry before it. A partition each, in the schema `months`, made ahead by a job and, when its time is over,
    detached into the schema `archive`; the functions for that are the migration's. Within a month no two entries of
    an institution have one sequence: each partition has the unique index, because one of the whole table would have
    to hold the month too. Across months it is the head's lock that sees to it, and `verify`.
    """

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
    month: Mapped[date] = mapped_column(primary_key=True)

    __table_args__ = (
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
        {"postgresql_partition_by": "RANGE (month)"},
    )


class AuditHead(Base):
    """The last entry of an institution's chain; its row lock puts entries of all replicas in one order."""

    __tablename__ = "audit_head"

    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[Sha256 | None]
    month: Mapped[date | None]


class AuditAnchor(OfInstitution, Base):
    """Where an institution's chain was cut when a month was detached: the chain goes on from `sequence` and `hash`.

    Written by the database itself, from the rows that it detached; `export_sha256` is of the file that holds them.
    """

    __tablename__ = "audit_anchor"

    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    entries: Mapped[int] = mapped_column(BigInteger)
    first_sequence: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[Sha256]
    export_sha256: Mapped[Sha256]
    sealed_at: Mapped[datetime] = mapped_column(server_default=now())

    __table_args__ = (
        CheckConstraint("octet_length(export_sha256) = 32", name="export_sha256"),
        CheckConstraint("entries > 0 and sequence = first_sequence + entries - 1", name="entries"),
    )
