"""Reviewers for a bench: each signed in, with a first check in hand, and more checks than all of them decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from console.access import sessions
from console.access.visit import Visit
from console.actor import Actor
from console.intake.accounts import load_accounts
from console.intake.files import import_file
from console.review.claims import claim_next
from console.review.item_statement import REVIEWS
from console.roles import Role
from console.settings import Settings
from tests.bench.accounts import account, take_flags_away
from tests.bench.ground import Ground
from tests.bench.many_items import add_past_reviews
from tests.bench.pictures import ACCOUNTS, DAY, write_checks
from tests.factories import make_bank, make_person

# So many open their pages at the same time, as people come to work.
OPENING_AT_ONCE: Final = 4
# Seconds until a page that says nothing is an error; what people bear is measured, not waited for.
PATIENCE: Final = 60


@dataclass(frozen=True)
class Reviewer:
    """Somebody with a session and a first check."""

    cookie: tuple[str, str]
    item_id: UUID


async def reviewers_at_work(ground: Ground, count: int, checks: int, served_as: Settings) -> list[Reviewer]:
    """So many reviewers of a new bank with so many checks. The settings say how their cookie is called.

    Each account has as many past reviews as are shown: what a page holds of them does not come with the bench's own.
    """
    bank = await make_bank()
    await load_accounts(bank.system, [account(bank.routing, n, orders=False) for n in range(ACCOUNTS)], DAY)
    path = ground.folder / "day.x9"
    write_checks(path, bank.routing, checks)
    await import_file(bank.supervisor, path, path.name)
    take_flags_away(ground.endpoints.superuser_database_url)
    add_past_reviews(ground.endpoints.superuser_database_url, bank, REVIEWS)
    cookie = sessions.cookie_name(served_as)
    return [await _reviewer(bank.system, number, cookie) for number in range(count)]


async def _reviewer(system: Actor, number: int, cookie: str) -> Reviewer:
    who = await make_person(system, f"reviewer_{number}", Role.SUPERVISOR)
    assert who.user_id is not None
    person = sessions.Person(who.institution_id, who.user_id, who.name, who.name, who.roles)
    token = await sessions.start(person, sessions.Stage.FULL, Visit("127.0.0.1"))
    held = await claim_next(who)
    assert held is not None
    return Reviewer((cookie, token), held.item_id)
