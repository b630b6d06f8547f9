"""Queues: to whom an item is assigned, who works in a queue, what it takes in and how much one person may hold."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"
OPEN = "status not in ('approved', 'returned', 'rejected', 'closed')"
WAITING = "status in ('new', 'escalated')"
URGENCY = ["sla_due_at", "priority", "id"]


def upgrade() -> None:
    op.add_column("check_item", sa.Column("assigned_to", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_check_item_assigned_to"), "check_item", "app_user", ["assigned_to"], ["id"])
    op.create_index(
        "ix_check_item_open_assigned",
        "check_item",
        ["institution_id", "assigned_to", *URGENCY],
        postgresql_where=sa.text(f"assigned_to is not null and {OPEN}"),
    )
    # "Start" takes what is assigned to nobody from this index, and what is assigned to its person from the one above.
    op.drop_index("ix_check_item_waiting", table_name="check_item")
    op.create_index(
        "ix_check_item_waiting",
        "check_item",
        ["institution_id", *URGENCY],
        postgresql_where=sa.text(f"{WAITING} and assigned_to is null"),
    )
    op.add_column("queue", sa.Column("max_claims", sa.Integer(), nullable=True))
    op.add_column("queue", sa.Column("criteria", postgresql.JSONB(), nullable=True))
    op.add_column("queue", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("queue", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_queue_max_claims"), "queue", "max_claims between 1 and 1000")
    op.create_check_constraint(op.f("ck_queue_sla_hours"), "queue", "sla_hours > 0")
    op.create_check_constraint(op.f("ck_queue_warning_minutes"), "queue", "warning_minutes between 0 and 1440")
    op.create_table(
        "queue_member",
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("decides", sa.Boolean(), nullable=False),
        sa.Column("signs", sa.Boolean(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_queue_member_institution_id")),
        sa.ForeignKeyConstraint(["queue_id"], ["queue.id"], name=op.f("fk_queue_member_queue_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_queue_member_user_id")),
        sa.PrimaryKeyConstraint("queue_id", "user_id", name=op.f("pk_queue_member")),
    )
    op.create_index(op.f("ix_queue_member_user_id"), "queue_member", ["user_id"])
    op.execute("alter table queue_member enable row level security")
    op.execute(
        "create policy of_institution on queue_member "
        f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
    )
    op.execute("grant select, insert, update, delete on queue_member to console_app")


def downgrade() -> None:
    op.drop_index(op.f("ix_queue_member_user_id"), table_name="queue_member")
    op.drop_table("queue_member")
    op.drop_constraint(op.f("ck_queue_warning_minutes"), "queue")
    op.drop_constraint(op.f("ck_queue_sla_hours"), "queue")
    op.drop_constraint(op.f("ck_queue_max_claims"), "queue")
    for column in ("closed_at", "version", "criteria", "max_claims"):
        op.drop_column("queue", column)
    op.drop_index("ix_check_item_waiting", table_name="check_item")
    op.create_index(
        "ix_check_item_waiting", "check_item", ["institution_id", *URGENCY], postgresql_where=sa.text(WAITING)
    )
    op.drop_index("ix_check_item_open_assigned", table_name="check_item")
    op.drop_constraint(op.f("fk_check_item_assigned_to"), "check_item", type_="foreignkey")
    op.drop_column("check_item", "assigned_to")
