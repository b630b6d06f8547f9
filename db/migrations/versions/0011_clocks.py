"""Clocks: an institution's own closings, the pauses of the SLA, and the rule behind a return's deadline."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "closed_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_closed_day_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "day", name=op.f("pk_closed_day")),
    )
    op.add_column("check_item", sa.Column("sla_paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("check_item", sa.Column("sla_paused_for", sa.Interval(), server_default="0", nullable=False))
    op.add_column("check_item", sa.Column("return_rule", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_check_item_return_rule"), "check_item", "return_rule in ('midnight','expeditious')"
    )
    op.create_table(
        "item_alert",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_item_alert_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_item_alert_item_id")),
        sa.PrimaryKeyConstraint("item_id", "kind", "due_at", name=op.f("pk_item_alert")),
    )
    for table in ("closed_day", "item_alert"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy of_institution on {table} "
            f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
        )
        op.execute(f"grant select, insert, delete on {table} to console_app")
    op.create_index(
        "ix_check_item_open_return_by",
        "check_item",
        ["institution_id", "return_by", "id"],
        postgresql_where=sa.text(
            "return_by is not null and status not in ('approved', 'returned', 'rejected', 'closed')"
        ),
    )
    # Until now only the midnight deadline could come first; and what waits begins its pause now.
    op.execute(
        "update check_item set version = version + 1, return_rule = 'midnight' where return_by is not null"
        " and status not in ('approved', 'returned', 'rejected', 'closed')"
    )
    op.execute(
        "update check_item set version = version + 1, sla_paused_at = now(), sla_due_at = '9000-01-01 00:00+00',"
        " sla_warning_at = '9000-01-01 00:00+00' where status in ('held', 'needs_info')"
    )
    # The guards look at these rows now: a table with such work left cannot be altered by what comes next.
    op.execute("set constraints all immediate")


def downgrade() -> None:
    op.drop_index("ix_check_item_open_return_by", table_name="check_item")
    # The time before the pause is not known below: it counts from here.
    op.execute(
        "update check_item set version = version + 1, sla_due_at = now() + interval '4 hours', sla_warning_at = now()"
        " where sla_paused_at is not null"
    )
    op.execute("set constraints all immediate")
    op.drop_constraint(op.f("ck_check_item_return_rule"), "check_item")
    for column in ("return_rule", "sla_paused_for", "sla_paused_at"):
        op.drop_column("check_item", column)
    op.drop_table("item_alert")
    op.drop_table("closed_day")
