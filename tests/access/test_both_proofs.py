"""One administrator alone does not get hold of somebody's password and second factor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import func, update

from console.access import mfa
from console.access.both_proofs import SecondAdministratorNeeded
from console.access.person_services import reset_password
from console.actor import Actor
from console.roles import Role
from console.settings import settings
from db.engine import transaction
from db.models import User
from tests.access.fresh import fresh
from tests.edge.site import enrol
from tests.factories import Bank, make_bank, make_person

Act = Callable[[Actor, Actor], Awaitable[object]]
FACTOR_ACTS: dict[str, Act] = {
    "enrol in person": lambda by, whose: mfa.enrol_in_person(by, whose.user_id),
    "require": lambda by, whose: mfa.require_enrolment(by, whose.user_id, "lost"),
    "revoke": lambda by, whose: mfa.revoke(by, whose.user_id, "stolen"),
    "codes": lambda by, whose: mfa.new_recovery_codes(by, whose.user_id, "lost"),
}


@pytest.fixture
def two_needed(monkeypatch: pytest.MonkeyPatch, console: object) -> None:
    monkeypatch.setenv("SECOND_ADMINISTRATOR", "true")
    settings.cache_clear()


async def bank_with_two_administrators() -> tuple[Bank, Actor, Actor]:
    bank = await make_bank()
    await enrol(bank.reviewer)
    return bank, fresh(bank.administrator), fresh(await make_person(bank.system, "second_admin", Role.ADMINISTRATOR))


async def signs_in(person: Actor) -> None:
    async with transaction(person) as session:
        await session.execute(
            update(User).where(User.id == person.user_id).values(last_sign_in_at=func.clock_timestamp())
        )


@pytest.mark.parametrize("act", FACTOR_ACTS.values(), ids=FACTOR_ACTS)
def test_who_gave_the_password_leaves_the_second_factor_to_another(act: Act, two_needed: None, run: Callable) -> None:
    async def story() -> None:
        bank, one, other = await bank_with_two_administrators()
        await reset_password(one, bank.reviewer.user_id, "forgotten")
        with pytest.raises(SecondAdministratorNeeded, match="Another administrator"):
            await act(one, bank.reviewer)
        await act(other, bank.reviewer)
        # Somebody else's password was not touched, and once the person was here both are theirs again.
        await enrol(bank.approver)
        await act(one, bank.approver)
        await signs_in(bank.reviewer)
        await enrol(bank.reviewer)
        await act(one, bank.reviewer)

    run(story())


@pytest.mark.parametrize("act", [FACTOR_ACTS["require"], FACTOR_ACTS["codes"]], ids=["require", "codes"])
def test_who_touched_the_second_factor_leaves_the_password_to_another(
    act: Act, two_needed: None, run: Callable
) -> None:
    async def story() -> None:
        bank, one, other = await bank_with_two_administrators()
        await act(one, bank.reviewer)
        with pytest.raises(SecondAdministratorNeeded, match="second factor of Reviewer"):
            await reset_password(one, bank.reviewer.user_id, "forgotten")
        assert await reset_password(other, bank.reviewer.user_id, "forgotten")
        await signs_in(bank.reviewer)
        assert await reset_password(one, bank.reviewer.user_id, "forgotten again")

    run(story())


def test_where_one_administrator_is_enough_one_does_both(run: Callable) -> None:
    async def story() -> None:
        bank, one, _ = await bank_with_two_administrators()
        await reset_password(one, bank.reviewer.user_id, "forgotten")
        await mfa.require_enrolment(one, bank.reviewer.user_id, "lost")

    run(story())
