"""Scheduled jobs: what each is, its runs, who works on them, and what regular checks found.

They belong to the installation, not to an institution: workers do every institution's work.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, now


class ScheduledJob(Base):
    """A job as the workers know it, and how it stands. Whoever starts, ends or changes it locks this row."""

    __tablename__ = "scheduled_job"

    name: Mapped[str] = mapped_column(primary_key=True)
    meaning: Mapped[str]
    # When it is due, in words: “every 30 s”.
    schedule: Mapped[str]
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[str | None]
    # Somebody wants it run at once, paused or not.
    asked_at: Mapped[datetime | None]
    asked_by: Mapped[str | None]
    # Runs that failed one after the other, and when the next attempt is due.
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    failing_since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    last_done_at: Mapped[datetime | None]


class JobRun(Base):
    """A run of a job for one due time. A run whose worker died is followed by another attempt at the same time."""

    __tablename__ = "job_run"

    job: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, default=1, server_default="1")
    worker: Mapped[str] = mapped_column(default="", server_default="")
    started_at: Mapped[datetime] = mapped_column(server_default=now())
    # Until then the worker is believed to be alive; it says so again and again.
    lease_until: Mapped[datetime] = mapped_column(server_default=now())
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="running", server_default="running")
    # What it did: items, letters, rows.
    done: Mapped[int | None]
    error: Mapped[str | None]
    asked_by: Mapped[str | None]

    __table_args__ = (
        # One at a time over all workers, whatever they believe.
        Index("uq_job_run_running", "job", unique=True, postgresql_where=text("outcome = 'running'")),
        Index("ix_job_run_started", text("started_at DESC"), "job"),
        CheckConstraint("outcome in ('running','done','failed','lost')", name="outcome"),
        CheckConstraint("(outcome = 'running') = (finished_at is null)", name="finished"),
    )


class Worker(Base):
    """A process that runs jobs, and when it was last heard of."""

    __tablename__ = "worker"

    id: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=now())
    beat_at: Mapped[datetime] = mapped_column(server_default=now())
    # Its clock less the database's, in seconds.
    clock_ahead: Mapped[float]


class InstallationCheck(Base):
    """What a regular check of the installation found the last time: chains, certificates, backups."""

    __tablename__ = "installation_check"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=now())
    ok: Mapped[bool]
    # In words, for people.
    detail: Mapped[str]
    figures: Mapped[dict[str, Any]]
