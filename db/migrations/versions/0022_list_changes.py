"""A change of a list waits for a second person, as every change of the policy does."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"

FUNCTIONS = """
-- A change of a list begins as a proposal, ends once, and is approved by somebody else than proposed it.
create function guard_policy_list_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.status <> 'waiting' then
            raise exception 'a change of a list begins as a proposal, not as %', new.status
                using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if old.status <> 'waiting' then
        raise exception 'this change of a list is % already', old.status using errcode = 'check_violation';
    end if;
    if (new.id, new.institution_id, new.list_id, new.act, new.entries, new.reason, new.proposed_by, new.proposed_at)
        is distinct from
       (old.id, old.institution_id, old.list_id, old.act, old.entries, old.reason, old.proposed_by, old.proposed_at)
    then
        raise exception 'what was proposed for a list does not change' using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- An entry comes by an approved change that names it, and goes by one. What it says does not change.
create function guard_policy_list_added() returns trigger language plpgsql as $$
begin
    if exists (
        select from added a
        where not exists (
            select from policy_list_change c
            where c.id = a.added_in and c.list_id = a.list_id and c.act = 'add' and c.status = 'approved'
        )
    ) or exists (
        select a.added_in, a.value, a.shown from added a
        except
        select c.id, e ->> 'value', e ->> 'shown'
        from policy_list_change c, jsonb_array_elements(c.entries) e
        where c.id in (select added_in from added)
    ) then
        raise exception 'an entry of a list comes by an approved change that names it' using errcode = 'check_violation';
    end if;
    return null;
end $$;

create function guard_policy_list_removed() returns trigger language plpgsql as $$
begin
    if exists (
        select from after_it n join before_it o using (id)
        where o.removed_at is not null or n.removed_at is null
            or (n.institution_id, n.list_id, n.value, n.shown, n.note, n.added_at)
                is distinct from (o.institution_id, o.list_id, o.value, o.shown, o.note, o.added_at)
            or (n.added_by, n.added_in) is distinct from (o.added_by, o.added_in)
            or not exists (
                select from policy_list_change c
                where c.id = n.removed_in and c.list_id = n.list_id and c.act = 'remove' and c.status = 'approved'
            )
    ) or exists (
        select removed_in, value from after_it
        except
        select c.id, e ->> 'value' from policy_list_change c, jsonb_array_elements(c.entries) e
        where c.id in (select removed_in from after_it)
    ) then
        raise exception 'an entry of a list goes by an approved change that names it' using errcode = 'check_violation';
    end if;
    return null;
end $$;
"""

TRIGGERS = """
create trigger guard_policy_list_change before insert or update on policy_list_change
    for each row execute function guard_policy_list_change();
create trigger guard_policy_list_added after insert on policy_list_entry
    referencing new table as added for each statement execute function guard_policy_list_added();
create trigger guard_policy_list_removed after update on policy_list_entry
    referencing old table as before_it new table as after_it
    for each statement execute function guard_policy_list_removed();
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "policy_list_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("entries", JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("act in ('add','remove')", name=op.f("ck_policy_list_change_act")),
        sa.CheckConstraint(
            "status in ('waiting','approved','refused','withdrawn')", name=op.f("ck_policy_list_change_status")
        ),
        sa.CheckConstraint(
            "(status = 'waiting') = (decided_by is null) and (decided_by is null) = (decided_at is null)",
            name=op.f("ck_policy_list_change_decided"),
        ),
        sa.CheckConstraint(
            "status <> 'approved' or decided_by <> proposed_by", name=op.f("ck_policy_list_change_two_people")
        ),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_policy_list_change_{column}"))
            for column, target in (
                ("list_id", "policy_list.id"), ("proposed_by", "app_user.id"), ("decided_by", "app_user.id"),
                ("institution_id", "institution.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_list_change")),
    )  # fmt: skip
    op.create_index("ix_policy_list_change_list_id", "policy_list_change", ["list_id", "proposed_at", "id"])
    for column in ("added_in", "removed_in"):
        op.add_column("policy_list_entry", sa.Column(column, sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_policy_list_entry_{column}"), "policy_list_entry", "policy_list_change", [column], ["id"]
        )
    op.execute("alter table policy_list_change enable row level security")
    op.execute(
        "create policy of_institution on policy_list_change "
        f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
    )
    op.execute("grant select, insert, update on policy_list_change to console_app")
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)


def downgrade() -> None:
    op.execute("drop trigger guard_policy_list_added on policy_list_entry")
    op.execute("drop trigger guard_policy_list_removed on policy_list_entry")
    for column in ("removed_in", "added_in"):
        op.drop_constraint(op.f(f"fk_policy_list_entry_{column}"), "policy_list_entry")
        op.drop_column("policy_list_entry", column)
    op.drop_table("policy_list_change")
    op.execute("drop function guard_policy_list_change(), guard_policy_list_added(), guard_policy_list_removed()")
