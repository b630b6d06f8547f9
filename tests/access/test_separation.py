"""Random sequences of role changes never join administering and deciding in one person: at the service, and by SQL
as the application's own role, one after the other and at the same time."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from console.access.access_changes import change_person, change_role
from console.access.custom_roles import Definition, copy_role, list_roles, retire_role
from console.access.held import Access, InvalidPerson
from console.access.people import read_account
from console.access.permissions import ADMINISTERING, DECIDING, GRANTS, conflicting, permissions_of
from console.access.person_list import list_people, read_person
from console.actor import Actor
from console.roles import Role
from console.settings import Settings
from tests.browser.site import in_a_thread
from tests.conftest import Database
from tests.factories import Bank, make_bank

POWERS = [*sorted(one.value for one in ADMINISTERING | DECIDING), "queue:read", "audit:read"]
NAMES = ("One", "Two")
BUILT_IN = [role.value for role in Role]

permissions = st.frozensets(st.sampled_from(POWERS), min_size=1, max_size=3)
roles = st.frozensets(st.sampled_from([*BUILT_IN, "custom:one", "custom:two"]), max_size=3)
people = st.sampled_from(["reviewer", "approver", "auditor", "supervisor"])
given_roles = st.tuples(st.just("give"), people, roles)
edits = st.tuples(st.just("edit"), st.sampled_from(NAMES), permissions)
retirements = st.tuples(st.just("retire"), st.sampled_from(NAMES), st.just(None))
sequences = st.lists(st.one_of(given_roles, edits, given_roles, retirements), min_size=3, max_size=9)


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Callable[..., Any]:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Callable[..., Any]) -> Bank:
    return run(make_bank())


async def everybody_is_separate(bank: Bank) -> None:
    """Read what every person would act with, as a sign-in does."""
    for row in (await list_people(bank.administrator)).rows:
        account = await read_account(bank.institution_id, row.id)
        assert account is not None
        person = account.person
        actor = Actor(bank.institution_id, row.id, row.username, person.roles, grants=person.grants)
        assert not conflicting(permissions_of(actor)), row


@examples(
    max_examples=12,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sequences)
def test_no_sequence_of_changes_joins_both_powers(
    run: Callable[..., Any], bank: Bank, sequence: list[tuple[str, str, Any]]
) -> None:
    async def story() -> None:
        for act, name, wanted in sequence:
            existing = {row.definition.name: row for row in await list_roles(bank.administrator)}
            try:
                if act == "give":
                    user_id: UUID = getattr(bank, name).user_id
                    seen = (await read_person(bank.administrator, user_id)).access_version
                    await change_person(bank.administrator, user_id, Access(wanted), "a test", seen)
                elif name not in existing and act == "edit":
                    # A retired role's name is not used again: most sequences go on without it.
                    await copy_role(bank.administrator, Role.AUDITOR, name)
                elif name in existing and act == "edit":
                    row = existing[name]
                    definition = Definition(name, replace(GRANTS[Role.AUDITOR], permissions=wanted))
                    await change_role(bank.administrator, row.id, definition, "a test", row.version)
                elif name in existing and sequence[0][0] == "retire":
                    await retire_role(bank.administrator, existing[name].id, "a test")
            except InvalidPerson:
                continue  # refused: nothing may have changed, which the end of the story sees
        await everybody_is_separate(bank)

    run(story())


def as_app(database: Database, institution: UUID) -> psycopg.Connection:
    connection = psycopg.connect(database.url, autocommit=False)
    connection.execute("select set_config('console.institution_id', %s, false)", (str(institution),))
    connection.execute("select set_config('lock_timeout', '5s', false)")
    connection.commit()
    return connection


def random_change(connection: psycopg.Connection, chance: random.Random, person: UUID, role_ids: list[UUID]) -> None:
    """A few rows written past the services, in one transaction."""
    for _ in range(chance.randint(1, 3)):
        which = chance.randrange(4)
        if which == 0:
            connection.execute(
                "insert into user_role (institution_id, user_id, role)"
                " select institution_id, id, %s from app_user where id = %s on conflict do nothing",
                (chance.choice(BUILT_IN), person),
            )
        elif which == 1:
            connection.execute(
                "insert into user_role (institution_id, user_id, role, custom_role_id)"
                " select institution_id, %s, key, id from custom_role where id = %s on conflict do nothing",
                (person, chance.choice(role_ids)),
            )
        elif which == 2:
            connection.execute(
                "update custom_role set permissions = %s where id = %s",
                (Jsonb(chance.sample(POWERS, chance.randint(1, 3))), chance.choice(role_ids)),
            )
        else:
            connection.execute(
                "update user_role set role = %s where user_id = %s and role = %s and custom_role_id is null",
                (chance.choice(BUILT_IN), person, chance.choice(BUILT_IN)),
            )


REFUSED = (psycopg.errors.CheckViolation, psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected,
           psycopg.errors.LockNotAvailable)  # fmt: skip


def joined(database: Database) -> list[UUID]:
    """Who holds both powers, asked past every guard and without the guard's own function."""
    with psycopg.connect(database.superuser_url) as connection:
        rows = connection.execute(
            """
            select r.user_id, array_agg(r.role), jsonb_agg(coalesce(c.permissions, '[]'))
            from user_role r left join custom_role c on c.id = r.custom_role_id group by r.user_id
            """
        ).fetchall()
    found = []
    for user_id, names, granted in rows:
        held = {permission for one in granted for permission in one}
        held |= {str(one) for name in names if name in BUILT_IN for one in GRANTS[Role(name)].permissions}
        if conflicting(held):
            found.append(user_id)
    return found


