"""Replays: what they count is what the Python engine says of every item, and their life is what people see of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest

from console.access.permissions import NotAllowed
from console.lab import replay, running
from console.lab.errors import AlreadyRunning, BadTrial, NothingToTry
from console.lab.replay import run_replay, start_replay
from console.lab.tally import Tally
from console.lab.trials import TrialKind, cancel_trial, latest_trial
from console.policy.drafting import open_draft, save_draft
from console.policy.judgement import Judgement
from tests.conftest import Database
from tests.factories import Bank, make_bank
from tests.lab.past import drafted, past_item, put, words

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def bank(run: Run) -> Bank:
    made: Bank = run(make_bank())
    return made


async def replayed(bank: Bank, draft_id: UUID, days: int = 90) -> Tally:
    trial_id = await start_replay(bank.supervisor, draft_id, days)
    await run_replay(bank.supervisor, trial_id)
    trial = await latest_trial(bank.supervisor, draft_id, TrialKind.REPLAY)
    assert trial and trial.status == "finished", trial
    assert trial.items == trial.total
    return Tally.model_validate(trial.result)


def test_it_counts_what_the_python_engine_says(
    run: Run, bank: Bank, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = Random(5)
    items = [past_item(rng) for _ in range(400)]
    put(database.superuser_url, bank, items)
    monkeypatch.setattr("console.lab.history.last_slice.__defaults__", (150,))

    async def story() -> None:
        draft_id = await drafted(bank, dual_control_amount="2500.00", new_account_amount="0")
        document = (await open_draft(bank.supervisor, draft_id)).document
        found = await replayed(bank, draft_id)
        was, now = await words(bank, None, items), await words(bank, document, items)
        both = list(zip(items, was, now, strict=True))
        assert found.items == 400 and found.amount == sum(one.facts["amount"] for one in items)
        assert found.was.reviewed == sum(one.needs_review for one in was) == 400
        assert found.now.reviewed == sum(one.needs_review for one in now) < 400
        assert found.no_longer_reviewed == 400 - found.now.reviewed > 0
        assert found.now.skipped_amount == sum(i.facts["amount"] for i, _, n in both if not n.needs_review) > 0
        assert found.now.two_people == sum(one.two_people for one in now) > found.was.two_people
        assert found.two_added - found.two_removed == found.now.two_people - found.was.two_people
        assert found.two_added == sum(n.two_people and not w.two_people for _, w, n in both)
        assert found.moved == sum(w.queue != n.queue for _, w, n in both if n.needs_review) > 0
        assert found.more_urgent == sum(n.priority < w.priority for _, w, n in both if n.needs_review) > 0
        for side, said in ((found.was, was), (found.now, now)):
            queues = {key: sum(one.queue == key for one in said if one.needs_review) for key in side.queues}
            assert side.queues == queues
            assert side.raised == sum(one.risk_level < 4 for one in said)
            assert sum(side.looks_due) == sum(side.looks_received) == side.reviewed
            assert side.agreed == sum(
                (w.needs_review and w.risk_level < 4) == (i.status != "approved")
                for i, w in zip(items, said, strict=True) if i.outcome
            )  # fmt: skip
            missed = [i for i, w in zip(items, said, strict=True) if i.fraud and not w.needs_review]
            alone = [i for i, w in zip(items, said, strict=True) if i.fraud and w.needs_review and not w.two_people]
            assert (side.fraud_missed, side.missed_amount) == (len(missed), sum(i.facts["amount"] for i in missed))
            assert side.one_person_amount == sum((i.facts["amount"] for i in alone), Decimal(0))
            assert side.fraud_caught + side.fraud_unnoticed + side.fraud_missed == found.fraud
        assert found.fraud == sum(i.fraud for i in items) > 0
        assert found.decided == sum(i.outcome is not None for i in items)
        assert found.pace.look_ms == 60000 and found.pace.timed == found.decided
        assert found.listed == found.changed == sum(_said(w) != _said(n) for _, w, n in both)

    run(story())


def _said(word: Judgement) -> tuple[Any, ...]:
    return (word.needs_review, word.queue, word.priority, word.risk_level, word.rule_hours, word.two_people, word.blind,
            word.reason_required, word.note_required, word.flags, [one.code for one, _ in word.added])  # fmt: skip


def test_only_the_days_asked_for_count(run: Run, bank: Bank, database: Database) -> None:
    rng = Random(7)
    items = [past_item(rng) for _ in range(60)]
    put(database.superuser_url, bank, items)
    since = datetime.now(UTC).timestamp() - 10 * 86400

    async def story() -> None:
        found = await replayed(bank, await drafted(bank), days=10)
        assert found.items == sum(one.received_at.timestamp() >= since for one in items)

    run(story())


def test_a_replay_is_started_by_who_may_edit_of_what_may_still_change_and_once_at_a_time(run: Run, bank: Bank) -> None:
    async def story() -> None:
        draft_id = await drafted(bank)
        for actor in (bank.approver, bank.auditor, bank.administrator):
            with pytest.raises(NotAllowed):
                await start_replay(actor, draft_id, 90)
        with pytest.raises(BadTrial, match="between 1 and"):
            await start_replay(bank.supervisor, draft_id, 0)
        active = await open_draft(bank.supervisor, draft_id)
        assert active.active
        with pytest.raises(NothingToTry, match="Version 1 is active"):
            await start_replay(bank.supervisor, active.active.id, 90)
        await start_replay(bank.supervisor, draft_id, 90)
        with pytest.raises(AlreadyRunning, match="A replay of this version is already running"):
            await start_replay(bank.supervisor, draft_id, 90)

    run(story())


def test_a_cancelled_replay_stops_and_can_be_started_again(
    run: Run, bank: Bank, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(database.superuser_url, bank, [past_item(Random(at)) for at in range(30)])
    monkeypatch.setattr("console.lab.history.last_slice.__defaults__", (10,))
    taken: list[int] = []

    async def story() -> None:
        draft_id = await drafted(bank)
        trial_id = await start_replay(bank.supervisor, draft_id, 90)
        keep = replay._Replay.keep

        async def keep_and_cancel(self: Any, session: Any, found: Any) -> int:
            done: int = await keep(self, session, found)
            taken.append(done)
            if len(taken) == 2:
                await cancel_trial(bank.supervisor, trial_id)
            return done

        monkeypatch.setattr(replay._Replay, "keep", keep_and_cancel)
        await run_replay(bank.supervisor, trial_id)
        trial = await latest_trial(bank.supervisor, draft_id, TrialKind.REPLAY)
        assert trial and (trial.status, trial.items, trial.total) == ("cancelled", 10, 30)
        assert taken == [10, 10]
        assert (await replayed(bank, draft_id)).items == 30

    run(story())


def test_a_dead_processs_replay_is_interrupted_and_gives_way(run: Run, bank: Bank, database: Database) -> None:
    async def story() -> None:
        draft_id = await drafted(bank)
        await start_replay(bank.supervisor, draft_id, 90)
        with psycopg.connect(database.superuser_url) as connection:
            connection.execute("update policy_trial set beat_at = now() - interval '10 minutes'")
        trial = await latest_trial(bank.supervisor, draft_id, TrialKind.REPLAY)
        assert trial and trial.status == "interrupted"
        assert (await replayed(bank, draft_id)).items == 0

    run(story())


def test_a_failed_replay_says_so_and_a_changed_draft_makes_a_result_stale(
    run: Run, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        draft_id = await drafted(bank)
        await replayed(bank, draft_id)
        trial = await latest_trial(bank.approver, draft_id, TrialKind.REPLAY)
        assert trial and not trial.stale and trial.against_now and trial.against == 1
        opened = await open_draft(bank.supervisor, draft_id)
        document = deepcopy(opened.document)
        document["thresholds"]["sla_hours"] = "3"
        await save_draft(bank.supervisor, draft_id, document, opened.revision)
        trial = await latest_trial(bank.approver, draft_id, TrialKind.REPLAY)
        assert trial and trial.stale

        async def fail(*_: Any) -> Any:
            raise RuntimeError("no such luck")

        monkeypatch.setattr(running, "count_items", fail)
        await run_replay(bank.supervisor, await start_replay(bank.supervisor, draft_id, 90))
        trial = await latest_trial(bank.supervisor, draft_id, TrialKind.REPLAY)
        assert trial and trial.status == "failed" and "start it again" in (trial.problem or "")

    run(story())
