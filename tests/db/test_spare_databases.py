"""A test's database is another test's once it is emptied, and only where nothing but rows was changed in it."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.conftest import Database
from tests.spare_databases import SpareDatabases

PUT_BACK = "alter table check_item disable trigger user; alter table check_item enable trigger user"
A_BANK = """
    insert into institution (id, name, routing_number, time_zone)
    values (gen_random_uuid(), 'a bank', '021000021', 'America/New_York')
"""


def given_back(database: Database, *statements: str) -> bool:
    """Whether it is lent again after these."""
    databases = SpareDatabases()
    databases.made(database.superuser_url)
    with psycopg.connect(database.superuser_url, autocommit=True) as superuser:
        for statement in statements:
            superuser.execute(statement.encode())
    databases.give_back(database.name, database.superuser_url, 1)
    return databases.spare == [(database.name, 1)]


@pytest.mark.parametrize(
    "statement",
    [
        "alter table check_item add column more int",
        "alter table check_item disable trigger user",
        "alter table decision disable row level security",
        "revoke select on check_item from console_app",
        "create table another (it int)",
        "alter table check_item drop constraint pk_check_item cascade",
        "alter table institution drop constraint ck_institution_routing_number",
    ],
)
def test_a_changed_one_is_not_lent_again(make_database: Callable[..., Database], statement: str) -> None:
    assert not given_back(make_database(), statement)


@pytest.mark.parametrize("statements", [[A_BANK], [PUT_BACK, A_BANK]], ids=["rows", "what is put back"])
def test_an_emptied_one_is(make_database: Callable[..., Database], statements: list[str]) -> None:
    database = make_database()
    assert given_back(database, *statements)
    with psycopg.connect(database.superuser_url) as superuser:
        assert superuser.execute("select count(*) from institution").fetchone() == (0,)
