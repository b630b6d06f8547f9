"""An institution's past, past the services: items and decisions with moments of their own, for reports to count."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg

from tests.factories import Bank

_FILE = """
    insert into file_received (id, institution_id, name, sha256, size, status, received_at)
    values (%s, %s, 'past', %s, 0, 'imported', %s)
"""
_ITEM = """
    insert into check_item (id, institution_id, file_id, ordinal, record, kind, item_type, status, amount, routing,
        account_number, serial, auxiliary_on_us, on_us, epc, sequence, received_at, queue_id, priority,
        policy_version_id, two_people, sla_due_at, sla_warning_at, sla_paused_for, return_by, decided_at)
    values (%(id)s, %(bank)s, %(file)s, %(at)s, %(at)s, 'check', %(item_type)s, %(status)s, %(amount)s, '', '', '', '',
        '', '', '', %(received)s, (select id from queue where institution_id = %(bank)s and key = %(queue)s), 4,
        (select id from policy_version where institution_id = %(bank)s order by number limit 1), %(two_people)s,
        %(due)s, %(due)s, %(paused)s, %(return_by)s, %(decided)s)
"""
_DECISION = """
    insert into decision (id, institution_id, item_id, sequence, stage, action, actor_id, confirms_id, reasons, note,
        details, policy_version_id, from_status, to_status, item_version, decided_at, handled_ms)
    values (%(id)s, %(bank)s, %(item)s, %(at)s, %(stage)s, %(action)s, %(actor)s, %(confirms)s, %(reasons)s, '',
        %(details)s, (select id from policy_version where institution_id = %(bank)s order by number limit 1),
        'in_review', %(to)s, %(at)s + 1, %(decided)s, %(handled)s)
"""
_FLAG = """
    insert into flag (id, institution_id, item_id, code, title, explanation, evidence, source, answer)
    values (gen_random_uuid(), %s, %s, %s, %s, '', '{}', 'rule', %s)
"""
_ADVICE = """
    insert into advice (id, institution_id, item_id, sequence, act, confidence, reasons, model, model_version,
        explanation, given_by, given_at)
    values (gen_random_uuid(), %s, %s, %s, %s, %s, '[]', 'm', '1', '', 'a key', %s)
"""
_TALLY = """
    insert into item_tally (institution_id, queue_id, item_type, status, items)
    select institution_id, queue_id, item_type, status, count(*) from check_item where file_id = any(%s)
    group by 1, 2, 3, 4
"""
OUTCOMES = {"pay": "approved", "return": "returned", "reject": "rejected"}


@dataclass
class PastAct:
    """A decision on an item. `confirms`: the place among the item's acts of the recommendation that it is on."""

    actor: UUID | None
    at: datetime
    action: str = "pay"
    stage: str = "decision"
    reasons: tuple[str, ...] = ()
    handled_ms: int | None = 60_000
    details: dict[str, Any] = field(default_factory=dict)
    confirms: int | None = None


@dataclass
class PastCheck:
    """An item. Without acts it is open (`status`). `due` is its SLA's; `flags`: code and answer; `advice`: act,
    confidence and when it was given."""

    received: datetime
    due: datetime
    acts: Sequence[PastAct] = ()
    status: str = "new"
    amount: Decimal = Decimal("100.00")
    queue: str = "standard"
    item_type: str = "on_us"
    return_by: datetime | None = None
    paused: timedelta = timedelta()
    flags: Sequence[tuple[str, str | None]] = ()
    advice: Sequence[tuple[str, str, datetime]] = ()
    id: UUID = field(default_factory=uuid4)

    @property
    def final(self) -> PastAct | None:
        ends = [one for one in self.acts if one.stage in {"decision", "confirmation"} and one.action in OUTCOMES]
        return ends[-1] if ends else None


def put(url: str, bank: Bank, checks: Sequence[PastCheck]) -> None:
    """Put these checks there, all of a moment of receipt in one file."""
    files: dict[datetime, UUID] = {}
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        items, decisions = [], []
        for at, one in enumerate(checks, 1):
            files.setdefault(one.received, uuid4())
            items.append(_item(bank, files[one.received], at, one))
            decisions += _decisions(bank, one)
        rows = [(key, bank.institution_id, uuid4().bytes * 2, moment) for moment, key in files.items()]
        cursor.executemany(_FILE, rows)
        cursor.executemany(_ITEM, items)
        cursor.executemany(_DECISION, decisions)
        cursor.executemany(
            _FLAG, [(bank.institution_id, one.id, code, code, said) for one in checks for code, said in one.flags]
        )
        cursor.executemany(
            _ADVICE,
            [(bank.institution_id, one.id, place, *said) for one in checks for place, said in enumerate(one.advice, 1)],
        )
        cursor.execute(_TALLY, (list(files.values()),))


def _item(bank: Bank, file_id: UUID, at: int, one: PastCheck) -> dict[str, Any]:
    final = one.final
    return {
        "id": one.id, "bank": bank.institution_id, "file": file_id, "at": at, "item_type": one.item_type,
        "status": OUTCOMES[final.action] if final else one.status, "amount": one.amount, "received": one.received,
        "queue": one.queue, "two_people": any(act.stage == "recommendation" for act in one.acts), "due": one.due,
        "paused": one.paused, "return_by": one.return_by, "decided": one.acts[-1].at if one.acts else None,
    }  # fmt: skip


def _decisions(bank: Bank, one: PastCheck) -> list[dict[str, Any]]:
    ids = [uuid4() for _ in one.acts]
    ends = {"sent_back": "new", "recommendation": "pending_approval"}
    others = {"hold": "held", "escalate": "escalated", "ask": "needs_info"}
    return [
        {
            "id": ids[at], "bank": bank.institution_id, "item": one.id, "at": at + 1, "stage": act.stage,
            "action": act.action, "actor": act.actor or bank.reviewer.user_id,
            "confirms": None if act.confirms is None else ids[act.confirms], "reasons": json.dumps(act.reasons),
            # The oldest decisions do not say of which amount they are.
            "details": json.dumps(({"amount": str(one.amount)} if at % 2 else {}) | act.details),
            "to": ends.get(act.stage) or (OUTCOMES | others)[act.action], "decided": act.at,
            "handled": act.handled_ms,
        }
        for at, act in enumerate(one.acts)
    ]  # fmt: skip
