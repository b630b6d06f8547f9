"""Which checks an object of the store belongs to, as SQL: the same bytes may be several checks' images or attachments,
and an account's signature card. No I/O."""

from __future__ import annotations

from typing import Final

# A row for each use: its check (none: of an account), that check's status, since when it is kept, of which kind it is.
# An attachment is kept as long as if its check had come with it.
USES: Final = """
    select m.sha256, m.item_id, i.status, i.received_at as since, true as of_image
    from image m left join check_item i on i.id = m.item_id where m.institution_id = :institution
    union all
    select t.sha256, t.item_id, i.status, greatest(i.received_at, t.attached_at), false
    from item_attachment t join check_item i on i.id = t.item_id where t.institution_id = :institution
"""
# Of the use `u`: its bytes were destroyed. What came again after that is there.
GONE: Final = """
    exists (select from object_purge p
            where p.institution_id = :institution and p.sha256 = u.sha256 and p.purged_at > u.since)
"""
