"""Attachments are destroyed as images are: the record of it is that of objects, and a hold on a check covers both."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_GUARD = """
create or replace function {name}() returns trigger language plpgsql as $$
begin
    if exists (
        select from purged p join image m on m.institution_id = p.institution_id and m.sha256 = p.sha256
        where m.item_id is not null and on_legal_hold_item(m.item_id)
    ){attachments} then
        raise exception 'a legal hold covers {what} of these' using errcode = 'restrict_violation';
    end if;
    return null;
end $$
"""
_ATTACHMENTS = """ or exists (
        select from purged p join item_attachment t on t.institution_id = p.institution_id and t.sha256 = p.sha256
        where on_legal_hold_item(t.item_id)
    )"""
# The same rule as `legal_holds_on_item`, from the holds' side: of millions of checks, the few that one covers.
_COVERED = """
create function items_on_legal_hold(institution uuid) returns setof uuid language sql stable as $$
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
    where h.institution_id = institution and h.lifted_at is null
$$
"""
# Replicas of the version before read and write it by its old name until each of them is replaced.
_OLD_NAME = """
create view image_purge with (security_invoker = true) as select * from object_purge;
grant select, insert on image_purge to console_app
"""


def _rename(old: str, new: str) -> None:
    op.rename_table(f"{old}_purge", f"{new}_purge")
    op.execute(f"alter table {new}_purge rename constraint pk_{old}_purge to pk_{new}_purge")
    op.execute(
        f"alter table {new}_purge rename constraint fk_{old}_purge_institution_id to fk_{new}_purge_institution_id"
    )
    op.execute(f"alter trigger guard_{old}_purge on {new}_purge rename to guard_{new}_purge")
    op.execute(f"alter function guard_{old}_purge() rename to guard_{new}_purge")


def upgrade() -> None:
    _rename("image", "object")
    op.execute(_OLD_NAME)
    op.execute(_GUARD.format(name="guard_object_purge", attachments=_ATTACHMENTS, what="an object"))
    op.execute(_COVERED)
    op.create_index("ix_item_attachment_sha256", "item_attachment", ["institution_id", "sha256"])
    op.create_index("ix_decision_actor", "decision", ["actor_id", "item_id"])


def downgrade() -> None:
    op.drop_index("ix_decision_actor", "decision")
    op.drop_index("ix_item_attachment_sha256", "item_attachment")
    op.execute("drop function items_on_legal_hold(uuid)")
    op.execute(_GUARD.format(name="guard_object_purge", attachments="", what="an image"))
    op.execute("drop view image_purge")
    _rename("object", "image")
