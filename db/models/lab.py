"""Trials of a policy version beside the active one: over history (replay, sweep) or over what comes in (shadow)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, now


class PolicyTrial(OpaqueId, OfInstitution, Base):
    """A version's document as it was at `revision`, judged beside the version that was active, `against_id`.

    `days` of history, with the rules that are in effect on `day`; a shadow has neither, because it goes with time.
    `subject`: the threshold that is swept, and its points. `items` of `total` are judged; `beat_at` is when its process
    last said so. `result` is written as `console.lab` reads it.
    """

    __tablename__ = "policy_trial"

    kind: Mapped[str]
    version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    revision: Mapped[int]
    document: Mapped[dict[str, Any]]
    against_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    days: Mapped[int | None]
    day: Mapped[date | None]
    subject: Mapped[dict[str, Any] | None]
    status: Mapped[str] = mapped_column(default="running", server_default="running")
    started_at: Mapped[datetime] = mapped_column(server_default=now())
    started_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    beat_at: Mapped[datetime] = mapped_column(server_default=now())
    finished_at: Mapped[datetime | None]
    items: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    total: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[dict[str, Any] | None]
    problem: Mapped[str | None]

    __table_args__ = (
        # One at a time of each kind.
        Index(
            "uq_policy_trial_running", "version_id", "kind", unique=True, postgresql_where=text("status = 'running'")
        ),
        Index("ix_policy_trial_version", "version_id", "kind", "started_at"),
        CheckConstraint("kind in ('replay','shadow','sweep')", name="kind"),
        CheckConstraint("status in ('running','finished','cancelled','interrupted','failed')", name="status"),
        CheckConstraint("(status = 'running') = (finished_at is null)", name="finished"),
        CheckConstraint("(kind = 'shadow') = (days is null) and days between 1 and 3660", name="days"),
        CheckConstraint("(kind = 'sweep') = (subject is not null)", name="subject"),
    )


class PolicyTrialItem(OfInstitution, Base):
    """An item of which both versions say something else. `others`: what differs beside the columns, in names.

    `outcome` is what people decided, null: nothing yet; `fraud` that they said why in such words.
    """

    __tablename__ = "policy_trial_item"

    trial_id: Mapped[UUID] = mapped_column(ForeignKey("policy_trial.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("check_item.id"), primary_key=True)
    received_at: Mapped[datetime]
    was_review: Mapped[bool]
    now_review: Mapped[bool]
    was_queue: Mapped[str]
    now_queue: Mapped[str]
    was_priority: Mapped[int]
    now_priority: Mapped[int]
    was_two: Mapped[bool]
    now_two: Mapped[bool]
    others: Mapped[list[Any]]
    outcome: Mapped[str | None]
    fraud: Mapped[bool]

    __table_args__ = (Index("ix_policy_trial_item_page", "trial_id", "received_at", "item_id"),)


class PolicyTrialFile(OfInstitution, Base):
    """A file whose items a shadow has judged: it commits whole, so nothing of it is seen twice or missed."""

    __tablename__ = "policy_trial_file"

    trial_id: Mapped[UUID] = mapped_column(ForeignKey("policy_trial.id"), primary_key=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("file_received.id"), primary_key=True)
