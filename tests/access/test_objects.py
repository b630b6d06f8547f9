"""Another institution's object, named by its id, is an object that does not exist: for services, routes, the database.

Every operation and route that takes an id is given the ids of every kind of object of another bank, by somebody who
holds the permission. The answer must be the one that an id of nothing gets, and the other bank must stay as it is.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from psycopg import sql

from console.access import api_keys, sessions
from console.access.permissions import GRANTS, Permission
from console.actor import Actor, Grant
from console.images.links import link
from console.review import attachments
from console.settings import settings
from db.models import Base
from tests.access import surface
from tests.access.ground import cookies_of, settings_on, token_of, with_code
from tests.access.matrix import OPERATIONS, ROUTES, Inner
from tests.access.strangers import Stranger, make_stranger
from tests.browser.site import Site, in_a_thread
from tests.conftest import Database
from tests.factories import Bank, make_bank

ROOT = Path(__file__).parents[2]
TABLES = sorted(table.name for table in Base.metadata.tables.values() if "institution_id" in table.columns)
TABLE_OF = {
    "item": "check_item", "image": "image", "signature card": "image", "file": "file_received", "flag": "flag",
    "policy": "policy_version", "queue": "queue", "audit entry": "audit_entry", "note": "item_note",
    "attachment": "item_attachment", "saved view": "saved_view", "trial": "policy_trial", "notice": "notice",
    "legal hold": "legal_hold",
    "advice": "advice", "policy list": "policy_list", "list change": "policy_list_change",
    "user": "app_user", "custom role": "custom_role",
    "campaign": "access_review", "campaign line": "access_review_line", "allowlist rule": "allow_rule",
    "api key": "api_key", "waiting change": "access_change", "session record": "session_record",
}  # fmt: skip
# Rows that nothing names by their id: they are read with what they belong to.
NOT_NAMED = {
    "account", "decision", "earlier_password", "file_finding", "history_check", "issued_check", "item_tally",
    "policy_list_entry", "policy_step", "recovery_code", "second_opinion", "stop_payment",
}  # fmt: skip
ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}")


@pytest.fixture(scope="module")
def two_banks(
    module_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Bank, Stranger, Path]]:
    folder = tmp_path_factory.mktemp("objects")

    async def make() -> tuple[Bank, Stranger]:
        bank = await make_bank()
        return bank, await make_stranger(bank, folder)

    with settings_on(module_database):
        bank, stranger = in_a_thread(settings())(make())
        yield bank, stranger, folder


@pytest.fixture(scope="module")
def onlooker(module_database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection that sees every row, and has looked at them before: a new one reads of each table what it is."""
    with psycopg.connect(module_database.superuser_url, autocommit=True) as connection:
        yield connection


@contextmanager
def untouched(onlooker: psycopg.Connection[Any], stranger: Stranger) -> Iterator[None]:
    """Fails where a row of the other bank was changed meanwhile."""
    before = _rows_of(onlooker, stranger)
    yield
    after = _rows_of(onlooker, stranger)
    assert [table for table in TABLES if before[table] != after[table]] == []


def _rows_of(onlooker: psycopg.Connection[Any], stranger: Stranger) -> dict[str, str]:
    digest = "select {}, md5(string_agg(t::text, '|' order by t::text)) from {} t where institution_id = %(bank)s"
    each = [sql.SQL(digest).format(sql.Literal(table), sql.Identifier(table)) for table in TABLES]
    return dict(onlooker.execute(sql.SQL(" union all ").join(each), {"bank": stranger.institution_id}).fetchall())


# --- services -------------------------------------------------------------------------------------------------------


def _names_objects(operation: Callable[..., Any]) -> list[str]:
    """The parameters through which the operation is told which object is meant."""
    return [one.name for one in surface.parameters(operation) if _is_id(one.annotation) or one.name == "reference"]


def _is_id(annotation: Any) -> bool:
    return annotation is UUID or any(_is_id(one) for one in typing.get_args(annotation))


def _given(operation: Callable[..., Any], actor: Actor, named: UUID, reference: str) -> dict[str, Any]:
    given = surface.arguments(operation)
    for parameter in surface.parameters(operation):
        if parameter.name == "reference":
            given["reference"] = reference
        elif parameter.name in _names_objects(operation):
            alone = parameter.annotation is UUID or type(None) in typing.get_args(parameter.annotation)
            given[parameter.name] = named if alone else (named,)
    if "token" in given and "image_id" in given:
        given["token"] = link(actor, named).partition("token=")[2]
    if "token" in given and "attachment_id" in given:
        given["token"] = attachments.link(actor, named).partition("token=")[2]
    return given


async def _answer(operation: Callable[..., Any], actor: Actor, given: dict[str, Any]) -> str:
    """What came of it, without the ids that it may name."""
    try:
        result = operation(actor, **given)
        if inspect.isawaitable(result):
            result = await result
    except Exception as error:
        result = error
    # A result may hold tokens and moments; who is told something of an object is told more than that.
    return ID.sub("ID", repr(result)) if not isinstance(result, str) else f"text of {len(result)}"


def _permitted(bank: Bank, row: object) -> Actor:
    """Somebody of our bank who holds the permission; the administrator where none is asked for."""
    if not isinstance(row, Permission):
        return with_code(bank.administrator)
    role = next((role for role, grant in GRANTS.items() if row in grant.permissions), None)
    if role is None:  # what keys alone may hold
        return Actor(bank.institution_id, None, "API key ours", session="key ours", grants=(Grant(frozenset({row})),))
    return with_code(getattr(bank, role.value))


