"""What a legal hold covers is held in the object store too: which objects, and whether the store has been told."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "object_hold",
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("covered", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("settled_at", moment, nullable=True),
        sa.Column("tried_at", moment, nullable=True),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_object_hold_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "sha256", name=op.f("pk_object_hold")),
    )
    op.create_index(
        "ix_object_hold_waiting", "object_hold", ["institution_id", sa.text("tried_at NULLS FIRST"), "sha256"],
        postgresql_where=sa.text("settled_at is null"),
    )  # fmt: skip
    # While it is covered, it is known of which object the store was told.
    op.execute(
        "create trigger on_legal_hold before delete on object_hold for each row "
        "when (old.covered) execute function refuse_held()"
    )
    op.execute("alter table object_hold enable row level security")
    op.execute(
        f"create policy of_institution on object_hold "
        f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
    )
    op.execute("grant select, insert, delete on object_hold to console_app")
    op.execute("grant update (covered, settled_at, tried_at) on object_hold to console_app")


def downgrade() -> None:
    op.drop_table("object_hold")
