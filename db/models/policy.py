"""Policy versions: what decides whether a check needs review, how urgently and by how many people; and their lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OfInstitution, OpaqueId, now


class PolicyVersion(OpaqueId, OfInstitution, Base):
    """One version of an institution's policy; at most one is active at any moment.

    `note` is what its author says of it, `restores` the older version that it brings back. It was active from
    `activated_at` until `retired_at`; retired without the former, it was discarded as a draft. `scheduled_for` is when
    an approved version is to become active, and `reevaluate` whether what is open then is judged anew by it, which was
    finished at `reevaluated_at`.
    """

    __tablename__ = "policy_version"

    number: Mapped[int]
    status: Mapped[str]
    document: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(default="", server_default="")
    restores: Mapped[UUID | None] = mapped_column(ForeignKey("policy_version.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=now())
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    scheduled_for: Mapped[datetime | None]
    reevaluate: Mapped[bool] = mapped_column(default=False, server_default="false")
    reevaluated_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    # Grows with each change of the document that is saved: who saves names the one that they began with.
    revision: Mapped[int] = mapped_column(server_default="1")
    based_on: Mapped[UUID | None] = mapped_column(ForeignKey("policy_version.id"))
    saved_at: Mapped[datetime] = mapped_column(server_default=now())
    saved_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))

    __table_args__ = (
        UniqueConstraint("institution_id", "number"),
        Index("uq_policy_version_active", "institution_id", unique=True, postgresql_where=text("status = 'active'")),
        Index(
            "uq_policy_version_scheduled",
            "institution_id",
            "scheduled_for",
            unique=True,
            postgresql_where=text("status = 'approved' and scheduled_for is not null"),
        ),
        ExcludeConstraint(
            ("institution_id", "="),
            (text("tstzrange(activated_at, retired_at)"), "&&"),
            name="ex_policy_version_active",
            using="gist",
            where=text("activated_at is not null"),
        ),
        CheckConstraint("status in ('draft','in_review','approved','active','retired')", name="status"),
        CheckConstraint(
            "(status = 'active') = (activated_at is not null and retired_at is null)"
            " and (status = 'retired') = (retired_at is not null)"
            " and (scheduled_for is null or status in ('approved', 'active', 'retired'))",
            name="times",
        ),
    )


class PolicyTransition(Base):
    """The database's copy of `console.policy.lifecycle`: the only changes of a version's status that it accepts."""

    __tablename__ = "policy_transition"

    from_status: Mapped[str] = mapped_column(primary_key=True)
    to_status: Mapped[str] = mapped_column(primary_key=True)


class PolicyContributor(OfInstitution, Base):
    """Somebody who wrote a part of a version: a trigger notes them, and they do not approve it."""

    __tablename__ = "policy_contributor"

    version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    since: Mapped[datetime] = mapped_column(server_default=now())


class PolicyStep(OpaqueId, OfInstitution, Base):
    """What was done with a version, by whom and why. Append-only. `by_id` null: by the console itself."""

    __tablename__ = "policy_step"

    version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"))
    act: Mapped[str]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    by_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=now())
    reason: Mapped[str] = mapped_column(default="", server_default="")

    __table_args__ = (Index("ix_policy_step_version_id", "version_id", "at"),)


class PolicyList(OpaqueId, OfInstitution, Base):
    """A list of payees, accounts or routing numbers that rules name by its key. `version` rises with each change."""

    __tablename__ = "policy_list"

    key: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    note: Mapped[str] = mapped_column(default="", server_default="")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=now())
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))

    __table_args__ = (
        UniqueConstraint("institution_id", "key"),
        CheckConstraint("kind in ('payee','account','routing')", name="kind"),
    )


class PolicyListEntry(OpaqueId, OfInstitution, Base):
    """What a list holds, or held, from `added_at` until `removed_at`: so it can be said what it held at any moment.

    `value` is what is compared, `shown` as it was written. `added_in` and `removed_in` are the changes by which it came
    and went; null: from before changes waited for a second person.
    """

    __tablename__ = "policy_list_entry"

    list_id: Mapped[UUID] = mapped_column(ForeignKey("policy_list.id"))
    value: Mapped[str]
    shown: Mapped[str]
    note: Mapped[str] = mapped_column(default="", server_default="")
    added_at: Mapped[datetime] = mapped_column(server_default=now())
    added_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    added_in: Mapped[UUID | None] = mapped_column(ForeignKey("policy_list_change.id"))
    removed_in: Mapped[UUID | None] = mapped_column(ForeignKey("policy_list_change.id"))

    __table_args__ = (
        Index(
            "uq_policy_list_entry_value", "list_id", "value", unique=True, postgresql_where=text("removed_at is null")
        ),
        Index("ix_policy_list_entry_history", "list_id", "added_at", "id"),
    )


class PolicyListChange(OpaqueId, OfInstitution, Base):
    """Entries that somebody would put on a list (`act` add) or take off it (remove), and what a second person said.

    `entries` are objects of `value`, `shown` and `note`; `answer` is why it was refused or withdrawn.
    """

    __tablename__ = "policy_list_change"

    list_id: Mapped[UUID] = mapped_column(ForeignKey("policy_list.id"))
    act: Mapped[str]
    status: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    entries: Mapped[list[Any]]
    reason: Mapped[str]
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    proposed_at: Mapped[datetime] = mapped_column(server_default=now())
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="", server_default="")

    __table_args__ = (
        CheckConstraint("act in ('add','remove')", name="act"),
        CheckConstraint("status in ('waiting','approved','refused','withdrawn')", name="status"),
        CheckConstraint(
            "(status = 'waiting') = (decided_by is null) and (decided_by is null) = (decided_at is null)",
            name="decided",
        ),
        CheckConstraint("status <> 'approved' or decided_by <> proposed_by", name="two_people"),
        Index("ix_policy_list_change_list_id", "list_id", "proposed_at", "id"),
    )


class PolicyWorkingCopy(OfInstitution, Base):
    """What one person has changed of a draft and not saved. `base` is the document of the `revision` that they changed;
    `document` may be unfinished."""

    __tablename__ = "policy_working_copy"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_version.id"), primary_key=True, index=True)
    revision: Mapped[int]
    base: Mapped[dict[str, Any]]
    document: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime] = mapped_column(server_default=now())

    __table_args__ = (
        CheckConstraint("length(base::text) <= 1048576 and length(document::text) <= 1048576", name="size"),
    )
