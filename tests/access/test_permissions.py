"""The one table: what the documents print of it, and the database's copy of the separation of duties."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.access.api_keys import GRANTABLE
from console.access.api_keys_page import WORDS as WORDS_OF_KEYS
from console.access.permission_words import MEANINGS, as_markdown
from console.access.permissions import (
    ADMINISTERING,
    DECIDING,
    GRANTS,
    Permission,
    Place,
    amount_limit,
    conflicting,
    covers,
    reaches,
    within_limit,
)
from console.actor import Actor, Bounds, Grant, system_actor
from console.roles import Role
from tests.conftest import Database

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
QUEUES, TYPES = ("standard", "high_priority", "escalation"), ("on_us", "transit")


def test_the_document_prints_the_table() -> None:
    text = DOCUMENT.read_text()
    block = re.compile(r"(<!-- permissions -->\n).*?(<!-- /permissions -->)", re.DOTALL)
    assert block.search(text)
    wanted = block.sub(lambda found: f"{found[1]}{as_markdown()}\n{found[2]}", text)
    if os.environ.get("CRC_UPDATE_README"):
        DOCUMENT.write_text(wanted)
        return
    assert text == wanted, "run: CRC_UPDATE_README=1 python3 main.py test tests/access/test_permissions.py"


def test_the_document_names_both_powers() -> None:
    said = DOCUMENT.read_text().split("## Separation of duties")[1].split("The services refuse")[0]
    administering, _, deciding = said.partition("deciding powers are")
    assert set(re.findall(r"`(\w+:\w+)`", administering)) == {one.value for one in ADMINISTERING}
    assert set(re.findall(r"`(\w+:\w+)`", deciding)) == {one.value for one in DECIDING}


def test_every_permission_has_a_meaning_and_a_holder() -> None:
    assert set(MEANINGS) == set(Permission)
    held = frozenset().union(*(grant.permissions for grant in GRANTS.values()))
    assert held | set(GRANTABLE) == set(Permission)
    # Systems advise, people decide: no role gives advice, and no key decides.
    assert set(GRANTABLE) - held == {Permission.ADVICE_WRITE}
    assert not set(GRANTABLE) & (DECIDING | ADMINISTERING)


def test_no_built_in_role_joins_both_powers() -> None:
    assert not ADMINISTERING & DECIDING
    for role, grant in GRANTS.items():
        assert not conflicting(grant.permissions), role
    assert GRANTS[Role.ADMINISTRATOR].permissions > ADMINISTERING
    for role in (Role.REVIEWER, Role.APPROVER, Role.SUPERVISOR):
        assert GRANTS[role].permissions & DECIDING and not GRANTS[role].permissions & ADMINISTERING
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        assert not GRANTS[role].permissions & DECIDING


def test_the_database_knows_the_same_two_sets(database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        texts = [
            row[0]
            for row in owner.execute(
                "select prosrc from pg_proc where proname = 'holds_both' union all "
                "select pg_get_constraintdef(oid) from pg_constraint"
                " where conname = 'ck_custom_role_separation_of_duties'"
            )
        ]
    assert len(texts) == 2
    for text in texts:
        arrays = re.findall(r"array\s*\[(.*?)\]", text, re.IGNORECASE | re.DOTALL)
        found = [set(re.findall(r"'([a-z_]+:[a-z_]+)'", array)) for array in arrays]
        assert found == [set(ADMINISTERING), set(DECIDING)]


def actor(*grants: Grant, bounds: Bounds | None = None) -> Actor:
    return Actor(uuid4(), uuid4(), "somebody", grants=grants, bounds=bounds or Bounds())


keys = st.none() | st.frozensets(st.sampled_from(QUEUES))
kinds = st.none() | st.frozensets(st.sampled_from(TYPES))
limits = st.none() | st.decimals(min_value=0, max_value=100_000, places=2)
permissions = st.frozensets(st.sampled_from([one.value for one in Permission]), min_size=1)
grants = st.lists(st.builds(Grant, permissions, limits, keys, kinds), max_size=4)
bounds = st.builds(Bounds, limits, keys, kinds)
places = st.builds(Place, st.sampled_from(QUEUES), st.sampled_from(TYPES))


@given(grants, bounds, places, st.decimals(min_value=0, max_value=200_000, places=2))
def test_nobody_decides_what_no_single_grant_allows(
    held: list[Grant], own: Bounds, place: Place, amount: Decimal
) -> None:
    def allows(grant: Grant) -> bool:
        return (
            "item:decide" in grant.permissions
            and (grant.queues is None or place.queue in grant.queues)
            and (grant.item_types is None or place.item_type in grant.item_types)
            and (own.queues is None or place.queue in own.queues)
            and (own.item_types is None or place.item_type in own.item_types)
        )

    who = actor(*held, bounds=own)
    covering = [grant for grant in held if allows(grant)]
    assert covers(who, Permission.ITEM_DECIDE, place) == bool(covering)
    alone = covers(who, Permission.ITEM_DECIDE, place) and within_limit(who, amount, place)
    expected = (own.amount_limit is None or amount <= own.amount_limit) and any(
        grant.amount_limit is None or amount <= grant.amount_limit for grant in covering
    )
    assert alone == expected
    parts = reaches(who, Permission.ITEM_DECIDE)
    assert (parts is None or any(part.covers(place) for part in parts)) == bool(covering)


@given(grants, bounds)
def test_own_bounds_never_widen(held: list[Grant], own: Bounds) -> None:
    unbound, bound = amount_limit(actor(*held)), amount_limit(actor(*held, bounds=own))
    assert unbound is None or (bound is not None and bound <= unbound)


def test_who_decides_nothing_has_no_limit_to_use() -> None:
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        who = replace(actor(), roles=frozenset({role}))
        assert amount_limit(who) == 0 and reaches(who, Permission.ITEM_DECIDE) == ()
    assert reaches(system_actor(uuid4(), "a job"), Permission.QUEUE_READ) is None


def test_what_is_barred_from_here_reaches_nothing() -> None:
    who = replace(actor(), roles=frozenset({Role.SUPERVISOR}), barred=frozenset({Permission.ITEM_DECIDE.value}))
    place = Place("standard", "on_us")
    assert not covers(who, Permission.ITEM_DECIDE, place) and covers(who, Permission.ITEM_READ, place)
    assert reaches(who, Permission.ITEM_DECIDE) == () and amount_limit(who, place) == 0


@pytest.mark.parametrize("role", Role)
def test_a_built_in_role_works_everywhere(role: Role) -> None:
    who = replace(actor(), roles=frozenset({role}))
    for permission in Permission:
        assert reaches(who, permission) == (None if permission in GRANTS[role].permissions else ())


def test_what_a_key_may_do_is_said_in_words_where_keys_are_made() -> None:
    assert set(WORDS_OF_KEYS) == set(GRANTABLE)
