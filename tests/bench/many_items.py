"""Many items at once, past the services: by SQL as the superuser, for measuring how reading scales."""

from __future__ import annotations

import psycopg

from tests.factories import Bank

_FILE = """
    insert into file_received (id, institution_id, name, sha256, size, status)
    values (gen_random_uuid(), %(bank)s, 'bench', sha256(random()::text::bytea), 0, 'imported') returning id
"""
# One in ten is decided; the rest waits, spread over the queues, deadlines and amounts of a busy day.
_ITEMS = """
    insert into check_item (id, institution_id, file_id, ordinal, record, kind, item_type, status, amount, routing,
        account_number, serial, auxiliary_on_us, on_us, epc, sequence, payee, received_at, queue_id, priority,
        policy_version_id, two_people, sla_due_at, sla_warning_at, decided_at)
    select gen_random_uuid(), %(bank)s, %(file)s, n, n, 'check', case n %% 3 when 0 then 'transit' else 'on_us' end,
        case n %% 10 when 0 then 'approved' else 'new' end, (100 + (n * 7919::bigint) %% %(cents)s)::numeric / 100,
        %(routing)s, (7000000 + n %% 400)::text, (n %% 9000)::text, '', '', '', n::text, 'Payee ' || n %% 20,
        now() - n * interval '1 second', (array(select id from queue order by position))[1 + n %% 2], 1 + n %% 4,
        (select id from policy_version limit 1), false, now() + (n * 104729::bigint %% 86400) * interval '1 second',
        now() + (n * 104729::bigint %% 86400 - 1800) * interval '1 second',
        case n %% 10 when 0 then now() end
    from generate_series(1, %(count)s) n
"""
_FLAGS = """
    insert into flag (id, institution_id, item_id, code, title, explanation, evidence, source)
    select gen_random_uuid(), institution_id, id, 'velocity', 'Velocity', '7 checks in 7 days.', '{}', 'rule'
    from check_item where ordinal %% 4 = 0 and %(flagged)s and file_id = %(file)s
"""


def add_items(url: str, bank: Bank, count: int, *, cents: int = 900_000, flagged: bool = True) -> None:
    """Add `count` items of up to `cents`, one in ten decided, one in four flagged; gather the planner's statistics."""
    with psycopg.connect(url) as connection:
        # Their rows are as the console would write them; triggers and foreign keys would only take their time.
        connection.execute("set session_replication_role = replica")
        values = {"bank": bank.institution_id, "routing": bank.routing, "count": count}
        values |= {"cents": cents, "flagged": flagged}
        (values["file"],) = connection.execute(_FILE, values).fetchone() or (None,)
        connection.execute(_ITEMS, values)
        connection.execute(_FLAGS, values)
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze")
