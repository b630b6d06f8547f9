"""The facts of each item as found at intake, and what rules say of it beside priority and two people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"

# What still can be told of items that came in before: the rest is missing on them, as a field newer than an item is.
DERIVED = """
insert into item_facts (item_id, institution_id, received_at, facts)
select i.id, i.institution_id, i.received_at, jsonb_strip_nulls(jsonb_build_object(
    'amount', i.amount::text,
    'item_type', i.item_type,
    'kind', i.kind,
    'payee', i.payee,
    'routing', nullif(i.routing, ''),
    'routing_valid', not flags.codes ? 'routing_invalid',
    'account_number', nullif(i.account_number, ''),
    'depositary_routing', i.depositary_routing,
    'return_reason', i.return_reason,
    'business_date', i.business_date,
    'received_hour', extract(hour from local.at)::int,
    'received_weekday', trim(to_char(local.at, 'day')),
    'account_known', i.account_id is not null,
    'account_type', a.account_type,
    'account_age_days', local.at::date - a.opened_on,
    'positive_pay', a.positive_pay,
    'serial', nullif(i.serial, ''),
    'serial_number', case when i.serial ~ '^[0-9]+$' then i.serial::numeric end,
    'serial_seen_before', flags.codes ? 'serial_duplicate',
    'stopped', flags.codes ? 'stop_payment',
    'missing_sides', (
        select coalesce(jsonb_agg(side order by side), '[]') from unnest(array['back', 'front']) side
        where not exists (select from image m where m.item_id = i.id and m.side = side)
    ),
    'undisplayable_sides', (
        select coalesce(jsonb_agg(distinct m.side order by m.side), '[]') from image m
        where m.item_id = i.id and m.problem is not null
    ),
    'unusable_fields', coalesce(flags.unusable, '[]')
))
from check_item i
join institution b on b.id = i.institution_id
left join account a on a.id = i.account_id
cross join lateral (select i.received_at at time zone b.time_zone as at) local
cross join lateral (
    select coalesce(jsonb_agg(f.code), '[]') as codes,
        (select to_jsonb(string_to_array(f.evidence -> 'fields' -> 0 ->> 'value', ', ')) from flag f
         where f.item_id = i.id and f.code = 'image_quality') as unusable
    from flag f where f.item_id = i.id
) flags
"""


def upgrade() -> None:
    op.create_table(
        "item_facts",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_item_facts_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_item_facts_item_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_facts")),
    )
    op.create_index("ix_item_facts_received", "item_facts", ["institution_id", "received_at"])
    op.execute(DERIVED)
    op.execute(
        "create trigger append_only before update or delete or truncate on item_facts "
        "for each statement execute function refuse_change()"
    )
    op.execute("alter table item_facts enable row level security")
    op.execute(
        f"create policy of_institution on item_facts "
        f"using (institution_id = {INSTITUTION}) with check (institution_id = {INSTITUTION})"
    )
    op.execute("grant select, insert on item_facts to console_app")
    op.add_column("check_item", sa.Column("risk_level", sa.Integer(), server_default="4", nullable=False))
    op.add_column("check_item", sa.Column("blind", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("check_item", sa.Column("rule_hours", sa.Numeric(precision=5, scale=2), nullable=True))
    op.create_check_constraint(op.f("ck_check_item_risk_level"), "check_item", "risk_level between 1 and 4")
    op.create_check_constraint(op.f("ck_check_item_rule_hours"), "check_item", "rule_hours > 0")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_check_item_rule_hours"), "check_item")
    op.drop_constraint(op.f("ck_check_item_risk_level"), "check_item")
    for column in ("rule_hours", "blind", "risk_level"):
        op.drop_column("check_item", column)
    op.drop_table("item_facts")
