"""Drafts of the policy: what each is made from, how often it was saved, and what people have not saved of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"


def upgrade() -> None:
    op.add_column("policy_version", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
    op.add_column("policy_version", sa.Column("based_on", sa.Uuid(), nullable=True))
    op.add_column(
        "policy_version",
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column("policy_version", sa.Column("saved_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_policy_version_based_on"), "policy_version", "policy_version", ["based_on"], ["id"])
    op.create_foreign_key(op.f("fk_policy_version_saved_by"), "policy_version", "app_user", ["saved_by"], ["id"])
    op.create_table(
        "policy_working_copy",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("base", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("document", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "length(base::text) <= 1048576 and length(document::text) <= 1048576",
            name=op.f("ck_policy_working_copy_size"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_policy_working_copy_institution_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_policy_working_copy_user_id")),
        sa.ForeignKeyConstraint(["version_id"], ["policy_version.id"], name=op.f("fk_policy_working_copy_version_id")),
        sa.PrimaryKeyConstraint("user_id", "version_id", name=op.f("pk_policy_working_copy")),
    )
    op.create_index(op.f("ix_policy_working_copy_version_id"), "policy_working_copy", ["version_id"], unique=False)
    op.execute("alter table policy_working_copy enable row level security")
    op.execute(
        f"create policy of_institution on policy_working_copy using (institution_id = {INSTITUTION})"
        f" with check (institution_id = {INSTITUTION})"
    )
    op.execute("grant select, insert, update, delete on policy_working_copy to console_app")


def downgrade() -> None:
    op.drop_table("policy_working_copy")
    for column in ("saved_by", "saved_at", "based_on", "revision"):
        op.drop_column("policy_version", column)
