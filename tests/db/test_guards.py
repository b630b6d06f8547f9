"""What the database refuses by itself, whatever the application does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from console.institution import ensure_institution
from console.resources import resources
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.states import PAIRS, Act
from console.settings import Settings, settings
from db.migrations.run import current, downgrade, upgrade
from db.models import Base
from tests.access.ground import settings_on
from tests.conftest import Database
from tests.factories import claimed, import_items, item_ids, make_bank, x9_item

TABLES = [table for table in Base.metadata.tables.values() if "institution_id" in table.columns]
APPEND_ONLY = ("audit_anchor", "audit_entry", "decision", "evidence", "item_clearance", "item_facts", "object_purge")


# What is refused changes nothing, so one filled database is enough for all refusals.
@pytest.fixture(scope="module")
def filled(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A decided and a waiting item in this module's database; the institution's id."""

    async def story() -> str:
        async with resources(settings()):
            bank = await make_bank()
            folder = tmp_path_factory.mktemp("guards")
            await import_items(bank, folder, [x9_item(n, "6000.00", "021000021") for n in range(1, 3)])
            first, _ = await item_ids(bank)
            _, seen = await claimed(bank.reviewer, first)
            await decide(bank.reviewer, first, Choice(Act.PAY), seen)
            return str(bank.institution_id)

    with settings_on(module_database):
        return asyncio.run(story())


def as_app(database: Database, institution: str | None) -> psycopg.Connection:
    """The application's own login, in an institution."""
    connection = psycopg.connect(database.url)
    connection.execute("select set_config('console.institution_id', %s, false)", (institution or "",))
    connection.commit()
    return connection


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_no_row_of_another_institution(filled: str, module_database: Database, table: str) -> None:
    for stranger in (None, str(uuid4())):
        with as_app(module_database, stranger) as connection:
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)


def test_every_table_of_an_institution_is_behind_row_level_security(module_database: Database) -> None:
    with psycopg.connect(module_database.superuser_url) as connection:
        rows = connection.execute(
            "select relname from pg_class"
            " where relkind in ('r', 'p') and relrowsecurity and relnamespace = 'public'::regnamespace"
        ).fetchall()
    assert {row[0] for row in rows} == {table.name for table in TABLES} | {"institution"}


def test_the_application_cannot_write_into_another_institution(filled: str, module_database: Database) -> None:
    stranger = str(uuid4())
    with as_app(module_database, stranger) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(
            "insert into queue (id, institution_id, key, name, position) values (%s, %s, 'x', 'x', 9)",
            (uuid4(), filled),
        )


def test_the_application_owns_nothing_and_cannot_bypass(module_database: Database) -> None:
    with as_app(module_database, None) as connection:
        row = connection.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
        ).fetchone()
        owned = connection.execute("select count(*) from pg_tables where tableowner = current_user").fetchone()
    assert row == (False, False, False, False)
    assert owned == (0,)
    for statement in (
        "alter table audit_entry disable trigger append_only",
        "alter table check_item disable row level security",
        "set session_replication_role = replica",
        "drop policy of_institution on check_item",
        "insert into item_transition values ('new', 'closed')",
        "set role console_owner",
    ):
        with as_app(module_database, None) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into flag (id, institution_id, item_id, code, title, explanation, evidence, source)"
        " values (gen_random_uuid(), %(institution)s, %(item)s, 'x', 'x', 'x', '{}', 'rule')",
        "insert into item_facts (item_id, institution_id, received_at, facts)"
        " values (%(item)s, %(institution)s, now(), '{}')",
        "insert into image (id, institution_id, item_id, side, sha256, size, format)"
        " values (gen_random_uuid(), %(institution)s, %(item)s, 'front', sha256('x'), 1, 'tiff')",
        "insert into image (id, institution_id, side, sha256, size, format)"
        " values (gen_random_uuid(), %(institution)s, 'card', sha256('x'), 1, 'tiff')",
    ],
)
def test_what_belongs_to_an_item_is_of_its_institution(filled: str, module_database: Database, statement: str) -> None:
    """Of nobody else's, whether there is such an institution or not, and no picture is nobody's."""
    # Whoever inserts: row-level security does not hold for this one.
    with psycopg.connect(module_database.superuser_url) as superuser:
        row = superuser.execute("select id from check_item limit 1").fetchone()
        assert row is not None
        # Which has facts already.
        superuser.execute("alter table item_facts disable trigger append_only")
        superuser.execute("delete from item_facts")
        superuser.execute("savepoint before")
        for institution, refused in ((uuid4(), True), (UUID(filled), "item_id" not in statement)):
            values = {"institution": institution, "item": row[0]}
            with pytest.raises(psycopg.errors.ForeignKeyViolation) if refused else nullcontext():
                superuser.execute(statement, values)
            superuser.execute("rollback to savepoint before")
        superuser.rollback()


