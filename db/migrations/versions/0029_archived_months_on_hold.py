"""Which archived months of the audit trail a legal hold covers: the object store holds their files too."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# What is archived is a file that nobody takes apart, and its rows are where the console cannot reach them. So a hold
# covers each month in which there may be something of its subject: of a check since it came, of a person since they
# were here, of an account ever, of days those days.
_ARCHIVED = """
create function archived_months_on_legal_hold(institution uuid) returns setof bytea language sql stable as $$
    select distinct a.export_sha256 from audit_anchor a join legal_hold h on h.institution_id = a.institution_id
    left join check_item i on i.id = h.item_id
    left join app_user u on u.id = h.user_id
    where a.institution_id = institution and h.lifted_at is null
    and a.month + interval '1 month' > coalesce(
        h.from_on - 1, (i.received_at at time zone 'UTC')::date, (u.created_at at time zone 'UTC')::date, '-infinity')
    and a.month <= coalesce(h.until_on + 1, 'infinity')
$$;
grant execute on function archived_months_on_legal_hold(uuid) to console_app
"""
# Months are UTC's, a hold's days are the bank's: an evening of its last day may lie in the month after it.
_ON_MONTH = """
create or replace function legal_holds_on_audit_month(first date) returns setof uuid language sql stable as $$
    select h.id from legal_hold h where h.lifted_at is null and (
        (h.from_on{before} < first + interval '1 month' and coalesce(h.until_on{after}, 'infinity') >= first and exists (
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
$$
"""


def upgrade() -> None:
    op.execute(_ON_MONTH.format(before=" - 1", after=" + 1"))
    op.execute(_ARCHIVED)


def downgrade() -> None:
    op.execute("drop function archived_months_on_legal_hold(uuid)")
    op.execute(_ON_MONTH.format(before="", after=""))
