"""What people are told: notices, by which way each person wants them, and the outbox of their e-mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, now


class Notice(OpaqueId, OfInstitution, Base):
    """Something one person is told. `values` are data; the words stand in `console/notices/words.py`."""

    __tablename__ = "notice"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    kind: Mapped[str]
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("check_item.id"))
    values: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=now())
    # Whether the bell shows it; a person may want a kind by e-mail alone, or not at all.
    in_app: Mapped[bool]
    read_at: Mapped[datetime | None]
    # The same event is told once: a job that sees it again meets this key. Null: every time.
    key: Mapped[str | None]
    # The outbox. Null: no e-mail is wanted, or there is nowhere to send it.
    mail_state: Mapped[str | None]
    mail_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    mail_due_at: Mapped[datetime | None]
    # What the mail server said last, where it refused.
    mail_error: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index("ix_notice_shown", "user_id", "created_at", "id", postgresql_where=text("in_app")),
        Index("ix_notice_unread", "user_id", postgresql_where=text("in_app and read_at is null")),
        Index("ix_notice_outbox", "mail_due_at", "id", postgresql_where=text("mail_state = 'waiting'")),
        Index("ix_notice_item_id", "item_id", postgresql_where=text("item_id is not null")),
        Index("ix_notice_created_at", "created_at"),
        CheckConstraint("mail_state in ('waiting','sent','given_up')", name="mail_state"),
        CheckConstraint("mail_state is distinct from 'waiting' or mail_due_at is not null", name="mail_due_at"),
    )


class NoticeSetting(OfInstitution, Base):
    """How a person wants to be told of one kind; without a row, as the kind's default says."""

    __tablename__ = "notice_setting"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    in_app: Mapped[bool]
    by_email: Mapped[bool]
