"""Operations: how jobs stand, who runs them, what regular checks found, and the permission to run and pause them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ADMINISTERING_BEFORE = (
    "array['user:manage','role:manage','access_change:approve','mfa:manage','session:end',"
    "'allowlist:manage','api_key:manage']"
)
ADMINISTERING = ADMINISTERING_BEFORE.replace("]", ",'operations:manage']")
DECIDING = "array['item:claim','item:decide','item:approve']"

HOLDS_BOTH = """
create or replace function holds_both(person uuid) returns boolean language sql stable as $$
    select coalesce(
        bool_or(r.role = 'administrator' or c.permissions ?| {administering})
            and bool_or(r.role in ('reviewer', 'approver', 'supervisor') or c.permissions ?| {deciding}),
        false)
    from user_role r left join custom_role c on c.id = r.custom_role_id where r.user_id = person
$$;
"""

GRANTS = {
    "scheduled_job": "select, insert, update, delete",
    "job_run": "update",
    "worker": "select, insert, update, delete",
    "installation_check": "select, insert, update",
}


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "scheduled_job",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("paused_at", moment, nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.Column("asked_at", moment, nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failing_since", moment, nullable=True),
        sa.Column("retry_at", moment, nullable=True),
        sa.Column("last_done_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_scheduled_job")),
    )
    op.create_table(
        "worker",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("started_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("beat_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("clock_ahead", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )
    op.create_table(
        "installation_check",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation_check")),
    )
    _extend_runs(moment)
    for table, rights in GRANTS.items():
        op.execute(f"grant {rights} on {table} to console_app")
    # Breaches of the last hour are counted for each scrape.
    op.create_index("ix_item_alert_due_at", "item_alert", ["institution_id", "kind", "due_at"])
    _separate(ADMINISTERING)


def _extend_runs(moment: sa.DateTime) -> None:
    for column in _run_columns(moment):
        op.add_column("job_run", column)
    op.execute("update job_run set outcome = 'done', finished_at = started_at")
    op.drop_constraint(op.f("pk_job_run"), "job_run")
    op.create_primary_key(op.f("pk_job_run"), "job_run", ["job", "due_at", "attempt"])
    op.create_index(
        "uq_job_run_running", "job_run", ["job"], unique=True, postgresql_where=sa.text("outcome = 'running'")
    )
    op.create_index("ix_job_run_started", "job_run", [sa.text("started_at DESC"), "job"])
    op.create_check_constraint(op.f("ck_job_run_outcome"), "job_run", "outcome in ('running','done','failed','lost')")
    op.create_check_constraint(op.f("ck_job_run_finished"), "job_run", "(outcome = 'running') = (finished_at is null)")


def _run_columns(moment: sa.DateTime) -> list[sa.Column[Any]]:
    return [
        sa.Column("attempt", sa.Integer(), server_default="1", nullable=False),
        sa.Column("worker", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("outcome", sa.Text(), server_default="running", nullable=False),
        sa.Column("done", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=True),
    ]


def _separate(administering: str) -> None:
    """Let the guards of `user_role` and `custom_role` know these powers as those of an administrator."""
    op.execute(HOLDS_BOTH.format(administering=administering, deciding=DECIDING))
    op.drop_constraint(op.f("ck_custom_role_separation_of_duties"), "custom_role")
    op.create_check_constraint(
        op.f("ck_custom_role_separation_of_duties"),
        "custom_role",
        f"not (permissions ?| {administering} and permissions ?| {DECIDING})",
    )


def downgrade() -> None:
    _separate(ADMINISTERING_BEFORE)
    op.drop_index("ix_item_alert_due_at", table_name="item_alert")
    for name in ("finished", "outcome"):
        op.drop_constraint(op.f(f"ck_job_run_{name}"), "job_run")
    op.drop_index("ix_job_run_started", table_name="job_run")
    op.drop_index("uq_job_run_running", table_name="job_run")
    # What the table was: one row for a due time.
    op.execute("delete from job_run where attempt > 1")
    op.drop_constraint(op.f("pk_job_run"), "job_run")
    op.create_primary_key(op.f("pk_job_run"), "job_run", ["job", "due_at"])
    for column in _run_columns(sa.DateTime(timezone=True)):
        op.drop_column("job_run", column.name)
    op.execute("revoke update on job_run from console_app")
    for table in ("installation_check", "worker", "scheduled_job"):
        op.drop_table(table)
