"""How fast a version of thirty rules is replayed over a history of a million checks, beside one pass over its rows.

The floor reads every item's facts once, in one statement, and adds up one of them.
"""

from __future__ import annotations

import json
import time
from random import Random
from typing import Any, Final
from uuid import UUID

import psycopg

from console.lab.replay import run_replay, start_replay
from console.lab.tally import Tally
from console.lab.trials import read_trial
from console.policy.drafting import make_draft, open_draft, save_draft
from console.policy.kept import facts_as_json, read_facts
from tests.bench import policy_rules
from tests.bench.figures import Figure, short
from tests.bench.ground import Ground
from tests.factories import Bank, make_bank

ITEMS: Final = 1_000_000
TARGET_SECONDS: Final = 30.0
# So many different checks come again and again.
_DIFFERENT: Final = 20_000
_DAYS: Final = 90

_FILE = """
    insert into file_received (id, institution_id, name, sha256, size, status)
    values (gen_random_uuid(), %(bank)s, 'history', sha256('history'), 0, 'imported') returning id
"""
_PATTERNS = "create temporary table pattern (at int primary key, facts jsonb)"
# Spread over the days that are replayed; nine of ten were paid, three of a hundred refused, one of these for fraud.
_ITEMS = """
    insert into check_item (id, institution_id, file_id, ordinal, record, kind, item_type, status, amount, routing,
        account_number, serial, auxiliary_on_us, on_us, epc, sequence, received_at, queue_id, priority,
        policy_version_id, two_people, sla_due_at, sla_warning_at, decided_at)
    select gen_random_uuid(), %(bank)s, %(file)s, n, n, 'check', p.facts ->> 'item_type',
        case when n %% 100 < 90 then 'approved' when n %% 100 < 93 then 'returned' else 'new' end,
        (p.facts ->> 'amount')::numeric, '', '', '', '', '', '', '', now() - n * interval '89 days' / (%(count)s + 1),
        (select id from queue where key = 'standard'), 4, (select id from policy_version where number = 1), false,
        now(), now(), case when n %% 100 < 93 then now() end
    from generate_series(1, %(count)s) n join pattern p on p.at = n %% %(different)s
"""
_FACTS = """
    insert into item_facts (item_id, institution_id, received_at, facts)
    select i.id, i.institution_id, i.received_at, p.facts from check_item i
    join pattern p on p.at = i.ordinal %% %(different)s where i.file_id = %(file)s order by i.ordinal desc
"""
_DECISIONS = """
    insert into decision (id, institution_id, item_id, sequence, stage, action, actor_id, reasons, note, details,
        policy_version_id, from_status, to_status, item_version, decided_at, handled_ms)
    select gen_random_uuid(), i.institution_id, i.id, 1, 'decision',
        case i.status when 'approved' then 'pay' else 'return' end, %(person)s,
        case when i.status = 'returned' and i.ordinal %% 3 = 0 then '["customer:N"]'::jsonb else '[]' end, '', '{}',
        i.policy_version_id, 'in_review', i.status, 3, i.received_at + interval '1 hour', 30000 + i.ordinal %% 60000
    from check_item i where i.file_id = %(file)s and i.status <> 'new'
"""
_FLOOR = "select count(*), sum((facts ->> 'amount')::numeric) from item_facts"


def run(ground: Ground, items: int = ITEMS) -> list[Figure]:
    """A replay of `items` checks."""
    return ground.run(_measure(ground, items))


async def _measure(ground: Ground, items: int) -> list[Figure]:
    bank = await make_bank()
    add_history(ground.endpoints.superuser_database_url, bank, items)
    draft_id = await _draft(bank)
    floor = _floor(ground.endpoints.superuser_database_url)
    start = time.perf_counter()
    trial_id = await start_replay(bank.supervisor, draft_id, _DAYS)
    await run_replay(bank.supervisor, trial_id)
    seconds = time.perf_counter() - start
    trial = await read_trial(bank.supervisor, trial_id)
    found = Tally.model_validate(trial.result)
    assert found.items == items, "the replay has not seen all of its history"
    note = (
        f"30 rules against the active version, {found.changed:,} items differ, {found.listed:,} of them listed; "
        f"{seconds / floor:.1f} × the floor: one pass over the same facts"
    )
    target = f"< {TARGET_SECONDS:.0f} s" if items == ITEMS else None
    met = seconds < TARGET_SECONDS if items == ITEMS else None
    return [
        Figure(
            f"replay: {items:,} checks", short(seconds), "s", short(floor), short(floor / seconds), target,
            met, note,
        )
    ]  # fmt: skip


def add_history(url: str, bank: Bank, count: int) -> None:
    """A history of so many checks, decided by the bank's reviewer, as the superuser."""
    rng = Random(1)
    patterns = [json.dumps(facts_as_json(read_facts(policy_rules.item(rng)))) for _ in range(min(_DIFFERENT, count))]
    with psycopg.connect(url) as connection:
        # Their rows are as the console would write them; triggers and foreign keys would only take their time.
        connection.execute("set session_replication_role = replica")
        values: dict[str, Any] = {"bank": bank.institution_id, "person": bank.reviewer.user_id, "count": count}
        values |= {"different": len(patterns)}
        (values["file"],) = connection.execute(_FILE, values).fetchone() or (None,)
        connection.execute(_PATTERNS)
        with connection.cursor().copy("copy pattern (at, facts) from stdin") as copy:
            for at, facts in enumerate(patterns):
                copy.write_row((at, facts))
        for statement in (_ITEMS, _FACTS, _DECISIONS):
            connection.execute(statement, values)
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze")


async def _draft(bank: Bank) -> UUID:
    draft_id = await make_draft(bank.supervisor)
    opened = await open_draft(bank.supervisor, draft_id)
    wanted = policy_rules.document().model_dump(mode="json")
    await save_draft(bank.supervisor, draft_id, wanted, opened.revision)
    return draft_id


def _floor(url: str) -> float:
    with psycopg.connect(url) as connection:
        best = float("inf")
        for _ in range(2):
            start = time.perf_counter()
            connection.execute(_FLOOR).fetchone()
            best = min(best, time.perf_counter() - start)
    return best
