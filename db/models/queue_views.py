"""How people look at the queue: views they saved, and the one that they begin with."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, now


class SavedView(OpaqueId, OfInstitution, Base):
    """A named choice of filters, order and columns (`console.review.queue_views.View`); `shared`: with everybody."""

    __tablename__ = "saved_view"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    name: Mapped[str]
    shared: Mapped[bool] = mapped_column(default=False, server_default="false")
    definition: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime] = mapped_column(server_default=now())

    __table_args__ = (Index("uq_saved_view_owner_id_name", "owner_id", text("lower(name)"), unique=True),)


class DefaultView(OfInstitution, Base):
    """The view with which a person's queue opens."""

    __tablename__ = "default_view"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    view_id: Mapped[UUID] = mapped_column(ForeignKey("saved_view.id", ondelete="CASCADE"), index=True)
