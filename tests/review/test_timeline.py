"""Notes, the people they name, and the timeline of everything that happened to an item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from console.access.permissions import NotAllowed
from console.actor import Bounds, system_actor
from console.audit.entries import Event
from console.audit.verify import verify
from console.review.assignment import assign
from console.review.choices import MAX_NOTE, Choice
from console.review.claims import claim
from console.review.decisions import confirm, decide
from console.review.errors import IncompleteChoice, OutOfReach, StaleItem
from console.review.flag_answers import Answer, answer_flag
from console.review.giving_back import release, release_expired
from console.review.item_view import ItemNotFound
from console.review.mentions import mentioned
from console.review.notes import add_note
from console.review.opening import account_number
from console.review.people_here import offer_people
from console.review.queue_moves import move
from console.review.releasing import release_others
from console.review.states import Act
from console.review.timeline import RECEIVED, read_timeline
from console.review.timeline_words import sentence
from console.roles import Role
from db.engine import transaction
from db.models import Claim, Evidence, Notice
from tests.bench.by_hand import written_down
from tests.conftest import Database
from tests.factories import (
    Bank,
    claimed,
    import_items,
    item_ids,
    look,
    make_bank,
    make_person,
    set_rules,
    set_thresholds,
    view_of,
    x9_item,
)


async def bank_with(folder: Path, amount: str = "100.00", routing: str = "021000021") -> tuple[Bank, UUID]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(1, amount, routing)])
    return bank, (await item_ids(bank))[0]


def test_a_note_is_kept_shown_audited_and_part_of_the_evidence(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path)
        _, before = await claimed(bank.reviewer, item)
        await add_note(bank.supervisor, item, "  The branch knows the customer.\x00 ")
        # Somebody wrote while the reviewer looked: what was shown is not what is there.
        with pytest.raises(StaleItem):
            await decide(bank.reviewer, item, Choice(Act.PAY), before)
        view, seen = await look(bank.reviewer, item)
        assert [(note.who, note.text) for note in view.notes] == [("Supervisor", "The branch knows the customer.")]
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        async with transaction(bank.system) as session:
            evidence = (await session.scalars(select(Evidence.snapshot))).one()
        assert "The branch knows the customer." in evidence
        first = (await read_timeline(bank.reviewer, item)).happenings
        assert [(one.event, one.who, one.text) for one in first if one.event == Event.NOTE_WRITTEN] == [
            ("note.written", "Supervisor", "The branch knows the customer.")
        ]
        assert (await verify(bank.system)).ok

    run(story())


def test_a_note_is_bounded_and_never_changed(run: Callable, tmp_path: Path, database: Database) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path)
        for words in ("", " \n\x00", "x" * (MAX_NOTE + 1)):
            with pytest.raises(IncompleteChoice):
                await add_note(bank.reviewer, item, words)
        assert (await view_of(bank.reviewer, item)).version == 1
        await add_note(bank.reviewer, item, "x" * MAX_NOTE)
        with pytest.raises(NotAllowed):
            await add_note(bank.auditor, item, "I only read")
        with pytest.raises(ItemNotFound):
            await add_note(bank.reviewer, uuid4(), "nowhere")
        elsewhere = replace(bank.reviewer, bounds=Bounds(queues=frozenset({"escalation"})))
        with pytest.raises(OutOfReach):
            await add_note(elsewhere, item, "not my queue")

    run(story())
    with psycopg.connect(database.owner_url) as connection:
        for statement in ("update item_note set text = 'other'", "delete from item_note"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                connection.execute(statement)
            connection.rollback()


def test_who_is_named_is_told_once_and_only_if_they_may_read_it(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path)
        dotted = await make_person(bank.system, "m.reyes", Role.REVIEWER)
        text = "@approver, see this (@Supervisor). @m.reyes. @approver @reviewer @administrator @nobody a@auditor"
        await add_note(bank.reviewer, item, text)
        async with transaction(bank.system) as session:
            told = (await session.execute(select(Notice.user_id, Notice.kind, Notice.item_id, Notice.values))).all()
        # The author is not told, the administrator reads no checks, and an address of mail names nobody.
        assert {row.user_id for row in told} == {bank.approver.user_id, bank.supervisor.user_id, dotted.user_id}
        assert len(told) == 3
        assert {(row.kind, row.item_id, row.values["by"]) for row in told} == {("mentioned", item, "Reviewer")}

    run(story())


def test_people_are_offered_by_the_beginning_of_a_name(run: Callable, tmp_path: Path, database: Database) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path)

        async def offered(prefix: str) -> list[str]:
            return [one.username for one in await offer_people(bank.reviewer, item, prefix)]

        assert await offered("") == ["approver", "auditor", "reviewer", "second_reviewer", "supervisor"]
        assert await offered("REV") == ["reviewer", "second_reviewer"]  # "Second Reviewer" is a name's part
        assert await offered("admin") == []
        assert await offered("%") == await offered("_") == await offered("'; drop table") == []
        with psycopg.connect(database.superuser_url) as connection:
            connection.execute("update app_user set queues = '[\"escalation\"]' where username = 'second_reviewer'")
            connection.execute("update app_user set active = false where username = 'approver'")
        assert await offered("") == ["auditor", "reviewer", "supervisor"]
        with pytest.raises(NotAllowed):
            await offer_people(bank.auditor, item, "")

    run(story())


def test_the_timeline_tells_everything_from_the_newest_back_to_the_file(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path, "6100.04", "729999010")  # on-us, of an account nobody knows
        await claim(bank.reviewer, item)
        await release(bank.reviewer, item)
        view, _ = await claimed(bank.reviewer, item)
        for flag in view.flags:
            await answer_flag(bank.reviewer, flag.id, Answer.DISMISSED, "seen at the branch")
        await account_number(bank.reviewer, item)
        _, seen = await look(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.RETURN, ("customer:E",), "no such account"), seen)
        _, seen = await claimed(bank.approver, item)
        await confirm(bank.approver, item, seen, "agreed")

        told = (await read_timeline(bank.supervisor, item)).happenings
        answered = [f"dismissed the flag “{flag.title}”" for flag in reversed(view.flags)]
        assert [one.what for one in told] == [
            "confirmed: return", "took it", "recommended return", "looked at the full account number", *answered,
            "took it", "gave it back", "took it", "Received with items-1.x9, record 4",
        ]  # fmt: skip
        recommended = next(one for one in told if one.event == Event.ITEM_RECOMMENDED)
        assert (recommended.who, recommended.reasons, recommended.text) == (
            "Reviewer", ("customer:E",), "no such account",
        )  # fmt: skip
        assert all(one.text == "seen at the branch" for one in told if one.event == Event.FLAG_ANSWERED)
        assert told[-1].event == RECEIVED
        assert set(told[-1].facts) == {f"flag: {flag.title}" for flag in view.flags}
        # Who looked at an account number is told to those who may read the audit trail.
        others = (await read_timeline(bank.reviewer, item)).happenings
        assert Event.ACCOUNT_NUMBER_VIEWED not in {one.event for one in others}
        assert len(others) == len(told) - 1

    run(story())


def test_pages_are_keyed_and_cost_the_same_number_of_statements(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path)
        for n in range(7):
            await add_note(bank.reviewer, item, f"note {n}")
        found, before = [], None
        while True:
            page = await read_timeline(bank.reviewer, item, before=before, limit=3)
            found += [one.text for one in page.happenings if one.event == Event.NOTE_WRITTEN]
            if page.next is None:
                break
            before = page.next
            await add_note(bank.reviewer, item, "written meanwhile")  # moves no page
        assert found == [f"note {n}" for n in range(6, -1, -1)]
        with written_down() as few:
            await read_timeline(bank.reviewer, item, limit=2)
        with written_down() as many:
            await read_timeline(bank.reviewer, item, limit=8)
        assert len(many) == len(few)
        with pytest.raises(NotAllowed):
            await read_timeline(bank.administrator, item)
        with pytest.raises(ItemNotFound):
            await read_timeline(bank.reviewer, uuid4())

    run(story())


def test_it_says_who_gave_it_to_whom_and_from_whom_it_was_taken(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path)
        assert bank.second_reviewer.user_id is not None
        await claim(bank.reviewer, item)
        await release_others(bank.approver, [item], "he is away")
        await assign(bank.supervisor, [item], bank.second_reviewer.user_id, "her region")
        await claim(bank.second_reviewer, item)
        await release(bank.second_reviewer, item)
        await assign(bank.supervisor, [item], None, "anybody's")
        await move(bank.supervisor, [item], "special_review", "look closer")
        await claim(bank.reviewer, item)
        async with transaction(bank.system) as session:
            await session.execute(update(Claim).values(expires_at=Claim.claimed_at))
        assert await release_expired(system_actor(bank.institution_id, "idle claims")) == 1
        page = await read_timeline(bank.reviewer, item)
        assert [(one.who, one.what, one.text) for one in page.happenings][:-1] == [
            ("Reviewer", "lost it: no activity for too long", ""),
            ("Reviewer", "took it", ""),
            ("Supervisor", "moved it to the queue special review", "look closer"),
            ("Supervisor", "assigned it to nobody", "anybody's"),
            ("Second Reviewer", "gave it back", ""),
            ("Second Reviewer", "took it", ""),
            ("Supervisor", "assigned it to Second Reviewer", "her region"),
            ("Approver", "put it back, which Reviewer held", "he is away"),
            ("Reviewer", "took it", ""),
        ]

    run(story())


@given(st.text(max_size=200))
def test_whatever_is_typed_names_only_what_stands_after_an_at(text: str) -> None:
    for name in mentioned(text):
        assert name and f"@{name}" in text.lower()
        assert not any(letter.isspace() for letter in name)


@given(
    st.from_regex(r"[a-z][a-z0-9._-]{0,20}[a-z0-9]", fullmatch=True), st.sampled_from(["", ".", "!", ")", "?…", ","])
)
def test_a_name_is_found_before_whatever_ends_the_sentence(name: str, end: str) -> None:
    assert name in mentioned(f"please ask @{name.upper()}{end} today")
    assert name in mentioned(f"@{name}{end}")
    assert name not in mentioned(f"mail to somebody@{name}")


def test_every_event_has_words() -> None:
    for event in Event:
        assert sentence(event.value, {}) and sentence(event.value, {"action": "pay", "answer": "confirmed"})
    assert sentence("item.moved_somewhere", {}) == "item: moved somewhere"


def test_an_old_decision_explains_itself_by_the_version_of_then(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path, "6000.00")
        note = {"when": {"field": "amount", "op": "greater", "value": "5500.00"}, "then": [{"do": "blind"}]}
        await set_rules(bank, {"name": "Past", **note})
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        # Whatever holds afterwards, it says what held then.
        await set_thresholds(bank, dual_control_amount="9000.00")
        await set_rules(bank)
        told = (await read_timeline(bank.auditor, item)).happenings
        [judged] = [one.judged_by for one in told if one.judged_by]
        assert (judged.version, judged.lines) == (
            2,
            (
                "two people from 5,000.00",
                "rule “Past”: second person chooses unseen, because amount is more than 5,500.00: it is 6,000.00",
            ),
        )

    run(story())
