"""Rows of an item are of the item's institution, seen to for all rows of a statement at once; and no index twice.

A foreign key asks for each row of a file anew whether its institution is there, which is a sixth of what an import
costs the database, and never whether it is the item's. One look at all rows of a statement asks for both.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TABLES = ("item_facts", "flag", "image")

# By the primary key for each row, whatever the size of the table was when the statement was planned.
_BELONGS = """
create function {name}() returns trigger language plpgsql set enable_seqscan = off as $$
begin
    if exists (select from added where institution_id is distinct from {owner}) then
        raise exception 'a row of % is of another institution than what it belongs to', tg_table_name
            using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$
"""
_OF_ITEM = "(select i.institution_id from check_item i where i.id = added.item_id)"
_OF_ACCOUNT = "(select a.institution_id from account a where a.id = added.account_id)"
_STAYS = """
create function guard_place() returns trigger language plpgsql as $$
begin
    raise exception 'a row of % stays with its item and its institution', tg_table_name
        using errcode = 'restrict_violation';
end $$
"""


def upgrade() -> None:
    op.execute(_BELONGS.format(name="guard_of_item", owner=_OF_ITEM))
    op.execute(_BELONGS.format(name="guard_of_item_or_account", owner=f"coalesce({_OF_ITEM}, {_OF_ACCOUNT})"))
    op.execute(_STAYS)
    for table in _TABLES:
        guard = "guard_of_item_or_account" if table == "image" else "guard_of_item"
        op.execute(
            f"create trigger guard_of_item after insert on {table} referencing new table as added "
            f"for each statement execute function {guard}()"
        )
        op.drop_constraint(f"fk_{table}_institution_id", table, type_="foreignkey")
    for table in ("flag", "image"):
        op.execute(
            f"create trigger guard_place before update of institution_id, item_id on {table} for each row "
            "when ((old.institution_id, old.item_id) is distinct from (new.institution_id, new.item_id)) "
            "execute function guard_place()"
        )
    # What uq_flag_item_id_code and uq_check_item_file_id_ordinal begin with as well.
    op.drop_index("ix_flag_item_id", "flag")
    op.drop_index("ix_check_item_file_id", "check_item")
    # Of an item's images, which are nearly all, it said nothing.
    op.drop_index("ix_image_account_id", "image")
    op.create_index("ix_image_account_id", "image", ["account_id"], postgresql_where=sa.text("account_id is not null"))


def downgrade() -> None:
    op.drop_index("ix_image_account_id", "image")
    op.create_index("ix_image_account_id", "image", ["account_id"])
    op.create_index("ix_check_item_file_id", "check_item", ["file_id"])
    op.create_index("ix_flag_item_id", "flag", ["item_id"])
    for table in ("flag", "image"):
        op.execute(f"drop trigger guard_place on {table}")
    for table in _TABLES:
        op.create_foreign_key(f"fk_{table}_institution_id", table, "institution", ["institution_id"], ["id"])
        op.execute(f"drop trigger guard_of_item on {table}")
    op.execute("drop function guard_place()")
    op.execute("drop function guard_of_item_or_account()")
    op.execute("drop function guard_of_item()")