def prepare(database: Database, institution: UUID, count: int) -> tuple[list[UUID], list[UUID]]:
    """People without a role and harmless custom roles, of an institution."""
    folk, role_ids = [uuid4() for _ in range(count)], [uuid4(), uuid4()]
    with as_app(database, institution) as connection:
        for user_id in folk:
            connection.execute(
                "insert into app_user (id, institution_id, username, display_name, password_hash)"
                " values (%s, %s, %s, 'x', 'x')",
                (user_id, institution, user_id.hex),
            )
        for role_id in role_ids:
            connection.execute(
                "insert into custom_role (id, institution_id, key, name, copied_from, permissions)"
                " values (%s, %s, %s, 'x', 'auditor', '[\"audit:read\"]')",
                (role_id, institution, f"custom:{role_id.hex[:12]}"),
            )
    return folk, role_ids


def test_sql_of_the_application_cannot_join_both_powers(
    run: Callable[..., Any], bank: Bank, module_database: Database
) -> None:
    folk, role_ids = prepare(module_database, bank.institution_id, 12)
    chance, refused = random.Random(20261122), 0
    with as_app(module_database, bank.institution_id) as connection:
        for _ in range(400):
            try:
                random_change(connection, chance, chance.choice(folk), role_ids)
                connection.commit()
            except REFUSED:
                connection.rollback()
                refused += 1
    # Both happened: what may be was written, what may not was refused.
    assert 40 < refused < 360
    assert joined(module_database) == []


def test_two_at_the_same_time_cannot_either(run: Callable[..., Any], bank: Bank, module_database: Database) -> None:
    folk, role_ids = prepare(module_database, bank.institution_id, 3)
    written = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        with as_app(module_database, bank.institution_id) as connection:
            for _ in range(80):
                try:
                    random_change(connection, chance, chance.choice(folk), role_ids)
                    connection.commit()
                    written.append(seed)
                except REFUSED:
                    connection.rollback()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(written)) == 4
    assert joined(module_database) == []


def test_grants_that_do_not_see_each_other_are_put_in_order(
    run: Callable[..., Any], bank: Bank, module_database: Database
) -> None:
    """Each of the two alone is fine; the second one to commit has to be refused."""
    (person,), _ = prepare(module_database, bank.institution_id, 1)
    insert = (
        "insert into user_role (institution_id, user_id, role)"
        " select institution_id, id, %s from app_user where id = %s"
    )
    with as_app(module_database, bank.institution_id) as one, as_app(module_database, bank.institution_id) as other:
        one.execute(insert, ("administrator", person))
        other.execute(insert, ("reviewer", person))
        one.commit()
        with pytest.raises(psycopg.errors.CheckViolation, match="administers people and decides"):
            other.commit()
    assert joined(module_database) == []


def test_the_database_refuses_the_other_shortcuts(
    run: Callable[..., Any], bank: Bank, module_database: Database
) -> None:
    (person,), (role_id, _) = prepare(module_database, bank.institution_id, 1)
    statements = (
        # Oneself, a retired role, a role that somebody holds, a request for oneself, an approval by the requester.
        "insert into user_role (institution_id, user_id, role, granted_by) values (%(i)s, %(p)s, 'auditor', %(p)s)",
        "update custom_role set retired_at = now() where id = %(r)s;"
        " insert into user_role (institution_id, user_id, role, custom_role_id)"
        " select institution_id, %(p)s, key, id from custom_role where id = %(r)s",
        "insert into access_change (id, institution_id, kind, user_id, before, after, reason, requested_by)"
        " values (gen_random_uuid(), %(i)s, 'person', %(p)s, '{}', '{}', 'x', %(p)s)",
        "insert into access_change (id, institution_id, kind, role_id, before, after, reason, requested_by, status,"
        " decided_by) values (gen_random_uuid(), %(i)s, 'role', %(r)s, '{}', '{}', 'x', %(p)s, 'applied', %(p)s)",
        'update custom_role set permissions = \'["user:manage", "item:claim"]\' where id = %(r)s',
    )
    values = {"i": bank.institution_id, "p": person, "r": role_id}
    for statement in statements:
        with as_app(module_database, bank.institution_id) as connection:
            with pytest.raises(psycopg.errors.CheckViolation):
                for part in statement.split(";"):
                    connection.execute(part, values)
                connection.commit()
            connection.rollback()
