"""Legal holds, which the database itself heeds where something is destroyed, and the record of purged images."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"
TABLES = ("legal_hold", "image_purge")

# What a standing hold covers. A hold on a person covers the checks that they decided, one on days the checks received
# on them, by the bank's own calendar.
FUNCTIONS = """
create function legal_holds_on_item(item uuid) returns setof uuid language sql stable as $$
    select h.id from check_item i join legal_hold h on h.institution_id = i.institution_id
    join institution b on b.id = i.institution_id
    where i.id = item and h.lifted_at is null and (
        h.item_id = i.id or h.account_id = i.account_id
        or (i.received_at at time zone b.time_zone)::date between h.from_on and coalesce(h.until_on, 'infinity')
        or exists (select from decision d where d.item_id = i.id and d.actor_id = h.user_id))
$$;
create function on_legal_hold_item(item uuid) returns boolean language sql stable as $$
    select exists (select from legal_holds_on_item(item))
$$;
create function on_legal_hold_person(institution uuid, person uuid, began timestamptz, ended timestamptz)
    returns boolean language sql stable as $$
    select exists (
        select from legal_hold h join institution b on b.id = h.institution_id
        where h.institution_id = institution and h.lifted_at is null and (
            h.user_id = person
            or ((ended at time zone b.time_zone)::date >= h.from_on
                and (began at time zone b.time_zone)::date <= coalesce(h.until_on, 'infinity'))))
$$;
-- Whoever destroys something and whoever places a hold wait for each other, so that a hold that stands is heeded.
create function heed_legal_holds() returns void language sql as $$
    select pg_advisory_xact_lock(hashtext('legal holds'))
$$;
create function refuse_held() returns trigger language plpgsql as $$
begin
    raise exception 'a legal hold covers this row of %', tg_table_name using errcode = 'restrict_violation';
end $$;
-- Of all rows of a statement at once: no index finds an image by its hash, because intake would pay for it.
create function guard_image_purge() returns trigger language plpgsql as $$
begin
    if exists (
        select from purged p join image m on m.institution_id = p.institution_id and m.sha256 = p.sha256
        where m.item_id is not null and on_legal_hold_item(m.item_id)
    ) then
        raise exception 'a legal hold covers an image of these' using errcode = 'restrict_violation';
    end if;
    return null;
end $$;
-- What was placed stays as it was placed, and what was lifted stays lifted.
create function guard_legal_hold() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.lifted_at is not null
        or (new.matter, new.reason, new.scope, new.placed_by, new.placed_at)
            is distinct from (old.matter, old.reason, old.scope, old.placed_by, old.placed_at)
        or (new.item_id, new.account_id, new.user_id, new.from_on, new.until_on)
            is distinct from (old.item_id, old.account_id, old.user_id, old.from_on, old.until_on)
    then
        raise exception 'a legal hold is lifted and otherwise never changed' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
"""

TRIGGERS = """
create trigger guard_legal_hold before update or delete on legal_hold
    for each row execute function guard_legal_hold();
create trigger guard_image_purge after insert on image_purge referencing new table as purged
    for each statement execute function guard_image_purge();
create trigger append_only before update or delete or truncate on image_purge
    for each statement execute function refuse_change();
create trigger on_legal_hold before delete on session_record for each row
    when (on_legal_hold_person(old.institution_id, old.user_id, old.started_at, coalesce(old.ended_at, now())))
    execute function refuse_held();
create trigger on_legal_hold before delete on notice for each row
    when (on_legal_hold_person(old.institution_id, old.user_id, old.created_at, old.created_at))
    execute function refuse_held();
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        sa.Column("placed_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("lift_asked_by", sa.Uuid(), nullable=True),
        sa.Column("lift_asked_at", moment, nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", moment, nullable=True),
        *_constraints(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index("ix_legal_hold_placed", "legal_hold", ["institution_id", sa.text("placed_at DESC"), "id"])
    op.create_index(
        "ix_legal_hold_standing", "legal_hold", ["institution_id", "scope"],
        postgresql_where=sa.text("lifted_at is null"),
    )  # fmt: skip
    op.create_table(
        "image_purge",
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("purged_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_image_purge_institution_id")),
        sa.PrimaryKeyConstraint("sha256", "purged_at", "institution_id", name=op.f("pk_image_purge")),
    )
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy of_institution on {table} "
            f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
        )
        op.execute(f"grant select, insert on {table} to console_app")
    op.execute(
        "grant update (lift_asked_by, lift_asked_at, lift_reason, lifted_by, lifted_at) on legal_hold to console_app"
    )


def _constraints() -> list[sa.Constraint]:
    refers = {
        "institution_id": "institution", "item_id": "check_item", "account_id": "account", "user_id": "app_user",
        "placed_by": "app_user", "lift_asked_by": "app_user", "lifted_by": "app_user",
    }  # fmt: skip
    checks = {
        "scope": "scope in ('item','account','person','period')",
        "subject": "(scope = 'item') = (item_id is not null) and (scope = 'account') = (account_id is not null)"
        " and (scope = 'person') = (user_id is not null) and (scope = 'period') = (from_on is not null)"
        " and (until_on is null or from_on <= until_on)",
        "matter": "char_length(matter) between 1 and 120",
        "reason": "char_length(reason) between 1 and 500",
        "lift_asked": "(lift_asked_by is null) = (lift_asked_at is null)"
        " and (lift_asked_by is null) = (lift_reason is null)",
        "lifted": "(lifted_at is null) = (lifted_by is null) and (lifted_by is null or lift_asked_by is not null)",
        "second_person": "lifted_by <> lift_asked_by",
    }
    return [
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_legal_hold_{column}"))
            for column, table in refers.items()
        ),
        *(sa.CheckConstraint(text, name=op.f(f"ck_legal_hold_{name}")) for name, text in checks.items()),
    ]


def downgrade() -> None:
    for table in ("session_record", "notice"):
        op.execute(f"drop trigger on_legal_hold on {table}")
    op.drop_table("image_purge")
    op.drop_table("legal_hold")
    op.execute(
        "drop function refuse_held(), guard_image_purge(), guard_legal_hold(), heed_legal_holds(),"
        " on_legal_hold_item(uuid), legal_holds_on_item(uuid), on_legal_hold_person(uuid, uuid, timestamptz, timestamptz)"
    )
