"""Trials of policy versions beside the active one: replays, sweeps and shadows, and the items of which they differ."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"
TABLES = ("policy_trial", "policy_trial_item", "policy_trial_file")
JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())


def _now() -> sa.TextClause:
    return sa.text("now()")


def _references(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "policy_trial",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("against_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("subject", JSON, nullable=True),
        sa.Column("status", sa.Text(), server_default="running", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=_now(), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), server_default=_now(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("items", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("result", JSON, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind in ('replay','shadow','sweep')", name=op.f("ck_policy_trial_kind")),
        sa.CheckConstraint(
            "status in ('running','finished','cancelled','interrupted','failed')", name=op.f("ck_policy_trial_status")
        ),
        sa.CheckConstraint("(status = 'running') = (finished_at is null)", name=op.f("ck_policy_trial_finished")),
        sa.CheckConstraint(
            "(kind = 'shadow') = (days is null) and days between 1 and 3660", name=op.f("ck_policy_trial_days")
        ),
        sa.CheckConstraint("(kind = 'sweep') = (subject is not null)", name=op.f("ck_policy_trial_subject")),
        _references("policy_trial", "version_id", "policy_version"),
        _references("policy_trial", "against_id", "policy_version"),
        _references("policy_trial", "started_by", "app_user"),
        _references("policy_trial", "institution_id", "institution"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_trial")),
    )
    op.create_index(
        "uq_policy_trial_running",
        "policy_trial",
        ["version_id", "kind"],
        unique=True,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index("ix_policy_trial_version", "policy_trial", ["version_id", "kind", "started_at"])
    op.create_table(
        "policy_trial_item",
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was_review", sa.Boolean(), nullable=False),
        sa.Column("now_review", sa.Boolean(), nullable=False),
        sa.Column("was_queue", sa.Text(), nullable=False),
        sa.Column("now_queue", sa.Text(), nullable=False),
        sa.Column("was_priority", sa.Integer(), nullable=False),
        sa.Column("now_priority", sa.Integer(), nullable=False),
        sa.Column("was_two", sa.Boolean(), nullable=False),
        sa.Column("now_two", sa.Boolean(), nullable=False),
        sa.Column("others", JSON, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("fraud", sa.Boolean(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        _references("policy_trial_item", "trial_id", "policy_trial"),
        _references("policy_trial_item", "item_id", "check_item"),
        _references("policy_trial_item", "institution_id", "institution"),
        sa.PrimaryKeyConstraint("trial_id", "item_id", name=op.f("pk_policy_trial_item")),
    )
    op.create_index("ix_policy_trial_item_page", "policy_trial_item", ["trial_id", "received_at", "item_id"])
    op.create_table(
        "policy_trial_file",
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        _references("policy_trial_file", "trial_id", "policy_trial"),
        _references("policy_trial_file", "file_id", "file_received"),
        _references("policy_trial_file", "institution_id", "institution"),
        sa.PrimaryKeyConstraint("trial_id", "file_id", name=op.f("pk_policy_trial_file")),
    )
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy of_institution on {table} using (institution_id = {INSTITUTION})"
            f" with check (institution_id = {INSTITUTION})"
        )
    op.execute("grant select, insert, update on policy_trial to console_app")
    # What a later trial of the same kind has put aside goes.
    op.execute("grant select, insert, delete on policy_trial_item to console_app")
    op.execute("grant select, insert, delete on policy_trial_file to console_app")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