async def _credential(bank: Bank, actor: Actor, row: object, client: httpx.AsyncClient) -> str:
    """What this actor calls the API with: an access token, or a key."""
    if actor.user_id is not None:
        return await token_of(actor, client)
    assert isinstance(row, Permission)
    expires = datetime.now(UTC) + timedelta(days=1)
    return (await api_keys.create(with_code(bank.administrator), "ours", [row], (), expires))[1]


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if not isinstance(row, Inner)])
def test_service(name: str, two_banks: tuple[Bank, Stranger, Path], onlooker: psycopg.Connection[Any]) -> None:
    bank, stranger, _ = two_banks
    operation = surface.operations()[name]
    if not _names_objects(operation):
        return  # it is told of no object: row-level security decides what it finds, see `test_database`
    actor = _permitted(bank, OPERATIONS[name])

    async def ask() -> dict[str, str]:
        answers = {"nothing": await _answer(operation, actor, _given(operation, actor, uuid4(), "0" * 16))}
        for kind, id_ in stranger.objects.items():
            answers[kind] = await _answer(operation, actor, _given(operation, actor, id_, stranger.reference))
        assert await sessions.is_alive(stranger.session), "it ended a session of the other bank"
        return answers

    with untouched(onlooker, stranger):
        answers = in_a_thread(settings())(ask())
    assert {kind for kind, answer in answers.items() if answer != answers["nothing"]} == set(), answers


def test_every_kind_of_object_is_asked_for(two_banks: tuple[Bank, Stranger, Path]) -> None:
    assert set(two_banks[1].objects) == set(TABLE_OF)
    named = {one.name for one in Base.metadata.tables.values() if {"id", "institution_id"} <= set(one.columns.keys())}
    assert named - set(TABLE_OF.values()) == NOT_NAMED, "give the other bank one of these, in strangers.py"


# --- routes and pages -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(two_banks: tuple[Bank, Stranger, Path]) -> Iterator[Site]:
    with Site.serving(settings(), two_banks[2]) as site:
        yield site


# What a route must be sent before it looks for the object.
_BODIES = {
    "PUT /api/v1/items/{item_id}/advice": {"act": "pay", "confidence": "0.5", "model": "m", "model_version": "1"},
}
_WITH_ID = [name for name, row in ROUTES.items() if re.search(r"\{\w*id\}", name) and isinstance(row, Permission)]


@pytest.mark.parametrize("name", _WITH_ID)
def test_route(
    name: str, two_banks: tuple[Bank, Stranger, Path], site: Site, onlooker: psycopg.Connection[Any]
) -> None:
    bank, stranger, _ = two_banks
    actor = _permitted(bank, ROUTES[name])
    method, _, path = name.partition(" ")

    async def ask() -> dict[str, tuple[int, str]]:
        headers = {"accept": "text/html", "sec-fetch-mode": "navigate", "origin": site.origin}
        answers = {}
        async with httpx.AsyncClient(base_url=site.origin, headers=headers, trust_env=False, timeout=60) as client:
            if " /api/" in name:
                client.headers["authorization"] = f"Bearer {await _credential(bank, actor, ROUTES[name], client)}"
            else:
                client.cookies.update(await cookies_of(actor))
            for kind, id_ in {"nothing": uuid4(), **stranger.objects}.items():
                query = link(actor, id_).partition("?")[2] if "image_id" in path else ""
                query = attachments.link(actor, id_).partition("?")[2] if "attachment_id" in path else query
                address = re.sub(r"\{\w*id\}", str(id_), path) + f"?{query}"
                answer = await client.request(method, address, json=_BODIES.get(name))
                answers[kind] = answer.status_code, ID.sub("ID", answer.text)
        return answers

    with untouched(onlooker, stranger):
        answers = in_a_thread(settings())(ask())
    assert {status for status, _ in answers.values()} == {404}, answers
    assert {text for _, text in answers.values()} == {answers["nothing"][1]}


def test_a_page_names_only_objects_by_id_in_these_ways() -> None:
    # A version's number counts within its own institution: it names nothing of another one.
    numbered = {name for name in ROUTES if name.count("{") == 1 and "/{number}" in name and "/policy/" in name}
    odd = [name for name in ROUTES if "{" in name and name not in {*_WITH_ID, *numbered} and "/_nicegui/" not in name]
    assert odd == [], "name the path's parameter `…_id`, or test these here"


# --- the database ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TABLE_OF)
def test_database(kind: str, two_banks: tuple[Bank, Stranger, Path], module_database: Database) -> None:
    bank, stranger, _ = two_banks
    table = sql.Identifier(TABLE_OF[kind])
    id_ = stranger.objects[kind]
    with psycopg.connect(module_database.superuser_url) as connection:
        there = connection.execute(sql.SQL("select count(*) from {} where id = %s").format(table), (id_,)).fetchone()
        assert there == (1,)
    with psycopg.connect(module_database.url) as connection:
        connection.execute("select set_config('console.institution_id', %s, false)", (str(bank.institution_id),))
        found = connection.execute(sql.SQL("select count(*) from {} where id = %s").format(table), (id_,)).fetchone()
        assert found == (0,)
        connection.commit()
        for statement in (
            "update {} set institution_id = institution_id where id = %s",
            "delete from {} where id = %s",
        ):
            try:
                touched = connection.execute(sql.SQL(statement).format(table), (id_,)).rowcount
            except psycopg.errors.InsufficientPrivilege:
                touched = 0
            assert touched == 0
            connection.rollback()
            connection.execute("select set_config('console.institution_id', %s, false)", (str(bank.institution_id),))
