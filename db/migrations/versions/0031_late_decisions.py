"""What was decided late is counted for reports by when it was due: indexes over these few checks alone."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

DECIDED = "status in ('approved', 'returned', 'rejected')"


def upgrade() -> None:
    for name, due in (("ix_check_item_decided_late", "sla_due_at"), ("ix_check_item_return_missed", "return_by")):
        op.create_index(
            name,
            "check_item",
            ["institution_id", due],
            postgresql_include=["queue_id", "item_type"],
            postgresql_where=sa.text(f"decided_at > {due} and {DECIDED}"),
        )


def downgrade() -> None:
    op.drop_index("ix_check_item_return_missed", table_name="check_item")
    op.drop_index("ix_check_item_decided_late", table_name="check_item")
