"""Foundations"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "institution",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("routing_number", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("opens_at", sa.Time(), server_default="08:00", nullable=False),
        sa.Column("closes_at", sa.Time(), server_default="18:00", nullable=False),
        sa.Column("cut_off_at", sa.Time(), server_default="14:00", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("routing_number ~ '^[0-9]{9}$'", name=op.f("ck_institution_routing_number")),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_institution_business_hours")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution")),
    )
    op.create_table(
        "item_transition",
        sa.Column("from_status", sa.Text(), nullable=False),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("from_status", "to_status", name=op.f("pk_item_transition")),
    )
    op.create_table(
        "job_run",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("job", "due_at", name=op.f("pk_job_run")),
    )
    op.create_table(
        "account",
        sa.Column("routing", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("account_type", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("positive_pay", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("account_type in ('personal','business')", name=op.f("ck_account_account_type")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_account_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint(
            "institution_id", "routing", "number", name=op.f("uq_account_institution_id_routing_number")
        ),
    )
    op.create_table(
        "app_user",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(username) between 1 and 64", name=op.f("ck_app_user_username")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_app_user_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
    )
    op.create_index("uq_app_user_username", "app_user", [sa.literal_column("lower(username)")], unique=True)
    op.create_table(
        "audit_entry",
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("previous_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_audit_entry_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(
        "ix_audit_entry_object", "audit_entry", ["institution_id", "object_type", "object_id", "sequence"], unique=False
    )
    op.create_index("uq_audit_entry_sequence", "audit_entry", ["institution_id", "sequence"], unique=True)
    op.create_table(
        "audit_head",
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_audit_head_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "queue",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sla_hours", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("warning_minutes", sa.Integer(), server_default="30", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_queue_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue")),
        sa.UniqueConstraint("institution_id", "key", name=op.f("uq_queue_institution_id_key")),
    )
    op.create_table(
        "account_context",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("balance", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("average_balance_30d", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("amounts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("checks_7d", sa.Integer(), nullable=False),
        sa.Column("total_7d", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("checks_14d", sa.Integer(), nullable=False),
        sa.Column("total_14d", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("returns_90d", sa.Integer(), nullable=False),
        sa.Column("nsf_90d", sa.Integer(), nullable=False),
        sa.Column("overdrafts_90d", sa.Integer(), nullable=False),
        sa.Column("last_serial", sa.Integer(), nullable=True),
        sa.Column("payroll", sa.Boolean(), nullable=False),
        sa.Column("direct_deposit", sa.Boolean(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_context_account_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_account_context_institution_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_context")),
    )
    op.create_table(
        "file_received",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("received_by", sa.Uuid(), nullable=True),
        sa.Column("framing", sa.Text(), nullable=True),
        sa.Column("encoding", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("destination", sa.Text(), nullable=True),
        sa.Column("checks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("returns", sa.Integer(), server_default="0", nullable=False),
        sa.Column("credits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("images_stored", sa.Integer(), server_default="0", nullable=False),
        sa.Column("images_displayable", sa.Integer(), server_default="0", nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("findings", sa.Integer(), server_default="0", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("status in ('imported','refused')", name=op.f("ck_file_received_status")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_file_received_institution_id")),
        sa.ForeignKeyConstraint(["received_by"], ["app_user.id"], name=op.f("fk_file_received_received_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_received")),
    )
    op.create_index(
        "ix_file_received_received_at",
        "file_received",
        ["institution_id", sa.literal_column("received_at DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "uq_file_received_imported",
        "file_received",
        ["institution_id", "sha256"],
        unique=True,
        postgresql_where=sa.text("status = 'imported'"),
    )
    op.create_table(
        "issued_check",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("status in ('outstanding','void','paid')", name=op.f("ck_issued_check_status")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_issued_check_account_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_issued_check_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_check")),
    )
    op.create_index("ix_issued_check_account", "issued_check", ["account_id", "serial"], unique=False)
    op.create_table(
        "policy_version",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status in ('draft','in_review','approved','active','retired')", name=op.f("ck_policy_version_status")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["app_user.id"], name=op.f("fk_policy_version_created_by")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_policy_version_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("institution_id", "number", name=op.f("uq_policy_version_institution_id_number")),
    )
    op.create_index(
        "uq_policy_version_active",
        "policy_version",
        ["institution_id"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "stop_payment",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("ordered_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_stop_payment_account_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_stop_payment_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop_payment")),
    )
    op.create_index(op.f("ix_stop_payment_account_id"), "stop_payment", ["account_id"], unique=False)
    op.create_table(
        "user_role",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "role in ('reviewer','approver','supervisor','administrator','auditor')", name=op.f("ck_user_role_role")
        ),
        sa.ForeignKeyConstraint(["granted_by"], ["app_user.id"], name=op.f("fk_user_role_granted_by")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_user_role_institution_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_role_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("pk_user_role")),
    )
    op.create_table(
        "check_item",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("routing", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("auxiliary_on_us", sa.Text(), nullable=False),
        sa.Column("on_us", sa.Text(), nullable=False),
        sa.Column("epc", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Text(), nullable=False),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.Column("payee", sa.Text(), nullable=True),
        sa.Column("depositary_routing", sa.Text(), nullable=True),
        sa.Column("business_date", sa.Date(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("policy_version_id", sa.Uuid(), nullable=False),
        sa.Column("two_people", sa.Boolean(), nullable=False),
        sa.Column("sla_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sla_warning_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("return_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_on", sa.Date(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("item_type in ('on_us','transit')", name=op.f("ck_check_item_item_type")),
        sa.CheckConstraint("kind in ('check','return')", name=op.f("ck_check_item_kind")),
        sa.CheckConstraint(
            "status in ('new','in_review','approved','returned','rejected','held','escalated','pending_approval','needs_info','closed')",
            name=op.f("ck_check_item_status"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_check_item_amount")),
        sa.CheckConstraint("priority between 1 and 4", name=op.f("ck_check_item_priority")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_check_item_account_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file_received.id"], name=op.f("fk_check_item_file_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_check_item_institution_id")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_check_item_policy_version_id")
        ),
        sa.ForeignKeyConstraint(["queue_id"], ["queue.id"], name=op.f("fk_check_item_queue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_item")),
        sa.UniqueConstraint("file_id", "ordinal", name=op.f("uq_check_item_file_id_ordinal")),
    )
    op.create_index(op.f("ix_check_item_account_id"), "check_item", ["account_id"], unique=False)
    op.create_index("ix_check_item_decided", "check_item", ["institution_id", "decided_at", "id"], unique=False)
    op.create_index(op.f("ix_check_item_file_id"), "check_item", ["file_id"], unique=False)
    op.create_index(
        "ix_check_item_identity",
        "check_item",
        ["institution_id", "routing", "account_number", "serial", "amount"],
        unique=False,
    )
    op.create_index(
        "ix_check_item_open_amount",
        "check_item",
        ["institution_id", "amount", "id"],
        unique=False,
        postgresql_where=sa.text("status not in ('approved', 'returned', 'rejected', 'closed')"),
    )
    op.create_index(
        "ix_check_item_open_queue",
        "check_item",
        ["institution_id", "queue_id", "sla_due_at", "priority", "id"],
        unique=False,
        postgresql_where=sa.text("status not in ('approved', 'returned', 'rejected', 'closed')"),
    )
    op.create_index(
        "ix_check_item_open_received",
        "check_item",
        ["institution_id", "received_at", "id"],
        unique=False,
        postgresql_where=sa.text("status not in ('approved', 'returned', 'rejected', 'closed')"),
    )
    op.create_index(
        "ix_check_item_open_sla",
        "check_item",
        ["institution_id", "sla_due_at", "priority", "id"],
        unique=False,
        postgresql_where=sa.text("status not in ('approved', 'returned', 'rejected', 'closed')"),
    )
    op.create_index(
        "ix_check_item_waiting",
        "check_item",
        ["institution_id", "sla_due_at", "priority", "id"],
        unique=False,
        postgresql_where=sa.text("status in ('new', 'escalated')"),
    )
    op.create_table(
        "claim",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_status", sa.Text(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_claim_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_claim_item_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_claim_user_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_expires_at"), "claim", ["expires_at"], unique=False)
    op.create_index(op.f("ix_claim_user_id"), "claim", ["user_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("confirms_id", sa.Uuid(), nullable=True),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("policy_version_id", sa.Uuid(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=False),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("item_version", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(stage in ('confirmation','sent_back')) = (confirms_id is not null)", name=op.f("ck_decision_confirms")
        ),
        sa.CheckConstraint(
            "action in ('pay','return','reject','hold','escalate','ask')", name=op.f("ck_decision_action")
        ),
        sa.CheckConstraint(
            "stage in ('recommendation','confirmation','sent_back','decision')", name=op.f("ck_decision_stage")
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["app_user.id"], name=op.f("fk_decision_actor_id")),
        sa.ForeignKeyConstraint(["confirms_id"], ["decision.id"], name=op.f("fk_decision_confirms_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_decision_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_decision_item_id")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_decision_policy_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("id", "item_id", name=op.f("uq_decision_id_item_id")),
        sa.UniqueConstraint("item_id", "sequence", name=op.f("uq_decision_item_id_sequence")),
    )
    op.create_index("ix_decision_decided_at", "decision", ["institution_id", "decided_at"], unique=False)
    op.create_index(
        "uq_decision_confirms_id",
        "decision",
        ["confirms_id"],
        unique=True,
        postgresql_where=sa.text("confirms_id is not null"),
    )
    op.create_table(
        "file_finding",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("byte_offset", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file_received.id"], name=op.f("fk_file_finding_file_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_file_finding_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_file_finding_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_finding")),
    )
    op.create_index(op.f("ix_file_finding_file_id"), "file_finding", ["file_id"], unique=False)
    op.create_index(op.f("ix_file_finding_item_id"), "file_finding", ["item_id"], unique=False)
    op.create_table(
        "flag",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Numeric(precision=4, scale=3), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_reason", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("answer in ('confirmed','dismissed','cannot_tell')", name=op.f("ck_flag_answer")),
        sa.ForeignKeyConstraint(["answered_by"], ["app_user.id"], name=op.f("fk_flag_answered_by")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_flag_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_flag_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
        sa.UniqueConstraint("item_id", "code", name=op.f("uq_flag_item_id_code")),
    )
    op.create_index(op.f("ix_flag_item_id"), "flag", ["item_id"], unique=False)
    op.create_table(
        "image",
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("dpi", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("side in ('front','back','card')", name=op.f("ck_image_side")),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_image_sha256")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_image_account_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_image_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_image_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image")),
    )
    op.create_index(op.f("ix_image_account_id"), "image", ["account_id"], unique=False)
    op.create_index("ix_image_item", "image", ["item_id", "side"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_evidence_decision_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_evidence_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_evidence_item_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_item_id"), "evidence", ["item_id"], unique=False)
    op.create_table(
        "history_check",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("presented_on", sa.Date(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("return_code", sa.Text(), nullable=True),
        sa.Column("image_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("outcome in ('paid','returned')", name=op.f("ck_history_check_outcome")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_history_check_account_id")),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_history_check_image_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_history_check_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_check")),
    )
    op.create_index("ix_history_check_account", "history_check", ["account_id", "presented_on"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_history_check_account", table_name="history_check")
    op.drop_table("history_check")
    op.drop_index(op.f("ix_evidence_item_id"), table_name="evidence")
    op.drop_table("evidence")
    op.drop_index("ix_image_item", table_name="image")
    op.drop_index(op.f("ix_image_account_id"), table_name="image")
    op.drop_table("image")
    op.drop_index(op.f("ix_flag_item_id"), table_name="flag")
    op.drop_table("flag")
    op.drop_index(op.f("ix_file_finding_item_id"), table_name="file_finding")
    op.drop_index(op.f("ix_file_finding_file_id"), table_name="file_finding")
    op.drop_table("file_finding")
    op.drop_index("uq_decision_confirms_id", table_name="decision", postgresql_where=sa.text("confirms_id is not null"))
    op.drop_index("ix_decision_decided_at", table_name="decision")
    op.drop_table("decision")
    op.drop_index(op.f("ix_claim_user_id"), table_name="claim")
    op.drop_index(op.f("ix_claim_expires_at"), table_name="claim")
    op.drop_table("claim")
    op.drop_index(
        "ix_check_item_waiting", table_name="check_item", postgresql_where=sa.text("status in ('new', 'escalated')")
    )
    op.drop_index(
        "ix_check_item_open_sla",
        table_name="check_item",
        postgresql_where=sa.text("status not in ('approved', 'returned', 'rejected', 'closed')"),
    )
    op.drop_index(
        "ix_check_item_open_received",
        table_name="check_item",
        postgresql_where=sa.text("status not in ('approved', 'returned', 'rejected', 'closed')"),
    )
    op.drop_index(
        "ix_check_item_open_queue",
        table_name="check_item",
        postgresql_where=sa.text("status not in ('approved', 'returned', 'rejected', 'closed')"),
    )
    op.drop_index(
        "ix_check_item_open_amount",
        table_name="check_item",
        postgresql_where=sa.text("status not in ('approved', 'returned', 'rejected', 'closed')"),
    )
    op.drop_index("ix_check_item_identity", table_name="check_item")
    op.drop_index(op.f("ix_check_item_file_id"), table_name="check_item")
    op.drop_index("ix_check_item_decided", table_name="check_item")
    op.drop_index(op.f("ix_check_item_account_id"), table_name="check_item")
    op.drop_table("check_item")
    op.drop_table("user_role")
    op.drop_index(op.f("ix_stop_payment_account_id"), table_name="stop_payment")
    op.drop_table("stop_payment")
    op.drop_index(
        "uq_policy_version_active", table_name="policy_version", postgresql_where=sa.text("status = 'active'")
    )
    op.drop_table("policy_version")
    op.drop_index("ix_issued_check_account", table_name="issued_check")
    op.drop_table("issued_check")
    op.drop_index(
        "uq_file_received_imported", table_name="file_received", postgresql_where=sa.text("status = 'imported'")
    )
    op.drop_index("ix_file_received_received_at", table_name="file_received")
    op.drop_table("file_received")
    op.drop_table("account_context")
    op.drop_table("queue")
    op.drop_table("audit_head")
    op.drop_index("uq_audit_entry_sequence", table_name="audit_entry")
    op.drop_index("ix_audit_entry_object", table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_index("uq_app_user_username", table_name="app_user")
    op.drop_table("app_user")
    op.drop_table("account")
    op.drop_table("job_run")
    op.drop_table("item_transition")
    op.drop_table("institution")
