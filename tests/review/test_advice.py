"""Advice of upstream systems: taken by keys alone, shown as advice, and weighed when it is decided against."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select

from console.access.permissions import NotAllowed, Permission
from console.actor import Actor, Grant
from console.review.advice import MAX_PER_ITEM, AdviceRefused, GivenAdvice, give_advice
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.errors import IncompleteChoice, StaleItem
from console.review.item_view import AdviceShown, ItemNotFound
from console.review.overrides import Override, OverrideCategory, check_override, overrides
from console.review.states import FINAL_ACTS, Act
from console.review.timeline import read_timeline
from console.settings import settings
from db.engine import transaction
from db.models import Decision, Evidence
from tests.conftest import Database
from tests.factories import Bank, claimed, import_items, item_ids, look, make_bank, view_of, x9_item

WHY = Override(OverrideCategory.CUSTOMER_CONTACTED, "The customer confirms it.")


def key(bank: Bank, *permissions: Permission) -> Actor:
    """Another system, by an API key."""
    grant = Grant(frozenset(permissions), Decimal(0))
    return Actor(bank.institution_id, None, "API key detector", session="key crc_abc", grants=(grant,))


def advice(act: str = "return", confidence: str = "0.91", **more: Any) -> GivenAdvice:
    given = {"act": act, "confidence": confidence, "model": "stockwatch", "model_version": "3.1", **more}
    return GivenAdvice.model_validate(given)


async def bank_with(folder: Path) -> tuple[Bank, Actor, UUID]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(1, "100.00", "021000021")])
    return bank, key(bank, Permission.ADVICE_WRITE), (await item_ids(bank))[0]


def test_the_newest_advice_counts_and_all_of_it_is_kept(run: Callable, tmp_path: Path, database: Database) -> None:
    async def story() -> None:
        bank, system, item = await bank_with(tmp_path)
        _, seen = await claimed(bank.reviewer, item)
        await give_advice(system, item, advice("pay", "0.55"))
        kept = await give_advice(system, item, advice(explanation="ink under ink", reasons=("washing",)))
        assert kept.sequence == 2
        with pytest.raises(StaleItem):  # it came after the reviewer looked
            await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        shown = (await view_of(bank.reviewer, item)).advice
        assert shown is not None
        assert (shown.act, shown.confidence, shown.weak) == ("return", Decimal("0.910"), False)
        assert (shown.reasons, shown.explanation, shown.given_by) == (("washing",), "ink under ink", "API key detector")
        told = [(one.who, one.what) for one in (await read_timeline(bank.reviewer, item)).happenings[:2]]
        assert told == [("API key detector", "advises: return"), ("API key detector", "advises: pay")]

    run(story())
    with psycopg.connect(database.owner_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("update advice set act = 'pay'")


def test_only_a_key_with_the_permission_gives_advice(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, system, item = await bank_with(tmp_path)
        for actor in (bank.reviewer, bank.supervisor, bank.administrator, bank.system, key(bank, Permission.ITEM_READ)):
            with pytest.raises(NotAllowed):
                await give_advice(actor, item, advice())
        with pytest.raises(ItemNotFound):
            await give_advice(system, uuid4(), advice())
        for _ in range(MAX_PER_ITEM):
            await give_advice(system, item, advice("pay"))
        with pytest.raises(AdviceRefused, match="50 times"):
            await give_advice(system, item, advice())
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        with pytest.raises(AdviceRefused, match="too late"):
            await give_advice(system, item, advice())

    run(story())


@pytest.mark.parametrize(
    "wrong",
    [
        {"act": "ask"}, {"act": "claim"}, {"confidence": "1.001"}, {"confidence": "-0.1"}, {"confidence": "0.1234"},
        {"confidence": "NaN"}, {"model": ""}, {"model_version": "x" * 81}, {"explanation": "x" * 2001},
        {"reasons": ["x"] * 11}, {"reasons": [""]}, {"explanation": "a\0b"}, {"more": 1},
    ],
)  # fmt: skip
def test_advice_is_bounded(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        advice(**wrong)


def test_against_advice_a_person_says_why_and_it_is_kept(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, system, item = await bank_with(tmp_path)
        await give_advice(system, item, advice("return"))
        await claimed(bank.reviewer, item)
        for override in (None, Override(OverrideCategory.OTHER, "  ")):
            _, seen = await look(bank.reviewer, item)
            with pytest.raises(IncompleteChoice) as refused:
                await decide(bank.reviewer, item, Choice(Act.PAY, override=override), seen)
            assert refused.value.field == "override"
        _, seen = await look(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.PAY, override=WHY), seen)
        async with transaction(bank.system) as session:
            decision = (await session.scalars(select(Decision))).one()
            evidence = (await session.scalars(select(Evidence.snapshot))).one()
        assert decision.details["override"] == {"category": "customer_contacted", "text": "The customer confirms it."}
        assert '"model":"stockwatch"' in evidence and "customer_contacted" in evidence

    run(story())


def test_a_weak_hint_is_shown_and_asks_for_nothing(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, system, item = await bank_with(tmp_path)
        await give_advice(system, item, advice("return", "0.699"))
        view, seen = await claimed(bank.reviewer, item)
        assert view.advice is not None and view.advice.weak
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)

    run(story())


def test_where_advice_is_off_it_is_refused_and_hidden(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        bank, system, item = await bank_with(tmp_path)
        await give_advice(system, item, advice("return"))
        monkeypatch.setenv("AI_ENABLED", "false")
        settings.cache_clear()
        with pytest.raises(AdviceRefused, match="AI_ENABLED"):
            await give_advice(system, item, advice())
        view, seen = await claimed(bank.reviewer, item)
        assert view.advice is None
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)

    run(story())


@given(
    st.sampled_from(Act),
    st.sampled_from(["pay", "return", "reject", "hold", "escalate"]),
    st.booleans(),
    st.none() | st.builds(Override, st.sampled_from(OverrideCategory), st.text(max_size=510)),
)
def test_a_reason_is_asked_for_exactly_where_the_act_goes_against_a_finding(
    act: Act, advised: str, weak: bool, override: Override | None
) -> None:

    given = AdviceShown(uuid4(), advised, Decimal("0.9"), weak, (), "m", "1", "", "API key m", datetime.now(UTC))
    against = not weak and act in FINAL_ACTS and act.value != advised
    assert overrides(act, given) is against
    whole = override is not None and bool(override.text.strip()) and len(override.text) <= 500
    if against == (override is not None) and (whole or not against):
        check_override(act, given, override)
    else:
        with pytest.raises(IncompleteChoice):
            check_override(act, given, override)
