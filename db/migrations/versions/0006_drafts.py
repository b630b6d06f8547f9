"""Drafts: what people chose and typed for an item and have not submitted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("content", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(content::text) <= 32768", name=op.f("ck_draft_content")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_draft_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_draft_item_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_draft_user_id")),
        sa.PrimaryKeyConstraint("user_id", "item_id", name=op.f("pk_draft")),
    )
    op.create_index(op.f("ix_draft_item_id"), "draft", ["item_id"], unique=False)
    op.execute("alter table draft enable row level security")
    op.execute(
        f"create policy of_institution on draft using (institution_id = {INSTITUTION})"
        f" with check (institution_id = {INSTITUTION})"
    )
    op.execute("grant select, insert, update, delete on draft to console_app")


def downgrade() -> None:
    op.drop_table("draft")
