"""How people want to be told is theirs to say, but for what they must not miss."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.notices.kinds import KINDS, NoticeKind
from console.notices.preferences import AlwaysShown, Wish, choose, read_own
from tests.factories import make_bank


def test_everything_is_shown_in_the_console_until_somebody_says_otherwise(run: Callable) -> None:
    async def story() -> tuple[Wish, ...]:
        bank = await make_bank()
        return (await read_own(bank.reviewer)).each

    each = run(story())
    assert [wish.kind for wish in each] == list(NoticeKind)
    assert all(wish.in_app and wish.by_email == KINDS[wish.kind].by_email for wish in each)


def test_a_choice_is_kept_and_is_one_persons_own(run: Callable) -> None:
    async def story() -> list[Wish]:
        bank = await make_bank()
        await choose(bank.reviewer, NoticeKind.MENTIONED, in_app=True, by_email=True)
        await choose(bank.reviewer, NoticeKind.MENTIONED, in_app=False)
        people = (bank.reviewer, bank.second_reviewer)
        return [
            next(wish for wish in (await read_own(person)).each if wish.kind is NoticeKind.MENTIONED)
            for person in people
        ]

    mine, other = run(story())
    assert (mine.in_app, mine.by_email) == (False, True)
    assert (other.in_app, other.by_email) == (True, False)


def test_what_must_not_be_missed_cannot_be_turned_off_in_the_console(run: Callable) -> None:
    kept = [kind for kind in NoticeKind if KINDS[kind].always]
    assert set(kept) == {
        NoticeKind.SENT_BACK,
        NoticeKind.STATUTORY_NEAR,
        NoticeKind.CUT_OFF_NEAR,
        NoticeKind.NOT_COMMITTED,
        NoticeKind.JOB_FAILING,
        NoticeKind.CHAIN_FAULT,
        NoticeKind.POLICY_SENT_BACK,
        NoticeKind.POLICY_NOT_ACTIVATED,
    }

    async def story() -> None:
        bank = await make_bank()
        for kind in kept:
            with pytest.raises(AlwaysShown, match=KINDS[kind].always):
                await choose(bank.reviewer, kind, in_app=False, by_email=True)
            await choose(bank.reviewer, kind, in_app=True, by_email=False)
        assert all(wish.in_app for wish in (await read_own(bank.reviewer)).each)

    run(story())
