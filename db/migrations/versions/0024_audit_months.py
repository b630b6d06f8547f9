"""The audit trail is kept month by month: a partition each, made ahead, and detached when its time is over."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"
COLUMNS = (
    "sequence, at, actor_id, actor_name, session, address, action, object_type, object_id, before, after, request_id,"
    " previous_hash, hash, id, institution_id"
)
APPEND_ONLY = (
    "create trigger append_only before update or delete or truncate on {} "
    "for each statement execute function refuse_change()"
)

# Both schemas are the owner's alone: the console reaches the months through the table, behind its row-level security.
FUNCTIONS = """
create function make_audit_month(first date) returns boolean
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    name text := 'audit_entry_' || to_char(first, 'YYYY_MM');
    next date := (first + interval '1 month')::date;
begin
    if first is distinct from date_trunc('month', first)::date or first > now() + interval '2 years' then
        raise exception '% is not the first day of a month that comes soon', first using errcode = 'check_violation';
    end if;
    perform pg_advisory_xact_lock(hashtext('audit months'));
    if to_regclass('months.' || name) is not null or to_regclass('archive.' || name) is not null then
        return false;
    end if;
    execute format('create table months.%I (like audit_entry including defaults including constraints)', name);
    -- A unique index of the whole table would have to hold the month as well.
    execute format('create unique index %I on months.%I (institution_id, sequence)', 'uq_' || name, name);
    execute format('create trigger append_only before update or delete or truncate on months.%I'
        ' for each statement execute function refuse_change()', name);
    -- What was entered before its month was made waits in the default one.
    if exists (select from months.audit_entry_default where month >= first and month < next) then
        alter table months.audit_entry_default disable trigger append_only;
        execute format('with moved as (delete from months.audit_entry_default where month >= $1 and month < $2'
            ' returning *) insert into months.%I select * from moved', name) using first, next;
        alter table months.audit_entry_default enable trigger append_only;
    end if;
    execute format('alter table audit_entry attach partition months.%I for values from (%L) to (%L)',
        name, first, next);
    return true;
end $$;

-- Every month at hand, the default one without a month; rows as the planner knows them, of the default one counted.
create function audit_months() returns table (month date, rows bigint, bytes bigint)
    language sql stable security definer set search_path = public, pg_temp as $$
    select case when c.relname ~ '_[0-9]{4}_[0-9]{2}$' then to_date(right(c.relname, 7), 'YYYY_MM') end,
        case when c.relname = 'audit_entry_default' then (select count(*) from months.audit_entry_default)
            else greatest(c.reltuples, 0)::bigint end,
        pg_total_relation_size(c.oid)
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.audit_entry'::regclass order by c.relname
$$;

-- The standing holds that cover something that the month tells of.
create function legal_holds_on_audit_month(first date) returns setof uuid language sql stable as $$
    select h.id from legal_hold h where h.lifted_at is null and (
        (h.from_on < first + interval '1 month' and coalesce(h.until_on, 'infinity') >= first and exists (
            select from audit_entry e where e.month = first and e.institution_id = h.institution_id))
        or (h.user_id is not null and exists (
            select from audit_entry e
            where e.month = first and e.institution_id = h.institution_id and e.actor_id = h.user_id))
        or (h.user_id is not null and exists (
            select from audit_entry e where e.month = first and e.institution_id = h.institution_id
            and e.object_type = 'user' and e.object_id = h.user_id::text))
        or exists (
            select from check_item i join audit_entry e on e.object_type = 'item' and e.object_id = i.id::text
            where e.month = first and e.institution_id = h.institution_id
            and (i.id = h.item_id or i.account_id = h.account_id))
        or exists (
            select from decision d join audit_entry e on e.object_type = 'item' and e.object_id = d.item_id::text
            where e.month = first and e.institution_id = h.institution_id and d.actor_id = h.user_id))
$$;

