"""Keys that people change: what they may be, that none gets two meanings, and that they are one person's alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.access.sessions import SignedOut
from console.ui.keys import REGISTRY, Scope, collisions, key_fault, key_of, pages, usable, with_own
from console.ui.own_keys import KeyTaken, change_key, own_keys, reset_keys
from tests.factories import make_bank

ACTIONS = [key.action for key in REGISTRY]
STROKES = sorted(
    {stroke for key in REGISTRY for stroke in key.strokes} | {"S", "Shift+Q", "F2", ";", "Ctrl+M", "Shift+8"}
)


def test_every_action_has_one_name_over_all_pages() -> None:
    assert len(ACTIONS) == len(set(ACTIONS))  # a person's key is kept by it
    assert {key.action for page in pages() for key in page} == set(ACTIONS)


def test_the_registrys_own_keys_are_keys_that_a_person_could_choose() -> None:
    assert {key.action: key_fault(key.action, key.key, {}) for key in REGISTRY} == dict.fromkeys(ACTIONS, "")


@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(STROKES)), max_size=12))
def test_whatever_is_accepted_leaves_no_key_with_two_meanings(changes: list[tuple[str, str]]) -> None:
    own: dict[str, str] = {}
    for action, stroke in changes:
        if not key_fault(action, stroke, own):
            own[action] = stroke
    for page in pages():
        assert collisions(with_own(key, own) for key in page) == []
    submit = with_own(key_of("submit", Scope.REVIEW), own)
    assert submit.key.startswith("Ctrl+"), "it works while one types: a letter would submit words"


@given(st.dictionaries(st.sampled_from([*ACTIONS, "gone"]), st.sampled_from([*STROKES, "Alt+A"]), max_size=12))
def test_keys_kept_for_an_earlier_registry_never_collide(own: dict[str, str]) -> None:
    kept = usable(own)
    assert kept.items() <= own.items() and "gone" not in kept
    for page in pages():
        assert collisions(with_own(key, kept) for key in page) == []


@given(st.sampled_from(ACTIONS), st.text(max_size=30))
def test_nothing_but_a_stroke_that_pages_hear_is_accepted(action: str, stroke: str) -> None:
    if not key_fault(action, stroke, {}):
        assert stroke.isascii() and stroke.isprintable() and stroke not in {"Tab", "Escape", "F5", "F12", ""}


@pytest.mark.parametrize(
    "stroke", ["", "Escape", "Tab", "Ctrl+W", "Ctrl+T", "F5", "F11", "AB", "a", "Alt+A", "é", "Shift+?"]
)
def test_what_belongs_to_the_browser_is_refused_with_words(stroke: str) -> None:
    assert "belongs to the browser" in key_fault("pay", stroke, {})


def test_a_freed_key_can_be_taken_and_then_not_be_reset_over(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        with pytest.raises(KeyTaken, match="R already means “Return”"):
            await change_key(bank.reviewer, "pay", "R")
        await change_key(bank.reviewer, "return", "S")
        await change_key(bank.reviewer, "pay", "R")
        assert await own_keys(bank.reviewer) == {"return": "S", "pay": "R"}
        with pytest.raises(KeyTaken, match="R already means “Pay”"):
            await reset_keys(bank.reviewer, "return")
        await reset_keys(bank.reviewer, "pay")
        await reset_keys(bank.reviewer, "return")
        assert await own_keys(bank.reviewer) == {}
        with pytest.raises(KeyTaken, match="no such action"):
            await change_key(bank.reviewer, "nothing", "S")

    run(story())


def test_keys_are_one_persons_alone(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        await change_key(bank.reviewer, "pay", "S")
        await change_key(bank.reviewer, "pay", ";")
        assert await own_keys(bank.reviewer) == {"pay": ";"}
        assert await own_keys(bank.second_reviewer) == {}
        await reset_keys(bank.second_reviewer)
        assert await own_keys(bank.reviewer) == {"pay": ";"}
        nobody = replace(bank.reviewer, user_id=None)
        assert await own_keys(nobody) == {}
        for work in (change_key(nobody, "pay", "S"), reset_keys(nobody)):
            with pytest.raises(SignedOut):
                await work

    run(story())
