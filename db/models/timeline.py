"""What people and systems put on an item beside deciding it: notes, attachments, advice."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, Sha256, now


class ItemNote(OpaqueId, OfInstitution, Base):
    """Something that a person wrote on an item. Append-only.

    `mentions` are the ids of the people whom it names. `answers_id` is the decision whose question it answers.
    """

    __tablename__ = "item_note"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    text: Mapped[str]
    mentions: Mapped[list[Any]]
    answers_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision.id"), unique=True)
    written_at: Mapped[datetime] = mapped_column(server_default=now())

    __table_args__ = (
        Index("ix_item_note_item", "item_id", "written_at", "id"),
        CheckConstraint("char_length(text) between 1 and 4000", name="text"),
    )


class ItemAttachment(OpaqueId, OfInstitution, Base):
    """A file that a person attached to an item. Append-only; its bytes are in the object store until their day."""

    __tablename__ = "item_attachment"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"))
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[Sha256]
    attached_by: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    attached_at: Mapped[datetime] = mapped_column(server_default=now())

    __table_args__ = (
        Index("ix_item_attachment_item", "item_id", "attached_at", "id"),
        Index("ix_item_attachment_sha256", "institution_id", "sha256"),
        CheckConstraint("char_length(name) between 1 and 120", name="name"),
        CheckConstraint("size > 0", name="size"),
    )


class Advice(OpaqueId, OfInstitution, Base):
    """What an upstream detection system recommends for an item. Append-only; the newest counts.

    `sequence` orders an item's advice; `given_by` names the API key.
    """

    __tablename__ = "advice"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"))
    sequence: Mapped[int]
    act: Mapped[str]
    confidence: Mapped[Decimal] = mapped_column(Numeric(4, 3))
    reasons: Mapped[list[Any]]
    model: Mapped[str]
    model_version: Mapped[str]
    explanation: Mapped[str]
    given_by: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(server_default=now())

    __table_args__ = (
        UniqueConstraint("item_id", "sequence"),
        CheckConstraint("act in ('pay','return','reject','hold','escalate')", name="act"),
        CheckConstraint("confidence between 0 and 1", name="confidence"),
    )
