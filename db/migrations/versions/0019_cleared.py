"""Items that a rule of the policy releases without review: a status of their own, and what cleared each."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"
STATUSES = "'new','in_review','approved','returned','rejected','held','escalated','pending_approval','needs_info'"
TRANSITIONS = (("cleared", "new"), ("cleared", "closed"))

# Indexes over open and over decided items name the statuses of those whose review is over, and so does the search.
RENAME_IN_INDEXES = """
do $$
declare one record;
begin
    for one in select indexname, indexdef from pg_indexes
        where schemaname = 'public' and tablename = 'check_item' and indexdef like '%{before}%'
    loop
        execute format('drop index %I', one.indexname);
        execute replace(one.indexdef, '{before}', '{after}');
    end loop;
end $$
"""
IN_INDEX = ("''rejected''::text, ''closed''::text", "''rejected''::text, ''cleared''::text, ''closed''::text")
RENAME_IN_SEARCH = """
do $$ begin
    execute replace(pg_get_functiondef('open_items_with(tsquery, bigint, integer)'::regprocedure),
        '{before}', '{after}');
end $$
"""
IN_SEARCH = ("''rejected'', ''closed''", "''rejected'', ''cleared'', ''closed''")
BEGINS = """
create or replace function guard_item() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.status not in ({begin}) then
            raise exception 'an item begins as new, not as %', new.status using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if new.version <> old.version + 1 then
        raise exception 'the version of an item rises by one, not from % to %', old.version, new.version
            using errcode = 'check_violation';
    end if;
    if new.status <> old.status and not exists (
        select from item_transition where from_status = old.status and to_status = new.status
    ) then
        raise exception 'no transition from % to %', old.status, new.status using errcode = 'check_violation';
    end if;
    return new;
end $$;
"""
# At commit: what comes in as cleared stands on a rule of the policy, and nothing that two people must sign is cleared.
GUARD_CLEARED = """
create function guard_cleared() returns trigger language plpgsql as $$
begin
    if new.two_people or not exists (
        select from item_clearance where item_id = new.id and item_version = new.version
    ) then
        raise exception 'item % was released without review and without a rule that says so', new.id
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger guard_cleared after insert on check_item deferrable initially deferred
    for each row when (new.status = 'cleared') execute function guard_cleared();
"""


def upgrade() -> None:
    op.create_table(
        "item_clearance",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("item_version", sa.Integer(), nullable=False),
        sa.Column("policy_version_id", sa.Uuid(), nullable=False),
        sa.Column("rules", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_item_clearance_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_item_clearance_item_id")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_item_clearance_policy_version_id")
        ),
        sa.PrimaryKeyConstraint("item_id", "item_version", name=op.f("pk_item_clearance")),
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on item_clearance "
        "for each statement execute function refuse_change()"
    )
    op.execute("alter table item_clearance enable row level security")
    op.execute(
        f"create policy of_institution on item_clearance "
        f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
    )
    op.execute("grant select, insert on item_clearance to console_app")
    _statuses(f"{STATUSES},'cleared','closed'")
    for before, after in TRANSITIONS:
        op.execute(f"insert into item_transition values ('{before}', '{after}')")
    op.execute(BEGINS.format(begin="'new', 'cleared'"))
    op.execute(GUARD_CLEARED)
    _rename(0, 1)


def downgrade() -> None:
    # What was released without review exists no more: it waits for a person again.
    op.execute("update check_item set status = 'new', version = version + 1 where status = 'cleared'")
    op.execute("set constraints all immediate")
    op.execute("drop trigger guard_cleared on check_item")
    op.execute("drop function guard_cleared()")
    op.execute(BEGINS.format(begin="'new'"))
    op.execute("delete from item_transition where 'cleared' in (from_status, to_status)")
    _statuses(f"{STATUSES},'closed'")
    _rename(1, 0)
    op.drop_table("item_clearance")


def _statuses(allowed: str) -> None:
    op.drop_constraint(op.f("ck_check_item_status"), "check_item")
    op.create_check_constraint(op.f("ck_check_item_status"), "check_item", f"status in ({allowed})")


def _rename(old: int, new: int) -> None:
    op.execute(RENAME_IN_INDEXES.format(before=IN_INDEX[old], after=IN_INDEX[new]))
    op.execute(RENAME_IN_SEARCH.format(before=IN_SEARCH[old], after=IN_SEARCH[new]))
