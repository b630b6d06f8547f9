"""Many items at once, past the services: by SQL as the superuser, for measuring how reading scales."""

from __future__ import annotations

import psycopg

from tests.factories import Bank

_FILE = """
    insert into file_received (id, institution_id, name, sha256, size, status)
    values (gen_random_uuid(), %(bank)s, 'bench', sha256(random()::text::bytea), 0, 'imported') returning id
"""
# One in ten is decided; the rest waits, spread over the queues, deadlines, amounts and people of a busy day. Few are
# critical, few are under way: a filter for these must not walk through all the others.
_ITEMS = """
    insert into check_item (id, institution_id, file_id, ordinal, record, kind, item_type, status, amount, routing,
        account_number, serial, auxiliary_on_us, on_us, epc, sequence, payee, received_at, queue_id, priority,
        policy_version_id, two_people, sla_due_at, sla_warning_at, decided_at, assigned_to)
    select gen_random_uuid(), %(bank)s, %(file)s, n, n, 'check',
        case n %% %(transit_every)s when 0 then 'transit' else 'on_us' end,
        case when %(decided)s and n %% 10 = 0 then 'approved' when %(under_way)s and n %% 50 = 1 then 'pending_approval'
            when %(under_way)s and n %% 1000 = 3 then 'held' when %(under_way)s and n %% 2000 = 7 then 'needs_info'
            else 'new' end,
        (100 + (n * 7919::bigint) %% %(cents)s)::numeric / 100,
        %(routing)s, (7000000 + n %% 40000)::text, (n %% 90000)::text, '', '', '', n::text,
        initcap(substr(md5((n %% 997)::text), 1, 6) || ' ' || substr(md5((n %% 4999)::text), 1, 7)),
        now() - n * interval '1 second' * 86400 / (%(count)s + 1),
        (array(select id from queue order by position))[1 + n %% 2],
        case when n %% 500 = 499 then 1 when n %% 20 = 1 then 2 when n %% 2 = 1 then 3 else 4 end,
        (select id from policy_version limit 1), false, now() + (n * 104729::bigint %% 86400) * interval '1 second',
        now() + (n * 104729::bigint %% 86400 - 1800) * interval '1 second',
        case when %(decided)s and n %% 10 = 0 then now() end, case when n %% 200 = 9 then %(person)s::uuid end
    from generate_series(1, %(count)s) n
"""
# Every fourth item carries a frequent flag, every thousandth a rare one.
_FLAGS = """
    insert into flag (id, institution_id, item_id, code, title, explanation, evidence, source)
    select gen_random_uuid(), i.institution_id, i.id, f.code, f.title, f.title, '{}', 'rule'
    from check_item i
    join (values ('velocity', 'Velocity', 4), ('stop_payment', 'Stop payment', 1000)) f(code, title, every)
        on i.ordinal %% f.every = 0
    where %(flagged)s and i.file_id = %(file)s
"""

# Of each account that waits for a review, checks that were paid before, one a day.
_REVIEWED = """
    insert into check_item (id, institution_id, file_id, ordinal, record, kind, item_type, status, amount, routing,
        account_number, account_id, serial, auxiliary_on_us, on_us, epc, sequence, payee, received_at, queue_id,
        priority, policy_version_id, two_people, sla_due_at, sla_warning_at, decided_at)
    select gen_random_uuid(), institution_id, %(file)s, row_number() over (), row_number() over (), kind, item_type,
        'approved', amount, routing, account_number, account_id, (50 + n)::text, '', on_us, '', n::text, payee,
        now() - n * interval '1 day', queue_id, priority, policy_version_id, false, now() - n * interval '1 day',
        now() - n * interval '1 day', now() - n * interval '1 day'
    from (select distinct on (account_id) * from check_item where account_id is not null order by account_id, id) i
    cross join generate_series(1, %(each)s) n
"""
_DECIDED = """
    insert into decision (id, institution_id, item_id, sequence, stage, action, actor_id, reasons, note, details,
        policy_version_id, from_status, to_status, item_version, decided_at)
    select gen_random_uuid(), institution_id, id, 1, 'decision', 'pay', %(person)s, '[]', '', '{}', policy_version_id,
        'in_review', 'approved', 3, decided_at
    from check_item where file_id = %(file)s
"""

# The triggers that count items were off.
_TALLY = """
    insert into item_tally (institution_id, queue_id, item_type, status, items)
    select institution_id, queue_id, item_type, status, count(*) from check_item where file_id = %(file)s
    group by 1, 2, 3, 4
"""


def add_items(
    url: str,
    bank: Bank,
    count: int,
    *,
    cents: int = 900_000,
    flagged: bool = True,
    under_way: bool = False,
    decided: bool = True,
    transit_every: int = 3,
) -> None:
    """Add `count` items of up to `cents`, one in ten decided, one in four flagged; gather the planner's statistics.

    With `under_way`, some are held, wait for a second person or for information; one in 200 is then assigned. Every so
    many is transit.
    """
    with psycopg.connect(url) as connection:
        # Their rows are as the console would write them; triggers and foreign keys would only take their time.
        connection.execute("set session_replication_role = replica")
        values = {"bank": bank.institution_id, "routing": bank.routing, "count": count}
        values |= {"cents": cents, "flagged": flagged, "under_way": under_way, "decided": decided}
        values["transit_every"] = transit_every
        values |= {"person": bank.second_reviewer.user_id if under_way else None}
        (values["file"],) = connection.execute(_FILE, values).fetchone() or (None,)
        connection.execute(_ITEMS, values)
        connection.execute(_FLAGS, values)
        connection.execute(_TALLY, values)
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze")


def add_past_reviews(url: str, bank: Bank, each: int) -> None:
    """Give each account that has a check here `each` checks that the bank's reviewer paid on the days before; gather
    the planner's statistics."""
    with psycopg.connect(url) as connection:
        connection.execute("set session_replication_role = replica")
        values = {"bank": bank.institution_id, "each": each, "person": bank.reviewer.user_id}
        (values["file"],) = connection.execute(_FILE, values).fetchone() or (None,)
        for statement in (_REVIEWED, _DECIDED, _TALLY):
            connection.execute(statement, values)
        connection.execute("analyze check_item, decision")
        connection.commit()
