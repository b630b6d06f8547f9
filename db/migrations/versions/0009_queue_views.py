"""Saved views of the queue, the indexes of its filters and its search, its counts, and how long decisions took."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"
OPEN = "status not in ('approved', 'returned', 'rejected', 'closed')"
DONE = "status in ('approved', 'returned', 'rejected', 'closed')"
# What is open and not new: few, however many wait.
UNDER_WAY = "status in ('in_review', 'held', 'escalated', 'pending_approval', 'needs_info')"

# How many items there are by queue, type and status: the sum of what each statement changed, folded now and then. A
# sum of few rows in place of a count of many items, and nobody waits for anybody's row as with one counter.
TALLY = """
create function tally_items() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into item_tally (institution_id, queue_id, item_type, status, items)
        select institution_id, queue_id, item_type, status, count(*) from added group by 1, 2, 3, 4;
    else
        insert into item_tally (institution_id, queue_id, item_type, status, items)
        select institution_id, queue_id, item_type, status, sum(items)
        from (
            select institution_id, queue_id, item_type, status, 1 as items from added
            union all
            select institution_id, queue_id, item_type, status, -1 from gone
        ) changed
        group by 1, 2, 3, 4 having sum(items) <> 0;
    end if;
    return null;
end $$;
create trigger tally_added after insert on check_item referencing new table as added
    for each statement execute function tally_items();
create trigger tally_changed after update on check_item referencing old table as gone new table as added
    for each statement execute function tally_items();
insert into item_tally (institution_id, queue_id, item_type, status, items)
    select institution_id, queue_id, item_type, status, count(*) from check_item group by 1, 2, 3, 4;
"""

# Words of the payee, the serial, and the account from its end. Matching text gives away what it compares, says
# PostgreSQL, so under row-level security no index would serve it: this function looks in its caller's institution
# only, and answers with ids, which the caller reads under that security like any others.
SEARCH = f"""
create function item_words(payee text, serial text, account_number text) returns tsvector
    language sql immutable parallel safe as $$
    select to_tsvector('simple', coalesce(payee, ''))
        || array_to_tsvector(array['#' || serial, '*' || reverse(account_number)])
$$;
create index ix_check_item_open_words on check_item using gin (item_words(payee, serial, account_number)) where {OPEN};
create function open_items_with(words tsquery, cents bigint, most integer) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as $$
    select id from (
        (select id from check_item where item_words(payee, serial, account_number) @@ words and {OPEN}
            and institution_id = {INSTITUTION} limit most)
        union
        (select id from check_item where institution_id = {INSTITUTION} and amount_cents = cents and {OPEN} limit most)
    ) found limit most
$$;
revoke execute on function open_items_with(tsquery, bigint, integer) from public;
grant execute on function open_items_with(tsquery, bigint, integer) to console_app;
"""

# From taking the item to deciding it, where its decider held it.
HANDLED = """
create function time_handling() returns trigger language plpgsql as $$
begin
    select greatest(0, extract(epoch from new.decided_at - claimed_at) * 1000)::bigint into new.handled_ms
        from claim where item_id = new.item_id and user_id = new.actor_id;
    return new;
end $$;
create trigger time_handling before insert on decision for each row execute function time_handling();
"""


def upgrade() -> None:
    # Under row-level security an index serves a condition only where its operator gives nothing away (LEAKPROOF):
    # numeric's do not count as such, bigint's do.
    op.add_column(
        "check_item",
        sa.Column(
            "amount_cents", sa.BigInteger(), sa.Computed("(amount * 100)::bigint", persisted=True), nullable=False
        ),
    )
    op.drop_index("ix_check_item_open_amount", table_name="check_item")
    op.create_index(
        "ix_check_item_open_amount",
        "check_item",
        ["institution_id", "amount_cents", "id"],
        postgresql_where=sa.text(OPEN),
    )
    op.create_index(
        "ix_check_item_under_way",
        "check_item",
        ["institution_id", "status", "sla_due_at", "priority", "id"],
        postgresql_where=sa.text(UNDER_WAY),
    )
    op.create_index(
        "ix_check_item_open_urgent",
        "check_item",
        ["institution_id", "priority", "sla_due_at", "id"],
        postgresql_where=sa.text(f"priority <= 2 and {OPEN}"),
    )
    # What is nearly late is counted from the index alone, and so is what was decided today.
    op.create_index(
        "ix_check_item_open_warning",
        "check_item",
        ["institution_id", "sla_warning_at"],
        postgresql_include=["sla_due_at"],
        postgresql_where=sa.text(OPEN),
    )
    op.drop_index("ix_check_item_decided", table_name="check_item")
    op.create_index(
        "ix_check_item_decided", "check_item", ["institution_id", "decided_at", "id"], postgresql_where=sa.text(DONE)
    )
    op.create_index("ix_flag_code", "flag", ["institution_id", "code", "item_id"])
    op.create_table(
        "saved_view",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("definition", postgresql.JSONB(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["app_user.id"], name=op.f("fk_saved_view_owner_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_saved_view_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index("uq_saved_view_owner_id_name", "saved_view", ["owner_id", sa.text("lower(name)")], unique=True)
    op.create_table(
        "default_view",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("view_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_default_view_user_id")),
        sa.ForeignKeyConstraint(
            ["view_id"], ["saved_view.id"], name=op.f("fk_default_view_view_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_default_view_institution_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_default_view")),
    )
    op.create_index(op.f("ix_default_view_view_id"), "default_view", ["view_id"])
    op.create_table(
        "item_tally",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("item_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["queue_id"], ["queue.id"], name=op.f("fk_item_tally_queue_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_item_tally_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_tally")),
    )
    op.create_index(op.f("ix_item_tally_institution_id"), "item_tally", ["institution_id"])
    op.execute(TALLY)
    op.execute(SEARCH)
    op.add_column("decision", sa.Column("handled_ms", sa.BigInteger(), nullable=True))
    op.execute(HANDLED)
    for table in ("saved_view", "default_view", "item_tally"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy of_institution on {table} "
            f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
        )
        op.execute(f"grant select, insert, update, delete on {table} to console_app")


def downgrade() -> None:
    op.execute("drop trigger time_handling on decision")
    op.execute("drop function time_handling()")
    op.drop_column("decision", "handled_ms")
    op.drop_index("ix_check_item_open_words", table_name="check_item")
    op.execute("drop function open_items_with(tsquery, bigint, integer), item_words(text, text, text)")
    op.execute("drop trigger tally_added on check_item")
    op.execute("drop trigger tally_changed on check_item")
    op.execute("drop function tally_items()")
    op.drop_index(op.f("ix_item_tally_institution_id"), table_name="item_tally")
    op.drop_table("item_tally")
    op.drop_index(op.f("ix_default_view_view_id"), table_name="default_view")
    op.drop_table("default_view")
    op.drop_index("uq_saved_view_owner_id_name", table_name="saved_view")
    op.drop_table("saved_view")
    op.drop_index("ix_flag_code", table_name="flag")
    op.drop_index("ix_check_item_decided", table_name="check_item")
    op.create_index("ix_check_item_decided", "check_item", ["institution_id", "decided_at", "id"])
    op.drop_index("ix_check_item_open_warning", table_name="check_item")
    op.drop_index("ix_check_item_open_urgent", table_name="check_item")
    op.drop_index("ix_check_item_under_way", table_name="check_item")
    op.drop_index("ix_check_item_open_amount", table_name="check_item")
    op.drop_column("check_item", "amount_cents")
    op.create_index(
        "ix_check_item_open_amount", "check_item", ["institution_id", "amount", "id"], postgresql_where=sa.text(OPEN)
    )
