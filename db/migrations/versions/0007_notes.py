"""Notes: what people write on an item."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "item_note",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("mentions", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("answers_id", sa.Uuid(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("char_length(text) between 1 and 4000", name=op.f("ck_item_note_text")),
        sa.ForeignKeyConstraint(["answers_id"], ["decision.id"], name=op.f("fk_item_note_answers_id")),
        sa.ForeignKeyConstraint(["author_id"], ["app_user.id"], name=op.f("fk_item_note_author_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_item_note_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_item_note_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_note")),
        sa.UniqueConstraint("answers_id", name=op.f("uq_item_note_answers_id")),
    )
    op.create_index("ix_item_note_item", "item_note", ["item_id", "written_at", "id"], unique=False)
    op.execute(
        "create trigger append_only before update or delete or truncate on item_note "
        "for each statement execute function refuse_change()"
    )
    op.execute("alter table item_note enable row level security")
    op.execute(
        "create policy of_institution on item_note "
        f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
    )
    op.execute("grant select, insert on item_note to console_app")


def downgrade() -> None:
    op.drop_table("item_note")
