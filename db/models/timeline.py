"""What people write on an item beside deciding it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, now


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
