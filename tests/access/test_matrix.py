"""Every page, route and operation × every built-in role, a person of no role, and nobody.

Allowed exactly where the row's permission is in the role's grant; refused elsewhere, with an entry in the audit
trail. What a permitted call comes to (nothing found, not valid) does not matter here.
"""

from __future__ import annotations

import inspect
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from sqlalchemy import select

from console.access import refusals
from console.access.permissions import NotAllowed, may
from console.access.permissions import Permission as P
from console.actor import Actor
from console.roles import Role
from console.settings import settings
from db.engine import transaction
from db.models import AuditEntry
from tests import warm
from tests.access import surface
from tests.access.ground import cookies_of, settings_on, token_of, with_code
from tests.access.matrix import OPERATIONS, ROUTES, Inner, Open
from tests.browser.site import Site, in_a_thread
from tests.conftest import Database
from tests.factories import Bank, make_bank, make_person

NO_ROLE, NOBODY = "no role", "nobody"
WHO = (*Role, NO_ROLE, NOBODY)


@dataclass(frozen=True)
class Tried:
    """What came of one cell: an answer's status and address, or the permission that an operation missed."""

    status: int = 0
    location: str = ""
    missed: str | None = None
    kept: list[str | None] = field(default_factory=list)
    """Permissions named by the refusal's entries in the audit trail."""
    unexpected: str = ""


Results = dict[tuple[str, str], Tried]