@pytest.mark.parametrize("table", ["flag", "image"])
@pytest.mark.parametrize("place", ["institution_id", "item_id"])
def test_what_belongs_to_an_item_stays_with_it(filled: str, module_database: Database, table: str, place: str) -> None:
    with psycopg.connect(module_database.superuser_url) as superuser:
        superuser.execute(
            "insert into flag (id, institution_id, item_id, code, title, explanation, evidence, source)"
            " select gen_random_uuid(), institution_id, id, 'x', 'x', 'x', '{}', 'rule' from check_item limit 1"
        )
        assert superuser.execute(f"update {table} set {place} = {place} where item_id is not null").rowcount
        with pytest.raises(psycopg.errors.RestrictViolation):
            superuser.execute(f"update {table} set {place} = gen_random_uuid() where item_id is not null")


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement", ["update {} set institution_id = institution_id", "delete from {}", "truncate {}"]
)
def test_append_only(filled: str, module_database: Database, table: str, statement: str) -> None:
    with as_app(module_database, filled) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.format(table))
    # The owner has the right, and meets the trigger.
    with (
        psycopg.connect(module_database.owner_url) as owner,
        pytest.raises(psycopg.errors.Error, match=r"append-only|foreign key"),
    ):
        owner.execute(statement.format(table))


def test_status_cannot_be_set_around_a_decision(filled: str, module_database: Database) -> None:
    for statement in (
        # Not in the table of transitions.
        "update check_item set status = 'approved', version = version + 1 where status = 'new'",
        # The version must rise.
        "update check_item set status = 'in_review' where status = 'new'",
        "update check_item set version = version + 2 where status = 'new'",
        # In the table, but nobody decided it, or the second person did not.
        "update check_item set status = 'approved', version = version + 1 where status = 'pending_approval'",
    ):
        with as_app(module_database, filled) as connection, pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(statement)
            connection.commit()


@pytest.mark.parametrize(
    "columns, refused",
    [
        ("status = 'approved'", "begins as new"),
        ("status = 'cleared'", "without a rule"),
    ],
)
def test_an_item_cannot_begin_around_its_review(
    filled: str, module_database: Database, columns: str, refused: str
) -> None:
    """A copy of an item that waits, as somebody with the application's login could write it."""
    name, value = columns.split(" = ")
    with as_app(module_database, filled) as connection, pytest.raises(psycopg.errors.CheckViolation, match=refused):
        connection.execute("create temporary table copied as select * from check_item where status = 'new' limit 1")
        connection.execute(f"update copied set id = gen_random_uuid(), ordinal = 999, {name} = {value}")
        connection.execute("alter table copied drop column amount_cents")
        names = ", ".join(
            row[0]
            for row in connection.execute(
                "select attname from pg_attribute where attrelid = 'copied'::regclass and attnum > 0"
                " and not attisdropped"
            )
        )
        connection.execute(f"insert into check_item ({names}) select {names} from copied")
        connection.commit()


def test_the_maker_cannot_be_the_second_person(filled: str, module_database: Database) -> None:
    with (
        as_app(module_database, filled) as connection,
        pytest.raises(psycopg.errors.CheckViolation, match="another person"),
    ):
        connection.execute(
            """
            insert into decision (id, institution_id, item_id, sequence, stage, action, actor_id, confirms_id, reasons,
                note, details, policy_version_id, from_status, to_status, item_version)
            select gen_random_uuid(), institution_id, item_id, 2, 'confirmation', action, actor_id, id, reasons, '',
                '{}', policy_version_id, 'pending_approval', 'approved', item_version + 1
            from decision
            """
        )


def test_the_database_holds_the_table_of_transitions(database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute("select from_status, to_status from item_transition").fetchall()
    assert set(rows) == {(before.value, after.value) for before, after in PAIRS}


def test_chain_goes_down_and_up_and_agrees_with_the_models(database: Database) -> None:
    for revision in ("0001", "base"):
        downgrade(database.owner_url, revision)
    assert current(database.owner_url) is None
    upgrade(database.owner_url)
    engine = create_engine(database.owner_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_one_role_for_all_works(run: Callable, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """With only DATABASE_URL, of the owner, every transaction still runs as a role that owns nothing."""
    from sqlalchemy import text

    from db.engine import close_engine, open_engine, transaction

    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("grant console_app to console_owner")

    async def story() -> str:
        await close_engine()
        open_engine(database.owner_url.replace("postgresql://", "postgresql+psycopg://"))
        await ensure_institution(Settings())
        async with transaction(None) as session:
            rows = (await session.execute(text("select count(*) from queue"))).scalar()
            assert rows == 0
            return str((await session.execute(text("select current_user"))).scalar())

    assert run(story()) == "console_app"
