"""The life of a policy version: who wrote, sent, approved and activated it, and lists that rules use."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"

TRANSITIONS = (
    ("draft", "in_review"), ("draft", "retired"),
    ("in_review", "draft"), ("in_review", "approved"),
    ("approved", "draft"), ("approved", "active"),
    ("active", "retired"),
)  # fmt: skip

FUNCTIONS = """
-- A version begins as a draft, but for an institution's first, which the environment seeds. Its status changes along
-- the table only. What it says may change while it is a draft, and never afterwards. Who wrote any of it does not
-- approve it, and nothing is active that nobody approved.
create function guard_policy_version() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.status <> 'draft' and (
            new.status <> 'active' or new.created_by is not null or exists (select from policy_version)
        ) then
            raise exception 'a policy version begins as a draft, not as %', new.status using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if new.document is distinct from old.document then
        if old.status <> 'draft' or new.status <> 'draft' then
            raise exception 'version % is no draft: what it says does not change', old.number
                using errcode = 'check_violation';
        end if;
        if new.revision <> old.revision + 1 then
            raise exception 'the revision of a draft rises by one, not from % to %', old.revision, new.revision
                using errcode = 'check_violation';
        end if;
    end if;
    if (new.institution_id, new.number, new.created_at) is distinct from (old.institution_id, old.number, old.created_at)
        or new.created_by is distinct from old.created_by then
        raise exception 'where version % comes from does not change', old.number using errcode = 'check_violation';
    end if;
    if old.activated_at is not null and new.activated_at is distinct from old.activated_at
        or old.retired_at is not null and new.retired_at is distinct from old.retired_at then
        raise exception 'since when, and until when, version % was active does not change', old.number
            using errcode = 'check_violation';
    end if;
    if new.status = old.status then
        if new.approved_by is distinct from old.approved_by then
            raise exception 'who approved version % does not change', old.number using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if not exists (select from policy_transition where from_status = old.status and to_status = new.status) then
        raise exception 'no transition of a policy version from % to %', old.status, new.status
            using errcode = 'check_violation';
    end if;
    if new.status = 'approved' then
        if new.approved_by is null then
            raise exception 'nobody approved version %', old.number using errcode = 'check_violation';
        end if;
        if exists (
            select from policy_contributor where version_id = new.id and user_id = new.approved_by
        ) then
            raise exception 'whoever wrote version % does not approve it', old.number using errcode = 'check_violation';
        end if;
    elsif new.status = 'active' and new.approved_by is distinct from old.approved_by then
        raise exception 'who approved version % does not change', old.number using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- Everybody who made or changed a draft counts as one who wrote it.
create function note_policy_contributor() returns trigger language plpgsql as $$
declare writer uuid := case tg_op when 'INSERT' then new.created_by else new.saved_by end;
begin
    if tg_op = 'UPDATE' and new.document is not distinct from old.document then
        return null;
    end if;
    if writer is not null then
        insert into policy_contributor (version_id, user_id, institution_id)
        values (new.id, writer, new.institution_id) on conflict do nothing;
    end if;
    return null;
end $$;
"""

TRIGGERS = """
create trigger guard_policy_version before insert or update on policy_version
    for each row execute function guard_policy_version();
create trigger note_policy_contributor after insert or update on policy_version
    for each row execute function note_policy_contributor();