@pytest.fixture(scope="module")
def surroundings(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The settings in force on a database of this module."""
    with settings_on(module_database):
        yield tmp_path_factory.mktemp("matrix")


@pytest.fixture(scope="module")
def folk(surroundings: Path, module_database: Database) -> tuple[Bank, dict[str, Actor]]:
    """A bank, and a person of each role and of none."""

    async def make() -> tuple[Bank, dict[str, Actor]]:
        bank = await make_bank()
        return bank, {NO_ROLE: await make_person(bank.system, "no_role", Role.AUDITOR)}

    bank, actors = in_a_thread(settings())(make())
    with psycopg.connect(module_database.superuser_url, autocommit=True) as connection:
        connection.execute("delete from user_role where user_id = %s", (actors[NO_ROLE].user_id,))
    actors[NO_ROLE] = replace(actors[NO_ROLE], roles=frozenset())
    return bank, actors | {role.value: getattr(bank, role.value) for role in Role}


# --- completeness ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paths(surroundings: Path) -> dict[str, str]:
    """The application's routes: as the table writes them, and as they are."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    found = warm.run([], kept, module="tests.access.surface")
    assert found.returncode == 0, found.stderr
    return {_written(path): path for path in json.loads(found.stdout)}


def _written(path: str) -> str:
    path = re.sub(r"-[0-9a-f]{16}\.css$", "-HASH.css", path)
    return re.sub(r"/_nicegui/[0-9.]+/", "/_nicegui/VERSION/", path)


def test_every_page_and_route_has_a_row(paths: dict[str, str]) -> None:
    assert sorted(paths.keys() - ROUTES.keys()) == [], "give these a row in tests/access/matrix.py"
    assert sorted(ROUTES.keys() - paths.keys()) == [], "these are gone: take their rows out of tests/access/matrix.py"


def test_every_operation_has_a_row() -> None:
    found = surface.operations()
    assert sorted(found.keys() - OPERATIONS.keys()) == [], "give these a row in tests/access/matrix.py"
    assert sorted(OPERATIONS.keys() - found.keys()) == [], "these are gone: take out their rows"


def test_every_permission_guards_something() -> None:
    guarding = {row for row in (*ROUTES.values(), *OPERATIONS.values()) if isinstance(row, P)}
    assert set(P) - guarding == set()


# --- pages and routes -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def visited(folk: tuple[Bank, dict[str, Actor]], paths: dict[str, str], surroundings: Path) -> Results:
    """Every route asked by everybody, of the console as a process of its own."""
    bank, actors = folk
    with Site.serving(settings(), surroundings) as site:
        return dict(in_a_thread(settings())(_visit(site, bank, actors, paths)))


async def _visit(site: Site, bank: Bank, actors: dict[str, Actor], paths: dict[str, str]) -> Results:
    results: Results = {}
    # `trust_env`: no proxy of this machine may stand between.
    async with httpx.AsyncClient(base_url=site.origin, trust_env=False, timeout=60) as client:
        for who in WHO:
            token = await token_of(actors[who], client) if who in actors else ""
            # The API first, for its one token; and last of it what ends that.
            for name in sorted(ROUTES.keys() & paths.keys(), key=lambda name: (" /api/" not in name, "logout" in name)):
                await _present(client, actors.get(who), token, name)
                results[name, who] = await _ask(client, bank, actors.get(who), paths[name])
    return results


async def _present(client: httpx.AsyncClient, actor: Actor | None, token: str, route: str) -> None:
    """Bring what this route takes: the token where it is of the API, else the cookie of a new session."""
    client.cookies.clear()
    client.headers.pop("authorization", None)
    if actor is not None and " /api/" in route:
        client.headers["authorization"] = f"Bearer {token}"
    elif actor is not None:
        client.cookies.update(await cookies_of(actor))


async def _ask(client: httpx.AsyncClient, bank: Bank, actor: Actor | None, route: str) -> Tried:
    method, _, path = route.partition(" ")
    path = re.sub(r"\{[^}]+\}", str(uuid4()), path.replace("{number}", "1"))
    headers = {"accept": "text/html", "sec-fetch-mode": "navigate", "origin": str(client.base_url).rstrip("/")}
    async with _refusals_of(bank, actor, f"{method.replace('ANY', 'GET')} {path}") as kept:
        answer = await client.request(method.replace("ANY", "GET"), path, headers=headers)
    return Tried(answer.status_code, answer.headers.get("location", ""), kept=kept)


@asynccontextmanager
async def _refusals_of(bank: Bank, actor: Actor | None, operation: str) -> AsyncIterator[list[str | None]]:
    """Filled at the end of the block: the permissions that the audit trail's entries of this operation name."""
    kept: list[str | None] = []
    yield kept
    if actor is not None:
        query = select(AuditEntry).where(
            AuditEntry.institution_id == bank.institution_id,
            AuditEntry.object_type == "operation",
            AuditEntry.object_id == operation,
            AuditEntry.actor_id == actor.user_id,
            AuditEntry.action == "access.refused",
        )
        async with transaction(bank.system) as session:
            kept += [(entry.after or {})["permission"] for entry in await session.scalars(query)]


@pytest.mark.parametrize("name", ROUTES)
def test_route(name: str, visited: Results, folk: tuple[Bank, dict[str, Actor]]) -> None:
    row, (_, actors) = ROUTES[name], folk
    for who in WHO:
        tried = visited[name, who]
        if isinstance(row, Open):
            # What it asks for may be missing, a provider's answer say; but that is the same for everybody.
            same = all(visited[name, other].status == tried.status for other in WHO)
            assert tried.status not in {401, 403} or (tried.status == 403 and same), (who, tried)
            assert not tried.location.startswith("/sign-in?next"), (who, tried)
        elif who == NOBODY:
            signs_in = tried.status == 303 and tried.location.startswith("/sign-in?next=")
            assert signs_in or tried.status == 401, (who, tried)
        elif isinstance(row, P) and not may(actors[who], row):
            assert tried.status in {403, 404}, (who, tried)
            assert tried.kept == [row.value], (who, "the refusal is not in the audit trail", tried)
        elif isinstance(row, P):
            assert tried.status not in {401, 403} and not tried.location.startswith("/sign-in"), (who, tried)
            assert set(tried.kept) <= {None}, (who, tried)
        else:
            assert tried.status != 401 and not tried.location.startswith("/sign-in"), (who, tried)


# --- operations -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def done(folk: tuple[Bank, dict[str, Actor]]) -> Results:
    """Every operation called by everybody."""
    bank, actors = folk

    async def do() -> Results:
        results: Results = {}
        for name, operation in surface.operations().items():
            for who, actor in actors.items():
                if not isinstance(OPERATIONS.get(name, Inner("")), Inner):
                    results[name, who] = await _call(bank, actor, name, operation)
        return results

    return dict(in_a_thread(settings())(do()))


async def _call(bank: Bank, actor: Actor, name: str, operation: Any) -> Tried:
    caller = replace(with_code(actor), session=f"{name}-{actor.user_id}"[:60])
    given = surface.arguments(operation)
    async with _refusals_of(bank, caller, name) as kept:
        try:
            async with refusals.witnessed(caller, name):
                result = operation(caller, **given)
                if inspect.isawaitable(result):
                    await result
        except NotAllowed as refused:
            return Tried(missed=refused.permission.value, kept=kept)
        except (TypeError, AttributeError, NameError) as error:
            return Tried(unexpected=repr(error), kept=kept)
        except Exception:
            return Tried(kept=kept)  # whatever it came to: it was permitted
    return Tried(kept=kept)


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if not isinstance(row, Inner)])
def test_operation(name: str, done: Results, folk: tuple[Bank, dict[str, Actor]]) -> None:
    row = OPERATIONS[name]
    for who, actor in folk[1].items():
        tried = done[name, who]
        refused = isinstance(row, P) and not may(actor, row)
        assert tried.missed == (row.value if refused else None), (who, tried)  # type: ignore[union-attr]
        assert tried.kept == ([tried.missed] if refused else []), (who, "the refusal is not in the audit trail", tried)
        assert not tried.unexpected, (who, tried)
