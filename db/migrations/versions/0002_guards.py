"""Guards: the application's role, row-level security, append-only tables and the table of transitions."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OF_INSTITUTION = (
    "account", "account_context", "app_user", "audit_entry", "audit_head", "check_item", "claim", "decision",
    "evidence", "file_finding", "file_received", "flag", "history_check", "image", "issued_check",
    "policy_version", "queue", "stop_payment", "user_role",
)  # fmt: skip
APPEND_ONLY = ("audit_entry", "decision", "evidence")
MAY_UPDATE = (
    "institution", "account", "account_context", "app_user", "audit_head", "check_item", "claim", "flag",
    "issued_check", "policy_version", "queue",
)  # fmt: skip
MAY_DELETE = ("claim", "user_role", "stop_payment", "issued_check", "job_run")

TRANSITIONS = (
    ("new", "in_review"), ("escalated", "in_review"),
    ("in_review", "new"), ("in_review", "escalated"), ("in_review", "approved"), ("in_review", "returned"),
    ("in_review", "rejected"), ("in_review", "held"), ("in_review", "needs_info"),
    ("in_review", "pending_approval"),
    ("pending_approval", "approved"), ("pending_approval", "returned"), ("pending_approval", "rejected"),
    ("pending_approval", "new"),
    ("held", "new"), ("needs_info", "new"),
    ("approved", "closed"), ("returned", "closed"), ("rejected", "closed"),
)  # fmt: skip

ON_DATABASE = "execute format('{} temporary on database %I {} console_app', current_database());"

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"

FUNCTIONS = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

-- A status changes along the table only, a version by one only, and a new item begins as new.
create function guard_item() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.status <> 'new' then
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

-- At commit: an outcome stands on a decision of this very version, with its evidence; and an outcome that two
-- people must sign stands on a confirmation.
create function guard_outcome() returns trigger language plpgsql as $$
declare found_stage text;
begin
    if new.status = old.status or new.status in ('new', 'in_review', 'closed') then
        return null;
    end if;
    if new.status = 'escalated' then
        if not exists (select from decision where item_id = new.id and to_status = 'escalated') then
            raise exception 'nobody escalated item %', new.id using errcode = 'check_violation';
        end if;
        return null;
    end if;
    select d.stage into found_stage from decision d join evidence e on e.decision_id = d.id
        where d.item_id = new.id and d.item_version = new.version and d.to_status = new.status;
    if found_stage is null then
        raise exception 'item % became % without a decision and its evidence', new.id, new.status
            using errcode = 'check_violation';
    end if;
    if new.two_people and new.status in ('approved', 'returned', 'rejected') and found_stage <> 'confirmation' then
        raise exception 'item % needs two people', new.id using errcode = 'check_violation';
    end if;
    return null;
end $$;

-- The second person is another person, and signs the same item's recommendation.
create function guard_second_person() returns trigger language plpgsql as $$
declare first decision%rowtype;
begin
    if new.confirms_id is null then
        return new;
    end if;
    select * into first from decision where id = new.confirms_id;
    if first.item_id is distinct from new.item_id or first.stage <> 'recommendation' then
        raise exception 'a second person signs a recommendation on the same item' using errcode = 'check_violation';
    end if;
    if first.actor_id = new.actor_id then
        raise exception 'the second person must be another person' using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- Before sign-in nobody's institution is known: these two answers, and no others, cross institutions.
create function sign_in_lookup(name text) returns table (user_id uuid, institution_id uuid)
    language sql stable security definer set search_path = public, pg_temp as
    $$ select id, institution_id from app_user where lower(username) = lower(name) $$;
create function institution_ids() returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
    $$ select id from institution order by created_at, id $$;
"""

TRIGGERS = """
create trigger guard_item before insert or update on check_item for each row execute function guard_item();
create constraint trigger guard_outcome after update on check_item deferrable initially deferred
    for each row execute function guard_outcome();
create trigger guard_second_person before insert on decision for each row execute function guard_second_person();
"""


def upgrade() -> None:
    # The role belongs to the cluster: another database, or the administrator, may have made it already.
    op.execute(
        """
        do $$ begin
            if not exists (select from pg_roles where rolname = 'console_app') then
                create role console_app nologin;
                -- An owner that also runs the console changes into this role for every transaction.
                execute format('grant console_app to %I', current_user);
            end if;
        end $$
        """
    )
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    op.execute("revoke execute on function sign_in_lookup(text), institution_ids() from public")
    op.execute("grant execute on function sign_in_lookup(text), institution_ids() to console_app")
    op.execute("grant usage on schema public to console_app")
    # Many rows at once pass through a temporary table: see db/bulk.py.
    op.execute(f"do $$ begin {ON_DATABASE.format('grant', 'to')} end $$")
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
    for table in OF_INSTITUTION:
        _secure(table, "institution_id")
    _secure("institution", "id")
    op.execute("grant select on item_transition, alembic_version to console_app")
    op.execute("grant select, insert on job_run to console_app")
    op.execute(f"grant update on {', '.join(MAY_UPDATE)} to console_app")
    op.execute(f"grant delete on {', '.join(MAY_DELETE)} to console_app")
    for before, after in TRANSITIONS:
        op.execute(f"insert into item_transition values ('{before}', '{after}')")


def _secure(table: str, column: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(
        f"create policy of_institution on {table} using ({column} = {INSTITUTION}) with check ({column} = {INSTITUTION})"
    )
    op.execute(f"grant select, insert on {table} to console_app")


def downgrade() -> None:
    op.execute("delete from item_transition")
    for table in (*OF_INSTITUTION, "institution"):
        op.execute(f"drop policy of_institution on {table}")
        op.execute(f"alter table {table} disable row level security")
    for table in (*OF_INSTITUTION, "institution", "job_run", "item_transition", "alembic_version"):
        op.execute(f"revoke all on {table} from console_app")
    for table in APPEND_ONLY:
        op.execute(f"drop trigger append_only on {table}")
    op.execute("drop trigger guard_item on check_item")
    op.execute("drop trigger guard_outcome on check_item")
    op.execute("drop trigger guard_second_person on decision")
    op.execute(
        "drop function refuse_change(), guard_item(), guard_outcome(), guard_second_person(),"
        " sign_in_lookup(text), institution_ids()"
    )
    op.execute("revoke usage on schema public from console_app")
    op.execute(f"do $$ begin {ON_DATABASE.format('revoke', 'from')} end $$")
