"""The table of transitions by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.review.states import BEGINNINGS, OUTCOME, TRANSITIONS, Act, IllegalTransition, Status, after


@given(st.sampled_from(Status), st.sampled_from(Act))
def test_only_what_the_table_has(before: Status, act: Act) -> None:
    outcomes = TRANSITIONS.get((before, act), frozenset())
    if len(outcomes) == 1:
        assert {after(before, act)} == outcomes
    else:
        with pytest.raises(IllegalTransition):
            after(before, act)
    for wanted in Status:
        if wanted in outcomes:
            assert after(before, act, wanted) is wanted
        elif outcomes or len(outcomes) != 1:
            with pytest.raises(IllegalTransition):
                after(before, act, wanted)


def test_every_status_can_be_reached_and_only_closed_is_the_end() -> None:
    reached, edge = set(BEGINNINGS), set(BEGINNINGS)
    while edge:
        edge = {to for (before, _), outcomes in TRANSITIONS.items() if before in edge for to in outcomes} - reached
        reached |= edge
    assert reached == set(Status)
    assert {status for status in Status if not any(before is status for before, _ in TRANSITIONS)} == {Status.CLOSED}


def test_nothing_is_decided_without_being_in_somebodys_hands() -> None:
    for (before, act), _ in TRANSITIONS.items():
        if act in OUTCOME:
            assert before in {Status.IN_REVIEW, Status.PENDING_APPROVAL}