-- Takes the oldest month out of the table and keeps it in `archive`, with an anchor for each institution from which
-- its chain goes on. `exports` names the SHA-256, in hex, of each institution's exported month. Seven years are the
-- least for which an audit trail is kept, whatever the settings say.
create function detach_audit_month(first date, exports jsonb)
    returns table (institution uuid, entries bigint, first_sequence bigint, sequence bigint, hash bytea)
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    name text := 'audit_entry_' || to_char(first, 'YYYY_MM');
begin
    perform heed_legal_holds();
    perform pg_advisory_xact_lock(hashtext('audit months'));
    if first + interval '1 month' + interval '7 years' > now() then
        raise exception 'the audit month % is not seven years old', first using errcode = 'restrict_violation';
    end if;
    if first is distinct from (select min(m.month) from audit_months() m) then
        raise exception 'the audit month % is not the oldest at hand', first using errcode = 'restrict_violation';
    end if;
    if exists (select from legal_holds_on_audit_month(first)) then
        raise exception 'a legal hold covers the audit month %', first using errcode = 'restrict_violation';
    end if;
    if exists (
        select from institution b where not exports ? b.id::text
        and exists (select from audit_entry e where e.month = first and e.institution_id = b.id)
    ) then
        raise exception 'the audit month % is not exported', first using errcode = 'restrict_violation';
    end if;
    return query
        insert into audit_anchor as a (institution_id, month, entries, first_sequence, sequence, hash, export_sha256)
        select m.institution_id, first, m.entries, m.first_sequence, m.sequence, e.hash,
            decode(exports ->> m.institution_id::text, 'hex')
        from (
            select o.institution_id, count(*) as entries, min(o.sequence) as first_sequence, max(o.sequence) as sequence
            from audit_entry o where o.month = first group by o.institution_id
        ) m join audit_entry e
            on e.month = first and e.institution_id = m.institution_id and e.sequence = m.sequence
        returning a.institution_id, a.entries, a.first_sequence, a.sequence, a.hash;
    -- Only now does everybody else wait, for as long as it takes to write two rows of the catalogue.
    execute format('alter table audit_entry detach partition months.%I', name);
    execute format('alter table months.%I set schema archive', name);
