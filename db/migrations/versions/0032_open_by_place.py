"""Open checks are found in their queue, type and status by themselves, in the order of urgency; and in their queue and
type in the orders of amount, of coming in and of their warnings. What Start takes from is found so as well."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

OPEN = "status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')"
WAITING = "status in ('new', 'escalated') and assigned_to is null"
URGENCY = ["sla_due_at", "priority", "id"]
PLACE = ["institution_id", "queue_id", "item_type"]


def upgrade() -> None:
    op.drop_index("ix_check_item_waiting", table_name="check_item")
    _urgent([])
    op.create_index(
        "ix_check_item_open_place",
        "check_item",
        [*PLACE, "status", *URGENCY],
        postgresql_include=["assigned_to"],
        postgresql_where=sa.text(OPEN),
    )
    for name, column in (("amount", "amount_cents"), ("received", "received_at")):
        op.create_index(
            f"ix_check_item_open_place_{name}", "check_item", [*PLACE, column, "id"], postgresql_where=sa.text(OPEN)
        )
    op.drop_index("ix_check_item_open_warning", table_name="check_item")
    op.create_index(
        "ix_check_item_open_place_warning",
        "check_item",
        [*PLACE, "sla_warning_at"],
        postgresql_include=["sla_due_at"],
        postgresql_where=sa.text(OPEN),
    )


def downgrade() -> None:
    op.create_index(
        "ix_check_item_open_warning",
        "check_item",
        ["institution_id", "sla_warning_at"],
        postgresql_include=["sla_due_at", "queue_id", "item_type"],
        postgresql_where=sa.text(OPEN),
    )
    for name in ("", "_amount", "_received", "_warning"):
        op.drop_index(f"ix_check_item_open_place{name}", table_name="check_item")
    _urgent(["queue_id", "item_type"])
    op.create_index(
        "ix_check_item_waiting", "check_item", ["institution_id", *URGENCY], postgresql_where=sa.text(WAITING)
    )


def _urgent(more: list[str]) -> None:
    op.drop_index("ix_check_item_open_sla", table_name="check_item")
    op.create_index(
        "ix_check_item_open_sla",
        "check_item",
        ["institution_id", *URGENCY],
        postgresql_include=more,
        postgresql_where=sa.text(OPEN),
    )
