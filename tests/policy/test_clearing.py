"""A rule that lets checks pass without review, and a supervisor who has one reviewed all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from console.access.permissions import NotAllowed
from console.audit.entries import Event
from console.audit.verify import verify
from console.review.choices import Choice
from console.review.claims import claim, claim_next
from console.review.clearing import pull_in
from console.review.decisions import decide
from console.review.errors import NotClaimable
from console.review.opening import Standing, open_item
from console.review.states import Act, IllegalTransition, Status
from console.review.timeline import read_timeline
from db.engine import transaction
from db.models import AuditEntry, CheckItem
from tests.factories import Bank, import_items, item_ids, look, make_bank, set_rules, x9_item

TRANSIT = "061000146"
SMALL = {"when": {"field": "amount", "op": "less", "value": "100.00"}, "then": [{"do": "skip_review"}]}
NOTED = {"when": {"field": "amount", "op": "equals", "value": "60.00"}, "then": [{"do": "require_note"}]}


async def _bank(folder: Path) -> tuple[Bank, dict[str, UUID]]:
    """A bank that lets small checks pass; its items by their amounts."""
    bank = await make_bank()
    await set_rules(bank, SMALL, NOTED)
    items = [x9_item(n, amount, TRANSIT) for n, amount in enumerate(("50.00", "60.00", "100.00"), 1)]
    # Of the bank itself and of nobody's account there: a flag stands.
    await import_items(bank, folder, [*items, x9_item(4, "70.00", bank.routing)])
    return bank, dict(zip(("50.00", "60.00", "100.00", "70.00"), await item_ids(bank), strict=True))


async def _status(bank: Bank, item_id: UUID) -> str:
    async with transaction(bank.system) as session:
        return (await session.get_one(CheckItem, item_id)).status


def test_only_what_nothing_else_is_asked_of_passes(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await _bank(tmp_path)
        assert {amount: await _status(bank, item_id) for amount, item_id in items.items()} == {
            "50.00": "cleared",
            "60.00": "new",
            "100.00": "new",
            "70.00": "new",
        }
        with pytest.raises(NotClaimable):
            await claim(bank.reviewer, items["50.00"])
        taken = [await claim_next(bank.reviewer) for _ in range(3)]
        assert {held.item_id for held in taken if held} == set(items.values()) - {items["50.00"]}
        # It says why, wherever somebody asks.
        [happening] = (await read_timeline(bank.auditor, items["50.00"])).happenings
        assert "no review needed, by “Rule 1” of policy version 2" in happening.facts
        async with transaction(bank.system) as session:
            imported = select(AuditEntry).where(AuditEntry.action == Event.FILE_IMPORTED.value)
            entry = (await session.scalars(imported)).one()
        assert entry.after is not None
        assert entry.after["cleared"] == 1
        assert len(entry.after["clearances"]) == 64

    run(story())


def test_a_supervisor_has_one_reviewed_all_the_same(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await _bank(tmp_path)
        cleared = items["50.00"]
        for nobody in (bank.reviewer, bank.approver, bank.auditor):
            assert (await open_item(nobody, cleared)).standing is Standing.LOOK
            with pytest.raises(NotAllowed):
                await pull_in(nobody, cleared, "I am curious.")
        assert (await open_item(bank.supervisor, cleared)).standing is Standing.RESUME
        await pull_in(bank.supervisor, cleared, "The customer called about it.")
        assert await _status(bank, cleared) == Status.NEW
        with pytest.raises(IllegalTransition):
            await pull_in(bank.supervisor, cleared, "Once more.")
        await claim(bank.reviewer, cleared)
        _, seen = await look(bank.reviewer, cleared)
        await decide(bank.reviewer, cleared, Choice(Act.PAY), seen)
        assert await _status(bank, cleared) == Status.APPROVED
        newest_first = [one.what for one in (await read_timeline(bank.auditor, cleared)).happenings]
        assert newest_first[0] == "paid it"
        assert newest_first[2] == "had it reviewed all the same"
        assert (await verify(bank.auditor)).ok

    run(story())
