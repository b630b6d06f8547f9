"""Decisions that were submitted and can still be taken back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"
JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "pending_decision",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("choice", JSON, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=False),
        sa.Column("seen_digest", sa.Text(), nullable=False),
        sa.Column("viewed_ms", JSON, nullable=False),
        sa.Column("session", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("commit_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("stage in ('decide','confirm','send_back')", name=op.f("ck_pending_decision_stage")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_pending_decision_institution_id")
        ),
        # Whoever ends a claim says first what becomes of the decision that stands on it.
        sa.ForeignKeyConstraint(["item_id"], ["claim.item_id"], name=op.f("fk_pending_decision_item_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_pending_decision_user_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_pending_decision")),
    )
    op.create_index(op.f("ix_pending_decision_user_id"), "pending_decision", ["user_id"], unique=False)
    op.create_index("ix_pending_decision_due", "pending_decision", ["institution_id", "commit_at"], unique=False)
    op.execute("alter table pending_decision enable row level security")
    op.execute(
        f"create policy of_institution on pending_decision using (institution_id = {INSTITUTION})"
        f" with check (institution_id = {INSTITUTION})"
    )
    op.execute("grant select, insert, delete on pending_decision to console_app")


def downgrade() -> None:
    op.drop_table("pending_decision")
