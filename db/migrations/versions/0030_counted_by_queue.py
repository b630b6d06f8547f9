"""What is late, nearly late and was decided today is counted from indexes alone, also for who works in some queues or on
some types only."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

OPEN = "status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')"
DONE = "status in ('approved', 'returned', 'rejected', 'cleared', 'closed')"


def upgrade() -> None:
    _again(["queue_id", "item_type"])


def downgrade() -> None:
    _again([])


def _again(more: list[str]) -> None:
    op.drop_index("ix_check_item_open_sla", table_name="check_item")
    op.create_index(
        "ix_check_item_open_sla",
        "check_item",
        ["institution_id", "sla_due_at", "priority", "id"],
        postgresql_include=more,
        postgresql_where=sa.text(OPEN),
    )
    op.drop_index("ix_check_item_open_warning", table_name="check_item")
    op.create_index(
        "ix_check_item_open_warning",
        "check_item",
        ["institution_id", "sla_warning_at"],
        postgresql_include=["sla_due_at", *more],
        postgresql_where=sa.text(OPEN),
    )
    op.drop_index("ix_check_item_decided", table_name="check_item")
    op.create_index(
        "ix_check_item_decided",
        "check_item",
        ["institution_id", "decided_at", "id"],
        postgresql_include=more,
        postgresql_where=sa.text(DONE),
    )
