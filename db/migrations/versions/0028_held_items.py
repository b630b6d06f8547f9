"""Only where a hold on days stands are all checks looked through for those that it covers."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_COVERED = """
create or replace function items_on_legal_hold(institution uuid) returns setof uuid language sql stable as $$
    select h.item_id from legal_hold h
    where h.institution_id = institution and h.lifted_at is null and h.item_id is not null
    union
    select i.id from legal_hold h join check_item i on i.account_id = h.account_id
    where h.institution_id = institution and h.lifted_at is null and i.institution_id = institution
    union
    select d.item_id from legal_hold h join decision d on d.actor_id = h.user_id
    where h.institution_id = institution and h.lifted_at is null and d.institution_id = institution
    union
    select i.id from legal_hold h join institution b on b.id = h.institution_id
    join check_item i on i.institution_id = h.institution_id
        and (i.received_at at time zone b.time_zone)::date between h.from_on and coalesce(h.until_on, 'infinity')
    where h.institution_id = institution and h.lifted_at is null{where}
$$
"""


def upgrade() -> None:
    op.execute(_COVERED.format(where=" and h.from_on is not null"))


def downgrade() -> None:
    op.execute(_COVERED.format(where=""))
