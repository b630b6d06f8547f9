"""Second signatures: opinions said before the recommendation is seen, and who may sign up to which amount."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTITUTION = "nullif(current_setting('console.institution_id', true), '')::uuid"

# What `console.access.permissions` grants; a test says whether it is the same here.
LIMITS = (
    ("reviewer", False, "0.00"), ("approver", True, "25000.00"), ("supervisor", True, None),
    ("administrator", False, "0.00"), ("auditor", False, "0.00"),
)  # fmt: skip

# Whether somebody may give the second signature under an item: a role of theirs says so for its queue, type and
# amount, and the person's own bounds let them. With `signed_amount` null only the right to send back is asked.
MAY_SIGN = """
create function may_sign(person uuid, signed_item uuid, signed_amount numeric)
    returns boolean language sql stable as $$
    select exists (
        select from app_user u
        join user_role r on r.user_id = u.id
        left join role_limit b on b.role = r.role
        left join custom_role c on c.id = r.custom_role_id
        join check_item i on i.id = signed_item
        join queue q on q.id = i.queue_id
        where u.id = person and u.active
          and (b.signs or (c.permissions ? 'item:approve' and c.retired_at is null))
          and (signed_amount is null
               or b.signs and (b.amount_limit is null or signed_amount <= b.amount_limit)
               or c.id is not null and (c.unlimited or signed_amount <= coalesce(c.amount_limit, 0)))
          and (signed_amount is null or u.amount_limit is null or signed_amount <= u.amount_limit)
          and (c.queues is null or c.queues ? q.key) and (u.queues is null or u.queues ? q.key)
          and (c.item_types is null or c.item_types ? i.item_type)
          and (u.item_types is null or u.item_types ? i.item_type)
    )
$$;
"""

FIRST_GUARD = """
create or replace function guard_second_person() returns trigger language plpgsql as $$
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
    {further}
    return new;
end $$;
"""

FURTHER = """
    if not may_sign(new.actor_id, new.item_id,
        case when new.stage = 'confirmation' then (select amount from check_item where id = new.item_id) end
    ) then
        raise exception 'the second person lacks the role or the amount limit' using errcode = 'check_violation';
    end if;
"""

# An opinion is of somebody else than the maker, on the recommendation of the same item.
GUARD_OPINION = """
create function guard_opinion() returns trigger language plpgsql as $$
begin
    if not exists (
        select from decision d where d.id = new.recommendation_id and d.item_id = new.item_id
            and d.stage = 'recommendation' and d.actor_id <> new.user_id
    ) then
        raise exception 'an opinion is of another person, on a recommendation of the same item'
            using errcode = 'check_violation';
    end if;
    return new;
end $$;
"""


def upgrade() -> None:
    op.create_table(
        "role_limit",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("signs", sa.Boolean(), nullable=False),
        sa.Column("amount_limit", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_role_limit")),
    )
    op.execute("grant select on role_limit to console_app")
    for role, signs, limit in LIMITS:
        op.execute(f"insert into role_limit values ('{role}', {signs}, {limit or 'null'})")
    op.create_table(
        "second_opinion",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("recommendation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("act in ('pay','return','reject')", name=op.f("ck_second_opinion_act")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_second_opinion_institution_id")),
        sa.ForeignKeyConstraint(["item_id"], ["check_item.id"], name=op.f("fk_second_opinion_item_id")),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["decision.id"], name=op.f("fk_second_opinion_recommendation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_second_opinion_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_opinion")),
        sa.UniqueConstraint("recommendation_id", "user_id", name=op.f("uq_second_opinion_recommendation_id_user_id")),
    )
    op.create_index(op.f("ix_second_opinion_item_id"), "second_opinion", ["item_id"], unique=False)
    op.execute("alter table second_opinion enable row level security")
    op.execute(
        f"create policy of_institution on second_opinion using (institution_id = {INSTITUTION})"
        f" with check (institution_id = {INSTITUTION})"
    )
    op.execute("grant select, insert on second_opinion to console_app")
    op.execute(
        "create trigger append_only before update or delete or truncate on second_opinion"
        " for each statement execute function refuse_change()"
    )
    op.execute(GUARD_OPINION)
    op.execute(
        "create trigger guard_opinion before insert on second_opinion for each row execute function guard_opinion()"
    )
    op.execute(MAY_SIGN)
    op.execute(FIRST_GUARD.replace("{further}", FURTHER))
    # What awaits a second signature, the most urgent first.
    op.create_index(
        "ix_check_item_awaiting",
        "check_item",
        ["institution_id", "sla_due_at", "priority", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending_approval'"),
    )


def downgrade() -> None:
    op.drop_index("ix_check_item_awaiting", table_name="check_item")
    op.execute(FIRST_GUARD.replace("{further}", ""))
    op.execute("drop function may_sign(uuid, uuid, numeric)")
    op.drop_table("second_opinion")
    op.execute("drop function guard_opinion()")
    op.drop_table("role_limit")
