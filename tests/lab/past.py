"""An institution's past, past the services: items with drawn facts, and what people decided, for the lab to look at."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg

from console.policy.drafting import make_draft, open_draft, save_draft
from console.policy.faults import read_document
from console.policy.judgement import Judge, Judgement
from console.policy.kept import facts_as_json
from console.policy.terms import terms_of
from console.policy.versions import Policy, active_policy
from db.engine import transaction
from tests.factories import Bank
from tests.policy import drawn

RULES = [
    {
        "id": "r-skip", "name": "Small and known", "then": [{"do": "skip_review"}],
        "when": {"all": [{"field": "amount", "op": "less", "value": "600"}, {"field": "flags", "op": "is_empty"}]},
    },
    {
        "id": "r-route", "name": "New account", "when": {"field": "account_age_days", "op": "less", "value": 31},
        "then": [{"do": "route_to", "queue": "special_review"}, {"do": "set_sla_hours", "hours": "2"},
                 {"do": "require_note"}],
    },
    {
        "id": "r-two", "name": "Transit of size", "scope": {"item_types": ["transit"]},
        "when": {"field": "amount", "op": "at_least_times", "value": {"times": "2", "field": "average_90"}},
        "then": [{"do": "require_dual_control"}, {"do": "set_priority", "priority": "high"}],
    },
]  # fmt: skip

_FILE = "insert into file_received (id, institution_id, name, sha256, size, status) values (%s, %s, 'past', %s, 0, %s)"
_ITEM = """
    insert into check_item (id, institution_id, file_id, ordinal, record, kind, item_type, status, amount, routing,
        account_number, serial, auxiliary_on_us, on_us, epc, sequence, received_at, queue_id, priority,
        policy_version_id, two_people, sla_due_at, sla_warning_at)
    values (%(id)s, %(bank)s, %(file)s, %(at)s, %(at)s, 'check', %(item_type)s, %(status)s, %(amount)s, '', '', '', '',
        '', '', '', %(received)s, (select id from queue where key = 'standard' limit 1), 4,
        (select id from policy_version order by number limit 1), false, now(), now())
"""
_FACTS = "insert into item_facts (item_id, institution_id, received_at, facts) values (%s, %s, %s, %s)"
_DECISION = """
    insert into decision (id, institution_id, item_id, sequence, stage, action, actor_id, reasons, note, details,
        policy_version_id, from_status, to_status, item_version, decided_at, handled_ms)
    values (gen_random_uuid(), %s, %s, 1, 'decision', %s, %s, %s, '', '{}',
        (select id from policy_version order by number limit 1), 'in_review', %s, 3, now() - interval '1 hour', 60000)
"""


@dataclass(frozen=True)
class PastItem:
    """An item as it was put there. `reasons`: why it was refused."""

    id: UUID
    received_at: datetime
    facts: dict[str, Any]
    status: str
    reasons: tuple[str, ...] = ()

    @property
    def fraud(self) -> bool:
        return any(one in {"customer:N", "customer:L"} for one in self.reasons)

    @property
    def outcome(self) -> str | None:
        return None if self.status == "new" else self.status


# On these no built-in flag stands, whatever the thresholds.
CALM: dict[str, Any] = {
    "item_type": "transit", "routing_valid": True, "duplicate_days_ago": None, "stopped": False,
    "missing_sides": frozenset(), "undisplayable_sides": frozenset(), "unusable_fields": frozenset(),
}  # fmt: skip
_AMOUNTS = ("0.01", "99.99", "500", "2500", "5000", "10000")


def past_item(rng: Random, **facts: Any) -> PastItem:
    """An item of the last sixty days with drawn facts, those given being as given; every other one is calm."""
    calm = CALM if rng.random() < 0.5 else {}
    known = drawn.item(rng) | calm | {"amount": Decimal(rng.choice(_AMOUNTS)), **facts}
    status = rng.choice(["new", "approved", "approved", "approved", "returned", "rejected"])
    why: dict[str, list[tuple[str, ...]]] = {
        "returned": [("customer:N",), ("customer:A",)],
        "rejected": [("customer:L",), ()],
    }
    reasons = rng.choice(why.get(status, [()]))
    received = datetime.now(UTC) - timedelta(minutes=rng.randrange(1, 60 * 24 * 60))
    return PastItem(uuid4(), received, known, status, reasons)


def put(url: str, bank: Bank, items: list[PastItem]) -> UUID:
    """Put these items into one imported file; its id."""
    file_id = uuid4()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(_FILE, (file_id, bank.institution_id, uuid4().bytes * 2, "imported"))
        cursor.executemany(_ITEM, [_item_row(bank, file_id, at, one) for at, one in enumerate(items, 1)])
        cursor.executemany(
            _FACTS,
            [(one.id, bank.institution_id, one.received_at, json.dumps(facts_as_json(one.facts))) for one in items],
        )
        cursor.executemany(_DECISION, [_decision_row(bank, one) for one in items if one.outcome])
    return file_id


def _item_row(bank: Bank, file_id: UUID, at: int, one: PastItem) -> dict[str, Any]:
    return {
        "id": one.id, "bank": bank.institution_id, "file": file_id, "at": at, "item_type": one.facts["item_type"],
        "status": one.status, "amount": one.facts["amount"], "received": one.received_at,
    }  # fmt: skip


def _decision_row(bank: Bank, one: PastItem) -> tuple[Any, ...]:
    act = {"approved": "pay", "returned": "return", "rejected": "reject"}[one.status]
    return bank.institution_id, one.id, act, bank.reviewer.user_id, json.dumps(one.reasons), one.status


async def drafted(bank: Bank, **thresholds: Any) -> UUID:
    """A draft with RULES and these thresholds."""
    draft_id = await make_draft(bank.supervisor)
    opened = await open_draft(bank.supervisor, draft_id)
    document = deepcopy(opened.document)
    document["rules"] = RULES
    document["thresholds"] |= thresholds
    await save_draft(bank.supervisor, draft_id, document, opened.revision)
    return draft_id


async def words(bank: Bank, document: dict[str, Any] | None, items: list[PastItem]) -> list[Judgement]:
    """What the Python engine says of each item: by this document, or (None) by the active policy."""
    async with transaction(bank.system) as session:
        policy = await active_policy(session)
        if document is not None:
            policy = Policy(policy.id, 0, read_document(document))
        judge = Judge(await terms_of(session, policy, datetime.now(UTC).date()))
    return [judge.judge(one.facts) for one in items]
