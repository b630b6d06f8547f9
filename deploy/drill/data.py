"""What the drilled bank has: its people, checks with images that came in a file, and very many more."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
from psycopg import sql

from console.access import people
from console.images.store import image_store
from console.resources import resources
from console.settings import Settings
from db.engine import transaction
from tests.bench.many_items import add_items
from tests.factories import Bank, import_items, make_bank, x9_item

Result = TypeVar("Result")
TOTP_SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - of two people of the drill
# Checks drawn on another bank carry no flag, so that each may be decided at once.
_TRANSIT: Final = "061000146"
# What must be there again, whole; decisions are compared one by one.
_COUNTED: Final = ("check_item", "image", "file_received", "app_user", "policy_version", "queue")


def run(settings: Settings, work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine with the console's database, Redis and image store open."""

    async def inside() -> Result:
        async with resources(settings):
            return await work

    return asyncio.run(inside())


async def make_bank_with_images(folder: Path, images: int) -> Bank:
    """A bank with its people, two of whom can sign in, and so many checks with images from a file."""
    bank: Bank = await make_bank()
    for person in (bank.reviewer, bank.supervisor):
        async with transaction(person) as session:
            assert person.user_id is not None
            await people.set_totp(session, person.user_id, TOTP_SECRET)
            await people.confirm_totp(session, person.user_id)
    await import_more(bank, folder, images, "1")
    return bank


async def import_more(bank: Bank, folder: Path, count: int, modifier: str) -> None:
    """A further file of checks with images."""
    first = 1000 * int(modifier)
    checks = [x9_item(first + n, f"{200 + n}.{modifier}0", _TRANSIT) for n in range(1, count + 1)]
    await import_items(bank, folder, checks, modifier)


def add_many(superuser_url: str, bank: Bank, count: int) -> None:
    """So many more checks, all waiting, none of them flagged or for two people."""
    add_items(superuser_url, bank, count, cents=90_000, flagged=False, decided=False)


def counts(superuser_url: str) -> dict[str, int]:
    """Rows of the tables that the drill does not change while it writes."""
    with psycopg.connect(superuser_url) as line:
        one = sql.SQL("select {}, count(*) from {}")
        each = [one.format(sql.Literal(table), sql.Identifier(table)) for table in _COUNTED]
        return dict(line.execute(sql.SQL(" union all ").join(each)).fetchall())


def decisions(superuser_url: str) -> list[str]:
    """Every decision's id, in the order in which they were made."""
    with psycopg.connect(superuser_url) as line:
        rows = line.execute(
            "select d.id::text from decision d join audit_entry a on a.after ->> 'decision' = d.id::text"
            " where a.object_type = 'item' order by a.sequence"
        ).fetchall()
    return [row[0] for row in rows]


async def missing_images(superuser_url: str) -> list[str]:
    """Images that a check of the database names and the store has not, or not as they were."""
    with psycopg.connect(superuser_url) as line:
        named = line.execute("select institution_id, sha256 from image").fetchall()
    missing = []
    for institution_id, sha256 in named:
        try:
            await image_store().fetch(institution_id, bytes(sha256))
        except Exception as error:  # whatever it is, this image is not to be had
            missing.append(f"{bytes(sha256).hex()}: {error}")
    return missing
