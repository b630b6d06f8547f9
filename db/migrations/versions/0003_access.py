"""Access: custom roles, limits, changes for two administrators, recovery codes, sessions' history, API keys, reviews."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OF_INSTITUTION = (
    "access_change", "access_review", "access_review_line", "allow_rule", "api_key", "custom_role",
    "earlier_password", "recovery_code", "session_record",
)  # fmt: skip
MAY_UPDATE = (
    "access_change", "access_review", "access_review_line", "api_key", "custom_role", "recovery_code",
    "session_record", "user_role",
)  # fmt: skip
MAY_DELETE = ("allow_rule", "earlier_password", "recovery_code", "session_record")
INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"
BUILT_IN = "role in ('reviewer','approver','supervisor','administrator','auditor')"

# A key says nothing of its institution: this answer, and no other, crosses institutions before the key is known.
KEY_LOOKUP = """
create function api_key_lookup(hash bytea) returns table (key_id uuid, institution_id uuid)
    language sql stable security definer set search_path = public, pg_temp as
    $$ select id, institution_id from api_key where key_hash = hash $$
"""

# Nobody both administers people and decides checks, whoever writes the row (NIST SP 800-53 AC-5). The two sets of
# `console.access.permissions`, of which a test says whether they are the same here.
ADMINISTERING = (
    "array['user:manage','role:manage','access_change:approve','mfa:manage','session:end',"
    "'allowlist:manage','api_key:manage']"
)
DECIDING = "array['item:claim','item:decide','item:approve']"

# The locks put two changes of the same role or person one after the other: neither would see the other's rows.
GUARD_ROLES = f"""
create function holds_both(person uuid) returns boolean language sql stable as $$
    select coalesce(
        bool_or(r.role = 'administrator' or c.permissions ?| {ADMINISTERING})
            and bool_or(r.role in ('reviewer', 'approver', 'supervisor') or c.permissions ?| {DECIDING}),
        false)
    from user_role r left join custom_role c on c.id = r.custom_role_id where r.user_id = person
$$;

create function guard_user_role() returns trigger language plpgsql as $$
begin
    perform from custom_role where id = new.custom_role_id for share;
    perform from app_user where id = new.user_id for no key update;
    if holds_both(new.user_id) then
        raise exception 'nobody both administers people and decides checks' using errcode = 'check_violation';
    end if;
    if exists (select from custom_role where id = new.custom_role_id and retired_at is not null) then
        raise exception 'nobody is given a retired role' using errcode = 'check_violation';
    end if;
    return null;
end $$;

create function guard_custom_role() returns trigger language plpgsql as $$
begin
    perform from app_user where id in (select user_id from user_role where custom_role_id = new.id)
        order by id for no key update;
    if exists (select from user_role where custom_role_id = new.id and holds_both(user_id)) then
        raise exception 'nobody both administers people and decides checks' using errcode = 'check_violation';
    end if;
    if new.retired_at is not null and exists (select from user_role where custom_role_id = new.id) then
        raise exception 'somebody still holds this role' using errcode = 'check_violation';
    end if;
    return null;