end $$;
"""
SIGNATURES = "make_audit_month(date), audit_months(), detach_audit_month(date, jsonb)"


def upgrade() -> None:
    op.execute("create schema months")
    op.execute("create schema archive")
    _put_aside()
    _create("partition by range (month)", month=True)
    op.execute("create table months.audit_entry_default partition of audit_entry default")
    op.execute("create unique index uq_audit_entry_default on months.audit_entry_default (institution_id, sequence)")
    op.execute(APPEND_ONLY.format("months.audit_entry_default"))
    _create_anchors()
    op.execute(FUNCTIONS)
    op.execute(f"revoke execute on function {SIGNATURES} from public")
    op.execute(f"grant execute on function {SIGNATURES} to console_app")
    op.add_column("audit_head", sa.Column("month", sa.Date(), nullable=True))
    # The month never goes back along a chain, so that what is cut off is a part of it without gaps.
    months = (
        f"select {COLUMNS}, max(date_trunc('month', at at time zone 'UTC')::date)"
        " over (partition by institution_id order by sequence) as month from audit_entry_before"
    )
    op.execute(f"select make_audit_month(month) from (select distinct month from ({months}) m order by 1) m")
    op.execute(
        "select make_audit_month((date_trunc('month', now() at time zone 'UTC') + make_interval(months => n))::date)"
        " from generate_series(0, 3) n"
    )
    op.execute(f"insert into audit_entry ({COLUMNS}, month) {months}")
    op.execute(
        "update audit_head h set month = (select e.month from audit_entry e"
        " where e.institution_id = h.institution_id order by e.sequence desc limit 1)"
    )
    op.execute("drop table audit_entry_before")


def _put_aside() -> None:
    """The table as it is, under another name and without the names that the new one needs."""
    for index in ("ix_audit_entry_object", "ix_audit_entry_actor"):
        op.execute(f"drop index {index}")
    op.execute("drop index if exists uq_audit_entry_sequence")
    op.execute("alter table audit_entry rename to audit_entry_before")
    op.execute("alter table audit_entry_before drop constraint pk_audit_entry")
    op.execute("alter table audit_entry_before drop constraint fk_audit_entry_institution_id")


def _create(partitioned: str, *, month: bool) -> None:
    """The table with its indexes, guards and rights."""
    op.execute(
        f"""
        create table audit_entry (
            sequence bigint not null, at timestamptz not null, actor_id uuid, actor_name text not null, session text,
            address text, action text not null, object_type text not null, object_id text not null, before jsonb,
            after jsonb, request_id text, previous_hash bytea, hash bytea not null, id uuid not null,
            institution_id uuid not null constraint fk_audit_entry_institution_id references institution (id),
            {"month date not null," if month else ""}
            constraint pk_audit_entry primary key (id{", month" if month else ""})
        ) {partitioned}
        """
    )
    op.create_index("ix_audit_entry_object", "audit_entry", ["institution_id", "object_type", "object_id", "sequence"])
    op.create_index(
        "ix_audit_entry_actor", "audit_entry", ["institution_id", "actor_id", "action", "at"],
        postgresql_where=sa.text("actor_id is not null"),
    )  # fmt: skip
    op.execute(APPEND_ONLY.format("audit_entry"))
    op.execute("alter table audit_entry enable row level security")
    op.execute(
        f"create policy of_institution on audit_entry "
        f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
    )
    op.execute("grant select, insert on audit_entry to console_app")


def _create_anchors() -> None:
    op.create_table(
        "audit_anchor",
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("first_sequence", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("export_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_audit_anchor_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "month", name=op.f("pk_audit_anchor")),
        sa.CheckConstraint("octet_length(export_sha256) = 32", name=op.f("ck_audit_anchor_export_sha256")),
        sa.CheckConstraint(
            "entries > 0 and sequence = first_sequence + entries - 1", name=op.f("ck_audit_anchor_entries")
        ),
    )
    op.execute(APPEND_ONLY.format("audit_anchor"))
    op.execute("alter table audit_anchor enable row level security")
    op.execute(
        f"create policy of_institution on audit_anchor "
        f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
    )
    # Only `detach_audit_month` writes one, from the rows themselves.
    op.execute("grant select on audit_anchor to console_app")


def downgrade() -> None:
    op.execute("alter table audit_entry rename to audit_entry_months")
    op.execute("drop index ix_audit_entry_object, ix_audit_entry_actor")
    for constraint in ("pk_audit_entry", "fk_audit_entry_institution_id"):
        op.execute(f"alter table audit_entry_months drop constraint {constraint}")
    _create("", month=False)
    op.create_index("uq_audit_entry_sequence", "audit_entry", ["institution_id", "sequence"], unique=True)
    op.execute(f"insert into audit_entry ({COLUMNS}) select {COLUMNS} from audit_entry_months")
    # What was detached comes back: below, a chain begins with its first entry.
    op.execute(
        f"""
        do $$ declare name text; begin
            for name in select tablename from pg_tables where schemaname = 'archive' and tablename ~ '^audit_entry_' loop
                execute format('insert into audit_entry ({COLUMNS}) select {COLUMNS} from archive.%I', name);
                execute format('drop table archive.%I', name);
            end loop;
        end $$
        """
    )
    op.execute("drop table audit_entry_months")
    op.execute(f"drop function {SIGNATURES}, legal_holds_on_audit_month(date)")
    op.drop_table("audit_anchor")
    op.drop_column("audit_head", "month")
    op.execute("drop schema months")
    op.execute("drop schema archive")
