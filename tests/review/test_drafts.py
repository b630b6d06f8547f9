"""Drafts: kept per person and item, private, bounded, gone with the decision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from console.access.permissions import NotAllowed
from console.actor import Actor
from console.review import draft_panel
from console.review.choices import MAX_NOTE, MAX_REASONS, Choice
from console.review.decisions import decide, resume
from console.review.draft import MAX_VIEWER_CHARACTERS, Draft, DraftTooLarge
from console.review.draft_panel import DraftKeeper
from console.review.drafts import forget_finished, read_draft, save_draft
from console.review.evidence import MAX_VIEWED_MS
from console.review.flag_answers import MAX_REASON
from console.review.giving_back import release
from console.review.holds import HoldReason
from console.review.liability import Finding, Original
from console.review.opening import open_item
from console.review.states import Act
from db.engine import transaction
from db.models import AuditEntry, ItemDraft
from tests.factories import Bank, claimed, import_items, item_ids, make_bank, x9_item

FULL = Draft(
    act=Act.RETURN,
    reasons=("customer:N", "customer:A"),
    note="the ink of the amount is darker",
    release_on="2026-12-01",
    queue="escalation",
    agree=False,
    flag=UUID(int=7),
    flag_reason="the customer said so",
    original=Original.GONE,
    finding=Finding.ALTERED,
    hold_reason=HoldReason.EMERGENCY,
    deposit_account="0012345678",
    asks=UUID(int=8),
    asks_name="Sasha Supervisor",
    asks_team="branch",
    viewer={"shown": "back", "front": {"scale": 1.5}},
)


async def bank_with(folder: Path, *amounts: str) -> tuple[Bank, list[UUID]]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(n, amount, "021000021") for n, amount in enumerate(amounts, 1)])
    return bank, await item_ids(bank)


async def kept(bank: Bank) -> int:
    async with transaction(bank.system) as session:
        return (await session.execute(select(func.count()).select_from(ItemDraft))).scalar_one()


texts = st.text(max_size=60)


@given(
    st.builds(
        Draft,
        act=st.none() | st.sampled_from(Act),
        reasons=st.lists(texts, max_size=MAX_REASONS).map(tuple),
        note=st.text(max_size=300),
        release_on=st.text(max_size=10),
        queue=st.none() | texts,
        agree=st.none() | st.booleans(),
        flag=st.none() | st.uuids(),
        flag_reason=st.text(max_size=MAX_REASON),
        viewed=st.dictionaries(st.sampled_from(["front", "back"]), st.integers(0, MAX_VIEWED_MS)),
    )
)
def test_what_is_kept_is_what_was_typed(draft: Draft) -> None:
    assert Draft.from_content(draft.content()) == draft


def test_a_field_that_is_set_is_heard() -> None:
    heard: list[str] = []
    draft = Draft()
    draft.watch(lambda: heard.append(draft.note))
    draft.note = "a"
    draft.reasons = (*draft.reasons, "customer:A")
    assert heard == ["a", "a"]
    assert draft.chosen and not draft.empty
    looked = Draft(viewer={"shown": "back"}, viewed={"front": 900, "back": 400})
    assert not looked.chosen and not looked.empty


@pytest.mark.parametrize(
    "draft",
    [
        Draft.model_construct(note="x" * (MAX_NOTE + 1)),
        Draft.model_construct(reasons=("customer:A",) * (MAX_REASONS + 1)),
        Draft.model_construct(flag_reason="x" * (MAX_REASON + 1)),
        Draft.model_construct(viewer={"x": "y" * MAX_VIEWER_CHARACTERS}),
        Draft.model_construct(viewed={"front": MAX_VIEWED_MS + 1}),
    ],
)
def test_nothing_larger_than_a_draft_is_kept(draft: Draft) -> None:
    with pytest.raises(DraftTooLarge):
        draft.content()


def test_text_that_postgresql_cannot_store_loses_only_that(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        await save_draft(bank.reviewer, item, Draft.model_construct(note="a\x00b\ud800c" + "é" * (MAX_NOTE - 3)))
        draft = await read_draft(bank.reviewer, item)
        assert draft is not None and draft.note == "abc" + "é" * (MAX_NOTE - 3)

    run(story())


def test_a_draft_of_an_earlier_version_begins_anew_where_it_cannot_be_read() -> None:
    assert Draft.from_content({"act": "burn", "note": "x"}) == Draft()
    assert Draft.from_content({"note": "x", "unknown": 1}) == Draft(note="x")


def test_only_ones_own_and_no_audit_entry(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with(tmp_path, "100.00")
        await claimed(bank.reviewer, item)
        async with transaction(bank.system) as session:
            before = (await session.execute(select(func.count()).select_from(AuditEntry))).scalar_one()
        for note in ("one", "two"):
            await save_draft(bank.reviewer, item, FULL.model_copy(update={"note": note}))
        await save_draft(bank.second_reviewer, item, Draft(note="mine"))
        assert await read_draft(bank.reviewer, item) == FULL.model_copy(update={"note": "two"})
        assert await read_draft(bank.second_reviewer, item) == Draft(note="mine")
        assert await read_draft(bank.approver, item) is None
        opened = await open_item(bank.reviewer, item)
        assert opened.draft is not None and opened.draft.note == "two"
        async with transaction(bank.system) as session:
            after = (await session.execute(select(func.count()).select_from(AuditEntry))).scalar_one()
        assert after == before
        for actor in (bank.auditor, bank.administrator, bank.system):
            with pytest.raises(NotAllowed):
                await save_draft(actor, item, FULL)
            with pytest.raises(NotAllowed):
                await read_draft(actor, item)

    run(story())


def test_it_outlives_the_claim_and_goes_with_the_decision(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (first, asked) = await bank_with(tmp_path, "100.00", "200.00")
        _, seen = await claimed(bank.reviewer, first)
        await save_draft(bank.reviewer, first, FULL)
        await release(bank.reviewer, first)
        assert await read_draft(bank.reviewer, first) == FULL
        _, seen = await claimed(bank.reviewer, first)
        await decide(bank.reviewer, first, Choice(Act.PAY), seen)
        assert await read_draft(bank.reviewer, first) is None
        # A message that was on its way does not revive it.
        await save_draft(bank.reviewer, first, FULL)
        assert await read_draft(bank.reviewer, first) is None

        _, seen = await claimed(bank.reviewer, asked)
        await decide(bank.reviewer, asked, Choice(Act.ASK, note="Whose?", asks_team="branch"), seen)
        await save_draft(bank.reviewer, asked, Draft(note="the depositor's"))
        await resume(bank.reviewer, asked, "the depositor's")
        assert await kept(bank) == 0

    run(story())


def test_an_emptied_draft_and_those_of_finished_items_are_removed(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, (first, second) = await bank_with(tmp_path, "100.00", "200.00")
        for item in (first, second):
            await save_draft(bank.second_reviewer, item, FULL)
        await save_draft(bank.reviewer, first, FULL)
        await save_draft(bank.reviewer, first, Draft())
        assert await kept(bank) == 2
        assert await forget_finished(bank.system) == 0
        _, seen = await claimed(bank.reviewer, first)
        await decide(bank.reviewer, first, Choice(Act.PAY), seen)
        assert await read_draft(bank.second_reviewer, first) == FULL
        assert await forget_finished(bank.system) == 1
        assert await kept(bank) == 1
        await save_draft(bank.reviewer, uuid4(), FULL)  # no such item: nothing to belong to
        assert await kept(bank) == 1

    run(story())


def test_what_is_typed_while_a_draft_is_saved_is_no_sign_that_it_cannot_be(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[bool] = []
    away = [False]

    async def save(actor: Actor, item_id: UUID, draft: Draft) -> None:
        if away[0]:
            raise OperationalError("insert", {}, Exception("the database is away"))
        if draft.note == "The ink":
            draft.note = "The ink is darker"  # typed meanwhile
        await save_draft(actor, item_id, draft)

    monkeypatch.setattr(draft_panel, "save_draft", save)

    async def story() -> None:
        bank, [item] = await bank_with(tmp_path, "1.00")
        await claimed(bank.reviewer, item)

        async def actor() -> Actor:
            return bank.reviewer

        page: Any = SimpleNamespace(session=SimpleNamespace(actor=actor))
        keeper = DraftKeeper(page, said.append)
        draft = keeper.draft(item, None)
        draft.note = "The ink"
        await keeper.save()
        assert said == []
        await keeper.save()
        away[0], draft.note = True, "The ink is blue"
        await keeper.save()
        away[0] = False
        await keeper.save()
        assert said == [True, False]
        assert (await read_draft(bank.reviewer, item) or Draft()).note == "The ink is blue"

    run(story())