end $$;
"""


def upgrade() -> None:
    op.create_table(
        "access_review",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_access_review_institution_id")),
        sa.ForeignKeyConstraint(["started_by"], ["app_user.id"], name=op.f("fk_access_review_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_review")),
    )
    op.create_index(
        "uq_access_review_open",
        "access_review",
        ["institution_id"],
        unique=True,
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_index(
        "ix_access_review_started",
        "access_review",
        ["institution_id", sa.literal_column("started_at DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_audit_entry_actor",
        "audit_entry",
        ["institution_id", "actor_id", "action", "at"],
        unique=False,
        postgresql_where=sa.text("actor_id is not null"),
    )
    op.create_table(
        "allow_rule",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("network", postgresql.CIDR(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["app_user.id"], name=op.f("fk_allow_rule_created_by")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_allow_rule_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allow_rule")),
        sa.UniqueConstraint(
            "institution_id", "subject", "network", name=op.f("uq_allow_rule_institution_id_subject_network")
        ),
    )
    op.create_table(
        "api_key",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("permissions", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("networks", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["app_user.id"], name=op.f("fk_api_key_created_by")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_api_key_institution_id")),
        sa.ForeignKeyConstraint(["revoked_by"], ["app_user.id"], name=op.f("fk_api_key_revoked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    op.create_table(
        "custom_role",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("copied_from", sa.Text(), nullable=False),
        sa.Column("permissions", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("amount_limit", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("unlimited", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("queues", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("item_types", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("key ~ '^custom:[a-z0-9-]{1,40}$'", name=op.f("ck_custom_role_key")),
        sa.CheckConstraint("amount_limit >= 0", name=op.f("ck_custom_role_amount_limit")),
        sa.CheckConstraint(
            f"not (permissions ?| {ADMINISTERING} and permissions ?| {DECIDING})",
            name=op.f("ck_custom_role_separation_of_duties"),
        ),
        sa.ForeignKeyConstraint(["created_by"], ["app_user.id"], name=op.f("fk_custom_role_created_by")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_custom_role_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_role")),
        sa.UniqueConstraint("institution_id", "key", name=op.f("uq_custom_role_institution_id_key")),
    )
    op.create_table(
        "earlier_password",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_earlier_password_institution_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_earlier_password_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earlier_password")),
    )
    op.create_index(op.f("ix_earlier_password_user_id"), "earlier_password", ["user_id"], unique=False)
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_recovery_code_institution_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_recovery_code_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("user_id", "code_hash", name=op.f("uq_recovery_code_user_id_code_hash")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"], unique=False)
    op.create_table(
        "session_record",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("method in ('password','openid','token')", name=op.f("ck_session_record_method")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_session_record_institution_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_session_record_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_record")),
        sa.UniqueConstraint("institution_id", "reference", name=op.f("uq_session_record_institution_id_reference")),
    )
    op.create_index(
        "ix_session_record_open",
        "session_record",
        ["institution_id", "last_seen_at"],
        unique=False,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index(
        "ix_session_record_started",
        "session_record",
        ["institution_id", sa.literal_column("started_at DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_session_record_user",
        "session_record",
        ["user_id", sa.literal_column("started_at DESC"), "id"],
        unique=False,
    )
    op.create_table(
        "access_change",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("role_id", sa.Uuid(), nullable=True),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind in ('person','role')", name=op.f("ck_access_change_kind")),
        sa.CheckConstraint(
            "status <> 'applied' or decided_by <> requested_by", name=op.f("ck_access_change_second_person")
        ),
        sa.CheckConstraint(
            "status in ('waiting','applied','refused','withdrawn')", name=op.f("ck_access_change_status")
        ),
        sa.CheckConstraint("requested_by <> user_id", name=op.f("ck_access_change_not_oneself")),
        sa.CheckConstraint(
            "status <> 'applied' or decided_by <> user_id", name=op.f("ck_access_change_not_for_oneself")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["app_user.id"], name=op.f("fk_access_change_decided_by")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_access_change_institution_id")),
        sa.ForeignKeyConstraint(["requested_by"], ["app_user.id"], name=op.f("fk_access_change_requested_by")),
        sa.ForeignKeyConstraint(["role_id"], ["custom_role.id"], name=op.f("fk_access_change_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_access_change_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_change")),
    )
    op.create_index(op.f("ix_access_change_user_id"), "access_change", ["user_id"], unique=False)
    op.create_index(
        "ix_access_change_waiting",
        "access_change",
        ["institution_id", "requested_at"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_access_change_requested",
        "access_change",
        ["institution_id", sa.literal_column("requested_at DESC"), "id"],
        unique=False,
    )
    for column in ("user_id", "role_id"):
        op.create_index(
            f"uq_access_change_waiting_{column}",
            "access_change",
            [column],
            unique=True,
            postgresql_where=sa.text("status = 'waiting'"),
        )
    op.create_table(
        "access_review_line",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("outcome in ('confirmed','revoked')", name=op.f("ck_access_review_line_outcome")),
        sa.CheckConstraint("decided_by <> user_id", name=op.f("ck_access_review_line_not_oneself")),
        sa.ForeignKeyConstraint(["decided_by"], ["app_user.id"], name=op.f("fk_access_review_line_decided_by")),
        sa.ForeignKeyConstraint(["granted_by"], ["app_user.id"], name=op.f("fk_access_review_line_granted_by")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_access_review_line_institution_id")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["access_review.id"], name=op.f("fk_access_review_line_review_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_access_review_line_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_review_line")),
        sa.UniqueConstraint("review_id", "user_id", "role", name=op.f("uq_access_review_line_review_id_user_id_role")),
    )
    op.create_index("ix_access_review_line_order", "access_review_line", ["review_id", "position"], unique=False)
    op.add_column("app_user", sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("app_user", sa.Column("openid_subject", sa.Text(), nullable=True))
    op.create_index(
        "uq_app_user_openid_subject",
        "app_user",
        ["openid_subject"],
        unique=True,
        postgresql_where=sa.text("openid_subject is not null"),
    )
    op.add_column("app_user", sa.Column("must_change_password", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("app_user", sa.Column("totp_pending", sa.LargeBinary(), nullable=True))
    op.add_column("app_user", sa.Column("mfa_enrolment", sa.Text(), server_default="as_required", nullable=False))
    op.create_check_constraint(
        op.f("ck_app_user_mfa_enrolment"), "app_user", "mfa_enrolment in ('as_required','at_sign_in','in_person')"
    )
    op.add_column("app_user", sa.Column("amount_limit", sa.Numeric(precision=14, scale=2), nullable=True))
    op.add_column(
        "app_user", sa.Column("queues", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column(
        "app_user", sa.Column("item_types", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column("app_user", sa.Column("access_version", sa.Integer(), server_default="1", nullable=False))
    op.create_index(
        "ix_app_user_page", "app_user", ["institution_id", sa.literal_column("lower(username)"), "id"], unique=False
    )
    op.add_column("user_role", sa.Column("custom_role_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_user_role_custom_role_id"), "user_role", ["custom_role_id"], unique=False)
    op.create_foreign_key(op.f("fk_user_role_custom_role_id"), "user_role", "custom_role", ["custom_role_id"], ["id"])
    op.drop_constraint(op.f("ck_user_role_role"), "user_role")
    op.create_check_constraint(op.f("ck_user_role_role"), "user_role", f"({BUILT_IN}) = (custom_role_id is null)")
    op.create_check_constraint(op.f("ck_app_user_amount_limit"), "app_user", "amount_limit >= 0")
    op.execute(KEY_LOOKUP)
    op.execute("revoke execute on function api_key_lookup(bytea) from public")
    op.execute("grant execute on function api_key_lookup(bytea) to console_app")
    op.execute(GUARD_ROLES)
    op.execute(
        "create constraint trigger guard_user_role after insert or update on user_role deferrable initially deferred "
        "for each row execute function guard_user_role()"
    )
    op.execute(
        "create constraint trigger guard_custom_role after update on custom_role deferrable initially deferred "
        "for each row execute function guard_custom_role()"
    )
    op.create_check_constraint(op.f("ck_user_role_not_by_oneself"), "user_role", "granted_by <> user_id")
    for table in OF_INSTITUTION:
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy of_institution on {table} "
            f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
        )
        op.execute(f"grant select, insert on {table} to console_app")
    op.execute(f"grant update on {', '.join(MAY_UPDATE)} to console_app")
    op.execute(f"grant delete on {', '.join(MAY_DELETE)} to console_app")


def downgrade() -> None:
    # Custom roles do not exist below: who held one holds it no more.
    op.execute("delete from user_role where custom_role_id is not null")
    op.execute("revoke update on user_role from console_app")
    op.execute("drop trigger guard_user_role on user_role")
    op.execute("drop trigger guard_custom_role on custom_role")
    op.execute("drop function guard_user_role(), guard_custom_role(), holds_both(uuid), api_key_lookup(bytea)")
    op.drop_constraint(op.f("ck_user_role_not_by_oneself"), "user_role")
    op.drop_constraint(op.f("ck_user_role_role"), "user_role")
    op.create_check_constraint(op.f("ck_user_role_role"), "user_role", BUILT_IN)
    op.drop_constraint(op.f("ck_app_user_amount_limit"), "app_user")
    op.drop_constraint(op.f("fk_user_role_custom_role_id"), "user_role", type_="foreignkey")
    op.drop_index(op.f("ix_user_role_custom_role_id"), table_name="user_role")
    op.drop_column("user_role", "custom_role_id")
    op.drop_index("ix_app_user_page", table_name="app_user")
    op.drop_column("app_user", "access_version")
    op.drop_column("app_user", "item_types")
    op.drop_column("app_user", "queues")
    op.drop_column("app_user", "amount_limit")
    op.drop_constraint(op.f("ck_app_user_mfa_enrolment"), "app_user")
    op.drop_column("app_user", "mfa_enrolment")
    op.drop_column("app_user", "totp_pending")
    op.drop_column("app_user", "must_change_password")
    op.drop_index("uq_app_user_openid_subject", table_name="app_user")
    op.drop_column("app_user", "openid_subject")
    op.drop_column("app_user", "deactivated_at")
    op.drop_index("ix_access_review_line_order", table_name="access_review_line")
    op.drop_table("access_review_line")
    for index in ("uq_access_change_waiting_role_id", "uq_access_change_waiting_user_id", "ix_access_change_requested"):
        op.drop_index(index, table_name="access_change")
    op.drop_index(
        "ix_access_change_waiting", table_name="access_change", postgresql_where=sa.text("status = 'waiting'")
    )
    op.drop_index(op.f("ix_access_change_user_id"), table_name="access_change")
    op.drop_table("access_change")
    op.drop_index("ix_session_record_user", table_name="session_record")
    op.drop_index("ix_session_record_started", table_name="session_record")
    op.drop_index("ix_session_record_open", table_name="session_record", postgresql_where=sa.text("ended_at is null"))
    op.drop_table("session_record")
    op.drop_index(op.f("ix_recovery_code_user_id"), table_name="recovery_code")
    op.drop_table("recovery_code")
    op.drop_index(op.f("ix_earlier_password_user_id"), table_name="earlier_password")
    op.drop_table("earlier_password")
    op.drop_table("custom_role")
    op.drop_table("api_key")
    op.drop_table("allow_rule")
    op.drop_index("ix_audit_entry_actor", table_name="audit_entry", postgresql_where=sa.text("actor_id is not null"))
    op.drop_table("access_review")
