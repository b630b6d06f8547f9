"""Several processes, as replicas are, at the same items at once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from console.actor import Actor
from console.audit.verify import verify_all
from console.review.choices import Choice
from console.review.claims import claim, claim_next, release, release_expired
from console.review.decisions import decide
from console.review.errors import HeldByOther, NotYours, StaleItem
from console.review.states import Act
from db.engine import transaction
from db.models import AuditEntry, Claim, Decision, Evidence
from tests.factories import Bank, import_items, item_ids, look, make_bank, x9_item

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 4


def race(people: list[Actor], *acts: str, **orders: object) -> list[list[str]]:
    """Run a racer per person, started at the same moment; what each of them won. `acts` are of the single people."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.review.racer"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in people
    ]
    for racer, person, act in zip(racers, people, acts or [str(orders["act"])] * len(people), strict=True):
        own = {
            "role": min(person.roles),
            "act": act,
            "institution": str(person.institution_id),
            "user": str(person.user_id),
            "name": person.name,
        }
        print(json.dumps(orders | own), file=racer.stdin, flush=True)
    for racer in racers:
        assert racer.stdout is not None and racer.stdout.readline() == "ready\n"
    for racer in racers:
        print("go", file=racer.stdin, flush=True)
    answers = [racer.communicate(timeout=120)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * len(racers)
    return [json.loads(answer)["won"] for answer in answers]


async def bank_of(folder: Path, count: int) -> tuple[Bank, list[UUID]]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, "100.00", "021000021") for n in range(1, count + 1)])
    return bank, await item_ids(bank)


def test_a_thousand_claims_from_four_processes_have_one_winner_each(run: Callable, tmp_path: Path) -> None:
    bank, items = run(bank_of(tmp_path, 25))
    people = [bank.reviewer, bank.second_reviewer, bank.approver, bank.supervisor]
    won = race(people, act="claim", items=[str(item) for item in items], times=250)

    async def holders() -> dict[str, UUID]:
        async with transaction(bank.system) as session:
            return {
                str(row.item_id): row.user_id for row in await session.execute(select(Claim.item_id, Claim.user_id))
            }

    held = run(holders())
    assert len(held) == len(items)
    for person, mine in zip(people, won, strict=True):
        assert {item for item, holder in held.items() if holder == person.user_id} == set(mine)


def test_four_processes_decide_each_item_once(run: Callable, tmp_path: Path) -> None:
    bank, items = run(bank_of(tmp_path, 60))
    people = [bank.reviewer, bank.second_reviewer, bank.reviewer, bank.second_reviewer]
    won = race(people, act="work")
    assert Counter(item for mine in won for item in mine) == Counter(str(item) for item in items)

    async def figures() -> tuple[int, int, int, int]:
        async with transaction(bank.system) as session:
            counts = [
                (await session.execute(select(func.count()).select_from(table))).scalar_one()
                for table in (Decision, Evidence, Claim)
            ]
            gaps = select(func.max(AuditEntry.sequence) - func.count()).select_from(AuditEntry)
            return (*counts, (await session.execute(gaps)).scalar_one())

    assert run(figures()) == (60, 60, 0, 0)
    assert run(verify_all()).ok


def test_taking_one_and_taking_the_next_never_wait_in_a_circle(run: Callable, tmp_path: Path) -> None:
    """Two ways to the same items, again and again: where one locked what the other waits for, PostgreSQL would end
    one of them with a deadlock, which surfaces here as an error."""
    bank, items = run(bank_of(tmp_path, 4))
    people = [bank.reviewer, bank.second_reviewer, bank.approver]

    async def take(person: Actor, item: UUID) -> None:
        with suppress(HeldByOther):
            await claim(person, item)

    async def story() -> None:
        for _ in range(10):
            await asyncio.gather(
                *(take(person, item) for item in items for person in people), *(claim_next(person) for person in people)
            )
            async with transaction(bank.system) as session:
                held = await session.scalars(select(Claim.item_id))
                assert set(held) == set(items)
            await asyncio.gather(*(release(person, item) for item in items for person in people))

    run(story())
    assert run(verify_all()).ok


def test_deciding_and_releasing_the_same_item_at_once(run: Callable, tmp_path: Path) -> None:
    """A double click and a page that closes: one of them wins, and neither waits for the other for ever."""
    bank, items = run(bank_of(tmp_path, 30))

    async def story() -> None:
        for item in items:
            await claim(bank.reviewer, item)
            _, seen = await look(bank.reviewer, item)
            outcomes = await asyncio.gather(
                decide(bank.reviewer, item, Choice(Act.PAY), seen, then_next=False),
                release(bank.reviewer, item),
                release_expired(bank.system),
                return_exceptions=True,
            )
            refused = [one for one in outcomes if isinstance(one, BaseException)]
            assert all(isinstance(one, NotYours | StaleItem) for one in refused), refused

    run(story())
    assert run(verify_all()).ok
