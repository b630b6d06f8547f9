"""A queue without a warning of its own has the policy's, as with its hours."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("queue", "warning_minutes", existing_type=sa.Integer(), nullable=True, server_default=None)
    # What every queue began with, and nobody chose.
    op.execute("update queue set warning_minutes = null where warning_minutes = 30")


def downgrade() -> None:
    op.execute("update queue set warning_minutes = 30 where warning_minutes is null")
    op.alter_column("queue", "warning_minutes", existing_type=sa.Integer(), nullable=False, server_default="30")
