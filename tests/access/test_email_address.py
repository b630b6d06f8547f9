"""Where notices of a person go: an administrator's to say, checked, and on record."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from console.access.email_address import checked_email
from console.access.held import Access, InvalidPerson
from console.access.people import create_user
from console.access.person_list import read_person
from console.access.person_services import change_email, create_person
from console.roles import Role
from db.engine import transaction
from db.models import AuditEntry
from tests.factories import PASSWORD, make_bank


@pytest.mark.parametrize("given", ["nobody", "a@b", "a b@firstbank.com", "a@firstbank.com\nBcc: all@x.com"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(InvalidPerson, match="no e-mail address"):
        checked_email(given)


def test_addresses_are_kept_in_one_form() -> None:
    assert checked_email("  Ann.Smith@FirstBank.COM ") == "Ann.Smith@firstbank.com"
    assert checked_email("  ") is None


def test_an_address_is_given_changed_and_taken_away(run: Callable) -> None:
    async def story() -> tuple[list[str | None], list[tuple[object, object]]]:
        bank = await make_bank()
        access = Access(frozenset({Role.REVIEWER.value}))
        created = await create_person(bank.administrator, "m.moss", "Mia Moss", access, email="mia@firstbank.com")
        seen = [(await read_person(bank.administrator, created.user_id)).email]
        for address in ("mia.moss@firstbank.com", "mia.moss@firstbank.com", ""):
            await change_email(bank.administrator, created.user_id, address)
            seen.append((await read_person(bank.administrator, created.user_id)).email)
        async with transaction(bank.system) as session:
            query = select(AuditEntry).where(
                AuditEntry.action == "user.changed", AuditEntry.object_id == str(created.user_id)
            )
            entries = await session.scalars(query.order_by(AuditEntry.sequence))
            return seen, [(entry.before, entry.after) for entry in entries]

    seen, entries = run(story())
    assert seen == ["mia@firstbank.com", "mia.moss@firstbank.com", "mia.moss@firstbank.com", None]
    assert entries == [
        ({"email": "mia@firstbank.com"}, {"email": "mia.moss@firstbank.com"}),
        ({"email": "mia.moss@firstbank.com"}, {"email": None}),
    ]


def test_the_command_line_gives_one_too(run: Callable) -> None:
    async def story() -> str | None:
        bank = await make_bank()
        made = await create_user(bank.system, "z", "Z", PASSWORD, {Role.REVIEWER}, email="z@firstbank.com")
        return (await read_person(bank.administrator, made)).email

    assert run(story()) == "z@firstbank.com"
