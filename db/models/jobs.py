"""Runs of scheduled jobs: one row per job and due time, whichever worker wins it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, now


class JobRun(Base):
    """A job's run for one due time. The primary key makes it one run over all workers."""

    __tablename__ = "job_run"

    job: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=now())
