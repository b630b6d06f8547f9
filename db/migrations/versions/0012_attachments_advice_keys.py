"""Files attached to items, advice of other systems, and people's own keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

APPEND_ONLY = ("item_attachment", "advice")
INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "item_attachment",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("attached_by", sa.Uuid(), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("char_length(name) between 1 and 120", name=op.f("ck_item_attachment_name")),
        sa.CheckConstraint("size > 0", name=op.f("ck_item_attachment_size")),
        sa.ForeignKeyConstraint(["attached_by"], ["app_user.id"], name=op.f("fk_item_attachment_attached_by")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_item_attachment_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_item_attachment_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_attachment")),
    )
    op.create_index("ix_item_attachment_item", "item_attachment", ["item_id", "attached_at", "id"], unique=False)
    op.create_table(
        "advice",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Numeric(precision=4, scale=3), nullable=False),
        sa.Column("reasons", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("act in ('pay','return','reject','hold','escalate')", name=op.f("ck_advice_act")),
        sa.CheckConstraint("confidence between 0 and 1", name=op.f("ck_advice_confidence")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_advice_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_advice_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advice")),
        sa.UniqueConstraint("item_id", "sequence", name=op.f("uq_advice_item_id_sequence")),
    )
    op.create_table(
        "user_key",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("char_length(key) between 1 and 30", name=op.f("ck_user_key_key")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_user_key_institution_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_key_user_id")),
        sa.PrimaryKeyConstraint("user_id", "action", name=op.f("pk_user_key")),
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    for table in (*APPEND_ONLY, "user_key"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy of_institution on {table} "
            f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
        )
        op.execute(f"grant select, insert on {table} to console_app")
    op.execute("grant update, delete on user_key to console_app")


def downgrade() -> None:
    op.drop_table("user_key")
    op.drop_table("advice")
    op.drop_table("item_attachment")
