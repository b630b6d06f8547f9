"""Shadows over what comes in, and the items of which both versions say something else."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from console.access.permissions import NotAllowed
from console.lab import shadow
from console.lab.changed_items import PAGE, Change, compare, count_changed, list_changed
from console.lab.errors import AlreadyRunning, TooManyShadows
from console.lab.shadow import follow_intake, start_shadow
from console.lab.tally import Tally
from console.lab.trials import TrialKind, cancel_trial, latest_trial
from console.policy.history_statistics import history_statistics
from console.policy.sentences import Names
from db.engine import transaction
from db.models import CheckItem
from tests.conftest import Database
from tests.factories import Bank, import_items, item_ids, make_bank, set_thresholds, x9_item
from tests.lab.past import CALM, drafted, past_item, put
from tests.lab.test_replay import replayed

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def bank(run: Run) -> Bank:
    made: Bank = run(make_bank())
    return made


def test_a_shadow_judges_what_comes_in_once_and_touches_none_of_it(run: Run, bank: Bank, tmp_path: Path) -> None:
    async def story() -> None:
        earlier = [x9_item(9, "3000.00", bank.routing)]
        await import_items(bank, tmp_path, earlier, "0")
        draft_id = await drafted(bank, dual_control_amount="2500.00")
        await start_shadow(bank.supervisor, draft_id)
        assert await follow_intake(bank.system) == 0  # what was there before is the replay's
        amounts = ("100.00", "2499.99", "2500.00", "4999.99", "5000.00", "9000.00")
        await import_items(bank, tmp_path, [x9_item(at, one, bank.routing) for at, one in enumerate(amounts, 1)], "1")
        before = await _standing(bank)
        assert await follow_intake(bank.system) == 6
        assert await follow_intake(bank.system) == 0
        await import_items(bank, tmp_path, [x9_item(8, "2600.00", bank.routing)], "2")
        assert await follow_intake(bank.system) == 1
        trial = await latest_trial(bank.approver, draft_id, TrialKind.SHADOW)
        assert trial and trial.running and trial.items == 7
        tally = Tally.model_validate(trial.result)
        assert (tally.items, tally.was.two_people, tally.now.two_people) == (7, 2, 5)
        assert tally.two_added == 3
        assert tally.listed == tally.changed >= 3
        page = await list_changed(bank.approver, trial.id, Change.TWO_ADDED)
        assert sorted(one.amount for one in page.items) == [Decimal("2500.00"), Decimal("2600.00"), Decimal("4999.99")]
        assert all(one.now_two and not one.was_two for one in page.items)
        assert [row for row in await _standing(bank) if row in before] == before
        await cancel_trial(bank.supervisor, trial.id)
        await import_items(bank, tmp_path, [x9_item(7, "2700.00", bank.routing)], "3")
        assert await follow_intake(bank.system) == 0
        trial = await latest_trial(bank.approver, draft_id, TrialKind.SHADOW)
        assert trial and (trial.status, trial.items) == ("finished", 7)

    run(story())


async def _standing(bank: Bank) -> list[tuple[Any, ...]]:
    """What the policy has decided of every item."""
    async with transaction(bank.system) as session:
        return [
            (item.id, item.version, item.queue_id, item.priority, item.two_people, item.policy_version_id)
            for item in [await session.get_one(CheckItem, one) for one in await item_ids(bank)]
        ]


def test_few_run_at_once_and_an_error_of_one_stops_neither_intake_nor_the_others(
    run: Run, bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        drafts = [await drafted(bank) for _ in range(shadow.MOST + 1)]
        with pytest.raises(NotAllowed):
            await start_shadow(bank.approver, drafts[0])
        for draft_id in drafts[:-1]:
            await start_shadow(bank.supervisor, draft_id)
        with pytest.raises(TooManyShadows, match="3 versions run in shadow already"):
            await start_shadow(bank.supervisor, drafts[-1])
        first = await latest_trial(bank.supervisor, drafts[0], TrialKind.SHADOW)
        assert first
        await cancel_trial(bank.supervisor, first.id)
        with pytest.raises(AlreadyRunning, match="shadow run of this version"):
            await start_shadow(bank.supervisor, drafts[1])
        judge = shadow._judge

        async def judge_or_fail(session: Any, actor: Any, trial: Any, file_id: Any) -> int:
            if trial.version_id == drafts[1]:
                raise RuntimeError("no such luck")
            return await judge(session, actor, trial, file_id)

        monkeypatch.setattr(shadow, "_judge", judge_or_fail)
        report = await import_items(bank, tmp_path, [x9_item(1, "50.00", bank.routing)])
        assert report
        assert await follow_intake(bank.system) == 1
        failed, fine = [await latest_trial(bank.supervisor, one, TrialKind.SHADOW) for one in drafts[1:3]]
        assert failed and (failed.status, failed.items) == ("failed", 0)
        assert fine and (fine.status, fine.items) == ("running", 1)
        await set_thresholds(bank, sla_hours="3")
        assert await follow_intake(bank.system) == 0
        fine = await latest_trial(bank.supervisor, drafts[2], TrialKind.SHADOW)
        assert fine and fine.status == "finished" and "Start it again" in (fine.problem or "")

    run(story())


def test_what_changes_is_listed_by_kind_and_page_and_opens_with_both_explanations(
    run: Run, bank: Bank, database: Database
) -> None:
    rng = Random(3)
    items = [past_item(rng) for _ in range(150)]
    small = past_item(rng, **CALM, amount=Decimal("99.99"), account_age_days=900, average_90=Decimal(5000))
    put(database.superuser_url, bank, [*items, small])

    async def story() -> None:
        draft_id = await drafted(bank, dual_control_amount="2500.00")
        tally = await replayed(bank, draft_id)
        trial = await latest_trial(bank.supervisor, draft_id, TrialKind.REPLAY)
        assert trial
        counts = await count_changed(bank.auditor, trial.id)
        assert counts[Change.ANY] == tally.changed > PAGE
        assert counts[Change.NO_LONGER_REVIEWED] == tally.no_longer_reviewed
        assert (counts[Change.TWO_ADDED], counts[Change.MOVED]) == (tally.two_added, tally.moved)
        assert (counts[Change.MORE_URGENT], counts[Change.LESS_URGENT]) == (tally.more_urgent, tally.less_urgent)
        for change in Change:
            seen, after = [], None
            while True:
                page = await list_changed(bank.auditor, trial.id, change, after)
                seen += page.items
                if (after := page.after) is None:
                    break
            assert len({one.item_id for one in seen}) == len(seen) == counts[change]
            assert seen == sorted(seen, key=lambda one: (one.received_at, one.item_id), reverse=True)
        for actor in (bank.reviewer, bank.administrator):
            with pytest.raises(NotAllowed):
                await list_changed(actor, trial.id)
        both = await compare(bank.auditor, trial.id, small.id, Names())
        assert both.was.needs_review and not both.now.needs_review
        assert not any(one.fired for one in both.was_rules)
        assert [one.name for one in both.now_rules if one.fired] == ["Small and known"]
        asked = [(one.asks, one.truth) for one in both.now_rules[0].conditions]
        assert asked == [("Amount is less than 600.00", True), ("Flags are empty", True)]

    run(story())


def test_the_linter_is_told_how_often_fields_are_known_and_between_what_they_lay(
    run: Run, bank: Bank, database: Database
) -> None:
    rng = Random(4)
    items = [past_item(rng, balance=Decimal(at) if at % 4 else None) for at in range(40)]
    put(database.superuser_url, bank, items)

    async def story() -> None:
        found = await history_statistics(bank.auditor)
        assert found.items == 40 and found.queues and "standard" in found.queues
        balance = found.fields["balance"]
        assert (balance.known, balance.lowest, balance.highest) == (30, 1, 39)
        payees = found.fields["payee"]
        assert payees.known == sum(one.facts["payee"] is not None for one in items) and payees.highest is None
        with pytest.raises(NotAllowed):
            await history_statistics(bank.reviewer)

    run(story())