"""

TABLES = ("policy_contributor", "policy_step", "policy_list", "policy_list_entry")
VERSION_KEYS = {
    "restores": "policy_version",
    "approved_by": "app_user",
}


def upgrade() -> None:
    # An institution's column beside a range in one exclusion constraint; PostgreSQL trusts the owner with it.
    op.execute("create extension if not exists btree_gist")
    for column in _version_columns():
        op.add_column("policy_version", column)
    for name, target in VERSION_KEYS.items():
        op.create_foreign_key(op.f(f"fk_policy_version_{name}"), "policy_version", target, [name], ["id"])
    _amend_versions()
    _create_tables()
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy of_institution on {table} "
            f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
        )
        op.execute(f"grant select, insert on {table} to console_app")
    op.execute("grant update on policy_list, policy_list_entry to console_app")
    op.execute("grant select on policy_transition to console_app")
    op.execute(
        "create trigger append_only before update or delete or truncate on policy_step "
        "for each statement execute function refuse_change()"
    )
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    for before, after in TRANSITIONS:
        op.execute(f"insert into policy_transition values ('{before}', '{after}')")


def _version_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("restores", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reevaluate", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("reevaluated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
    ]


def _amend_versions() -> None:
    op.execute("update policy_version set activated_at = created_at where activated_at is null and status = 'active'")
    op.execute(
        """
        update policy_version v set retired_at = coalesce(
            (select min(n.activated_at) from policy_version n
             where n.institution_id = v.institution_id and n.activated_at > v.activated_at), now())
        where status = 'retired'
        """
    )
    op.create_check_constraint(
        op.f("ck_policy_version_times"),
        "policy_version",
        "(status = 'active') = (activated_at is not null and retired_at is null)"
        " and (status = 'retired') = (retired_at is not null)"
        " and (scheduled_for is null or status in ('approved', 'active', 'retired'))",
    )
    op.execute(
        """
        alter table policy_version add constraint ex_policy_version_active
        exclude using gist (institution_id with =, tstzrange(activated_at, retired_at) with &&)
        where (activated_at is not null)
        """
    )
    op.create_index(
        "uq_policy_version_scheduled",
        "policy_version",
        ["institution_id", "scheduled_for"],
        unique=True,
        postgresql_where=sa.text("status = 'approved' and scheduled_for is not null"),
    )


def _create_tables() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "policy_transition",
        sa.Column("from_status", sa.Text(), nullable=False),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("from_status", "to_status", name=op.f("pk_policy_transition")),
    )
    op.create_table(
        "policy_contributor",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("since", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        _key("policy_contributor", "version_id", "policy_version.id"),
        _key("policy_contributor", "user_id", "app_user.id"),
        _key("policy_contributor", "institution_id", "institution.id"),
        sa.PrimaryKeyConstraint("version_id", "user_id", name=op.f("pk_policy_contributor")),
    )
    op.create_table(
        "policy_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        _key("policy_step", "version_id", "policy_version.id"),
        _key("policy_step", "by_id", "app_user.id"),
        _key("policy_step", "institution_id", "institution.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_step")),
    )
    op.create_index("ix_policy_step_version_id", "policy_step", ["version_id", "at"])
    op.create_table(
        "policy_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind in ('payee','account','routing')", name=op.f("ck_policy_list_kind")),
        _key("policy_list", "created_by", "app_user.id"),
        _key("policy_list", "institution_id", "institution.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_list")),
        sa.UniqueConstraint("institution_id", "key", name=op.f("uq_policy_list_institution_id_key")),
    )
    op.create_table(
        "policy_list_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("added_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("removed_at", moment, nullable=True),
        sa.Column("removed_by", sa.Uuid(), nullable=True),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        _key("policy_list_entry", "list_id", "policy_list.id"),
        _key("policy_list_entry", "added_by", "app_user.id"),
        _key("policy_list_entry", "removed_by", "app_user.id"),
        _key("policy_list_entry", "institution_id", "institution.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_list_entry")),
    )
    op.create_index(
        "uq_policy_list_entry_value",
        "policy_list_entry",
        ["list_id", "value"],
        unique=True,
        postgresql_where=sa.text("removed_at is null"),
    )
    op.create_index("ix_policy_list_entry_history", "policy_list_entry", ["list_id", "added_at", "id"])


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    op.execute("drop trigger guard_policy_version on policy_version")
    op.execute("drop trigger note_policy_contributor on policy_version")
    op.execute("drop function guard_policy_version(), note_policy_contributor()")
    for table in ("policy_list_entry", "policy_list", "policy_step", "policy_contributor", "policy_transition"):
        op.drop_table(table)
    op.drop_index("uq_policy_version_scheduled", table_name="policy_version")
    op.execute("alter table policy_version drop constraint ex_policy_version_active")
    op.drop_constraint(op.f("ck_policy_version_times"), "policy_version")
    for column in _version_columns():
        op.drop_column("policy_version", column.name)
    op.execute("drop extension if exists btree_gist")
