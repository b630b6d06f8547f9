"""Items that are deleted, once they are kept no longer, leave the counts as well."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TRIGGER = """
create function tally_deleted() returns trigger language plpgsql as $$
begin
    insert into item_tally (institution_id, queue_id, item_type, status, items)
    select institution_id, queue_id, item_type, status, -count(*) from gone group by 1, 2, 3, 4;
    return null;
end $$;
create trigger tally_deleted after delete on check_item referencing old table as gone
    for each statement execute function tally_deleted();
"""


def upgrade() -> None:
    op.execute(TRIGGER)


def downgrade() -> None:
    op.execute("drop trigger tally_deleted on check_item")
    op.execute("drop function tally_deleted()")
