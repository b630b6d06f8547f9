"""Finds the open items that another version of the policy judged."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_check_item_open_policy",
        "check_item",
        ["institution_id", "policy_version_id", "id"],
        postgresql_where=sa.text("status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')"),
    )


def downgrade() -> None:
    op.drop_index("ix_check_item_open_policy", table_name="check_item")
