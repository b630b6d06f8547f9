"""The audit trail as it is read: filtered, paged by key, bounded, cut to what is somebody's to see, and proved."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from console.access.permissions import NotAllowed
from console.access.step_up import CodeNeeded
from console.actor import Actor, Bounds
from console.audit.entries import Event, NewEntry, record_each
from console.auditing import trail, trail_export
from console.auditing.chosen import SYSTEM, Chosen
from console.auditing.errors import BadDays, EntryNotFound, TrailTooLong
from console.auditing.proof import read_entry
from console.auditing.shown import CONSOLE, Entry
from console.auditing.standing import read_standing
from console.auditing.trail import PAGE, read_trail
from console.auditing.trail_export import export_trail
from console.operations import chain_checks
from console.operations.jobs import JobUnchanged
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.opinions import record_opinion
from console.review.states import Act
from db.engine import transaction
from jobs import runs
from jobs.scheduler import JOBS
from tests.auditing.ground import tamper
from tests.conftest import Database
from tests.factories import Bank, claimed, import_items, item_ids, make_bank, set_thresholds, x9_item

WEEK = Chosen()


async def listed(bank: Bank, **chosen: object) -> tuple[Entry, ...]:
    return (await read_trail(bank.auditor, Chosen.model_validate(chosen))).entries


async def add(bank: Bank, count: int, event: Event = Event.QUEUE_CHANGED) -> None:
    news = [NewEntry(event, "queue", uuid4(), {"n": n}) for n in range(count)]
    async with transaction(bank.supervisor) as session:
        for at in range(0, count, 20):
            await record_each(session, bank.supervisor, news[at : at + 20])


def test_it_is_filtered_by_kind_person_object_request_and_days(
    run: Callable, database: Database, tmp_path: Path
) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        await import_items(bank, tmp_path, [x9_item(n, "100.00", "021000021") for n in (1, 2)])
        first, second = await item_ids(bank)
        _, seen = await claimed(bank.reviewer, first)
        await decide(bank.reviewer, first, Choice(Act.PAY), seen)
        await claimed(replace(bank.approver, request_id="another"), second)

        every = await listed(bank)
        assert [one.sequence for one in every] == list(range(len(every), 0, -1))
        assert {one.action for one in await listed(bank, kind="item")} == {"item.claimed", "item.decided"}
        (decided,) = await listed(bank, kind="item.decided")
        assert (decided.who, decided.what, decided.object_name) == ("Reviewer", "paid it", "over 100.00")
        assert decided.link == f"/review/{first}" and decided.address == "127.0.0.1"
        own = await listed(bank, person=bank.reviewer.user_id)
        assert len(own) == 2 and {one.actor_id for one in own} == {bank.reviewer.user_id}
        itself = await listed(bank, person=SYSTEM)
        assert itself and {(one.actor_id, one.who) for one in itself} == {(None, CONSOLE)}
        of_first = await listed(bank, object_type="item", object_id=str(first))
        assert [one.action for one in of_first] == ["item.decided", "item.claimed"]
        assert [one.object_id for one in await listed(bank, request="another")] == [str(second)]
        assert await listed(bank, kind="note") == ()

        yesterday = datetime.now(UTC).date() - timedelta(days=2)
        assert await listed(bank, span="days", first=yesterday - timedelta(days=5), last=yesterday) == ()
        with pytest.raises(BadDays):
            await listed(bank, span="days", first=date(2020, 1, 1), last=date(2025, 1, 1))
        # Another bank's entries are not there, whatever is asked for.
        columns = "at, actor_name, action, object_type, object_id, after, hash, month"
        copied = f"select gen_random_uuid(), gen_random_uuid(), 900, {columns} from audit_entry where sequence = 3"
        tamper(database, f"insert into audit_entry (id, institution_id, sequence, {columns}) {copied}")
        assert [one.sequence for one in await listed(bank)] == [one.sequence for one in every]
        with pytest.raises(EntryNotFound):
            await read_entry(bank.auditor, 900)

    run(story())


def test_it_is_paged_by_key(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        await add(bank, 2 * PAGE + 1)
        chosen = Chosen(kind="queue.changed")
        pages: list[list[int]] = []
        before: int | None = None
        while True:
            page = await read_trail(bank.auditor, chosen, before=before)
            pages.append([one.sequence for one in page.entries])
            if (before := page.next) is None:
                break
            await add(bank, 3)  # what comes meanwhile shifts nothing
        assert [len(one) for one in pages] == [PAGE, PAGE, 1]
        numbers = [one for page in pages for one in page]
        assert numbers == list(range(numbers[0], numbers[-1] - 1, -1))

    run(story())


def test_who_may_and_what_is_not_theirs(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        for actor in (bank.reviewer, bank.approver, bank.administrator):
            for refused in (read_trail(actor, WEEK), read_entry(actor, 1), export_trail(actor, WEEK),
                            read_standing(actor), chain_checks.ask_to_verify(actor)):  # fmt: skip
                with pytest.raises(NotAllowed):
                    await refused
        with pytest.raises(NotAllowed):
            await chain_checks.ask_to_verify(bank.supervisor)

        await import_items(bank, tmp_path, [x9_item(1, "100.00", "021000021")])
        (item,) = await item_ids(bank)
        await claimed(bank.reviewer, item)
        (entry,) = (await read_trail(bank.supervisor, Chosen(kind="item.claimed"))).entries
        # From where people act is for who may see sessions.
        assert (entry.address, entry.session) == (None, None)
        assert (await read_entry(bank.auditor, entry.sequence)).entry.session == "session-of-reviewer"

        # Whoever is bound to a part of the work reads of checks what stands in it, and the rest of the trail.
        for bounds, there in ((Bounds(queues=frozenset({"escalation"})), False),
                              (Bounds(item_types=frozenset({"transit", "on_us"})), True)):  # fmt: skip
            bound = replace(bank.auditor, bounds=bounds)
            actions = {one.action for one in (await read_trail(bound, WEEK)).entries}
            assert "file.imported" in actions
            assert ("item.claimed" in actions) is there
            if not there:
                with pytest.raises(EntryNotFound):
                    await read_entry(bound, entry.sequence)
                assert b"item.claimed" not in (await export_trail(bound, WEEK)).content

    run(story())


def test_a_blind_second_reviewer_finds_no_recommendation_here(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        await set_thresholds(bank, blind_second_review=True)
        await import_items(bank, tmp_path, [x9_item(1, "12000.00", "021000021")])
        (item,) = await item_ids(bank)
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        chosen = Chosen(kind="item.recommended")

        async def told(actor: Actor) -> tuple[bool, str]:
            (entry,) = (await read_trail(actor, chosen)).entries
            assert (entry.before, entry.after) == (None, None) or not entry.withheld
            return entry.withheld, entry.what

        assert await told(bank.supervisor) == (True, "recommended a decision")
        assert b'"action"' not in (await export_trail(bank.supervisor, chosen)).content
        assert await told(bank.auditor) == (False, "recommended payment")
        _, seen = await claimed(bank.supervisor, item)
        await record_opinion(bank.supervisor, item, Act.PAY, (), seen)
        assert await told(bank.supervisor) == (False, "recommended payment")

    run(story())


def test_what_takes_too_long_is_refused_by_name(
    run: Callable, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        with psycopg.connect(database.superuser_url) as line:
            # What a statement that is not done waits for does not matter.
            line.execute("lock table audit_entry in access exclusive mode")
            monkeypatch.setattr(trail, "TIMEOUT_MS", 200)
            for reading in (read_trail(bank.auditor, WEEK), read_entry(bank.auditor, 1)):
                with pytest.raises(TrailTooLong, match="Choose fewer days"):
                    await reading

    run(story())


def test_an_entry_is_proved_and_a_changed_one_is_not(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        await add(bank, 5)
        last = (await listed(bank))[0].sequence
        for sequence in (1, 2, last):
            proved = await read_entry(bank.auditor, sequence)
            assert (proved.entry.sequence, proved.is_written, proved.follows) == (sequence, True, True)
            assert not proved.after_archive
        for nothing in (0, last + 1, -1, 1 << 63):
            with pytest.raises(EntryNotFound):
                await read_entry(bank.auditor, nothing)

        tamper(database, f"update audit_entry set actor_name = 'somebody else' where sequence = {last - 1}")
        changed, after = await read_entry(bank.auditor, last - 1), await read_entry(bank.auditor, last)
        assert (changed.is_written, changed.follows) == (False, True)
        assert (after.is_written, after.follows) == (True, True)
        # Written anew with a hash of its own, it is the next one that gives it away.
        tamper(database, f"update audit_entry set hash = sha256('x') where sequence = {last - 1}")
        assert not (await read_entry(bank.auditor, last)).follows
        tamper(database, f"update audit_entry set after = '{{\"amount\": 1.5}}' where sequence = {last - 2}")
        assert not (await read_entry(bank.auditor, last - 2)).is_written
        tamper(database, f"delete from audit_entry where sequence = {last - 3}")
        assert not (await read_entry(bank.auditor, last - 2)).follows

    run(story())


def test_a_part_is_taken_along_as_csv_on_record_and_bounded(
    run: Callable, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        await add(bank, 7)
        tamper(database, f"update app_user set display_name = '=1+1' where id = '{bank.supervisor.user_id}'")
        chosen = Chosen(kind="queue.changed")
        with pytest.raises(CodeNeeded):
            await export_trail(replace(bank.auditor, code_at=None), chosen)
        monkeypatch.setattr(trail_export, "_BATCH", 3)
        file = await export_trail(bank.auditor, chosen)
        assert (file.lines, file.cut) == (7, False)
        assert file.content.startswith(b"\xef\xbb\xbf") and file.name.endswith(".csv")
        heads, *lines = csv.reader(io.StringIO(file.content.decode("utf-8-sig")))
        assert len(lines) == 7 and {len(one) for one in lines} == {len(heads)}
        line = dict(zip(heads, lines[0], strict=True))
        assert line["Who"] == "'=1+1" and line["Before"] == '{"n": 6}' and line["Event"] == "queue.changed"
        newest = (await listed(bank, kind="queue"))[0]
        assert (line["Number"], line["Hash"]) == (str(newest.sequence), newest.hash.hex())
        assert lines[1][heads.index("Hash")] == line["Hash before"]

        monkeypatch.setattr(trail_export, "MAXIMUM_LINES", 5)
        cut = await export_trail(bank.auditor, chosen)
        assert (cut.lines, cut.cut) == (5, True) and "-newest-5" in cut.name
        assert cut.content.count(b"queue.changed") == 5
        told = await listed(bank, kind="audit.exported")
        assert [(one.after["lines"], one.after["cut"]) for one in told if one.after] == [(5, True), (7, False)]
        assert told[0].after is not None
        assert told[0].after["filter"] == {"kind": "queue.changed"}

    run(story())


def test_the_whole_chain_is_verified_by_a_worker_and_the_page_knows(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        (job,) = (one for one in JOBS if one.name == chain_checks.WHOLE)
        await runs.register([job], {job.name: "Verifies."})
        before = await read_standing(bank.supervisor)
        assert (before.checked, before.asked_by, before.running, before.archived) == (None, None, False, None)
        await chain_checks.ask_to_verify(bank.auditor)
        assert (await read_standing(bank.auditor)).asked_by == bank.auditor.name
        with pytest.raises(JobUnchanged):
            await chain_checks.ask_to_verify(bank.auditor)
        assert (await runs.due([job])) == [job]
        taken = await runs.take(job, "a worker")
        assert taken is not None and (await read_standing(bank.auditor)).running
        await runs.succeed(taken, "a worker", await chain_checks.verify_everything())
        after = await read_standing(bank.auditor)
        assert (after.asked_by, after.running) == (None, False)
        assert after.checked is not None and after.checked.fault == "" and after.checked.entries >= 5

        tamper(database, "update audit_entry set actor_name = 'x' where sequence = 2")
        await chain_checks.verify_everything()
        found = (await read_standing(bank.auditor)).checked
        assert found is not None and "not what was written" in found.fault and found.entries == 2

    run(story())
