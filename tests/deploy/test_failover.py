"""The primary dies under the running console; the standby is promoted, and everything goes on there."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy.exc import SQLAlchemyError

from console.access import sessions
from console.access.visit import Visit
from console.actor import Actor
from console.audit.verify import verify_all
from console.resources import resources
from console.settings import Settings, settings
from db.migrations.run import upgrade
from deploy.drill.data import decisions
from deploy.drill.writer import decide_one
from deploy.embedded.services import Endpoints
from tests.browser.site import Site
from tests.deploy.at_work import TRANSIT
from tests.deploy.standby import Pair, primary_and_standby
from tests.factories import Bank, import_items, make_bank, x9_item

CHECKS = 60
RECOVERED_SECONDS = 45.0


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with primary_and_standby(tmp_path_factory.mktemp("pair")) as made:
        # As deploy/README.md has it: nothing is confirmed that the standby has not.
        with psycopg.connect(made.primary.superuser_url, autocommit=True) as line:
            line.execute("alter system set synchronous_standby_names = '*'")
            line.execute("select pg_reload_conf()")
        upgrade(made.primary.owner_url)
        yield made


@pytest.fixture(scope="module")
def console(pair: Pair, services: Endpoints) -> Iterator[Settings]:
    """The console is told of both, once."""
    one, two = urlsplit(pair.primary.url), urlsplit(pair.standby.url)
    both = f"postgresql://{one.username}:{one.password}@127.0.0.1:{one.port},127.0.0.1:{two.port}{one.path}"
    environ = services.environ() | {
        "DATABASE_URL": both,
        "SECRET_KEY": secrets.token_hex(48),
        "ARGON2_MEMORY_KIB": "8192",
    }
    environ.pop("DATABASE_OWNER_URL")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        settings.cache_clear()
        yield settings()
    settings.cache_clear()


class Decider(threading.Thread):
    """Decides one check after the other; tries again where the database does not answer."""

    def __init__(self, console: Settings, who: Actor) -> None:
        super().__init__(daemon=True)
        self.confirmed: list[tuple[str, float]] = []
        self.failures = 0
        self._console, self._who = console, who

    def run(self) -> None:
        asyncio.run(self._decide())

    async def _decide(self) -> None:
        async with resources(self._console):
            while True:
                try:
                    decision = await decide_one(self._who)
                except SQLAlchemyError:
                    self.failures += 1
                    await asyncio.sleep(0.2)
                    continue
                if decision is None:
                    return
                self.confirmed.append((decision, time.monotonic()))
                await asyncio.sleep(0.05)


def well(site: Site) -> bool:
    """Whether monitoring is told that everything answers."""
    try:
        with urllib.request.urlopen(f"{site.origin}/api/v1/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def await_(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_the_primary_dies_and_everything_confirmed_is_at_the_standby(
    pair: Pair, console: Settings, tmp_path: Path
) -> None:
    async def prepare() -> tuple[Bank, str]:
        async with resources(console):
            bank = await make_bank()
            await import_items(bank, tmp_path, [x9_item(n, f"{100 + n}.00", TRANSIT) for n in range(CHECKS)])
            who = bank.auditor
            assert who.user_id is not None
            person = sessions.Person(who.institution_id, who.user_id, who.name, who.name, who.roles)
            return bank, await sessions.start(person, sessions.Stage.FULL, Visit("127.0.0.1"))

    bank, token = asyncio.run(prepare())
    with Site.serving(console, tmp_path) as site:
        assert well(site)
        decider = Decider(console, bank.reviewer)
        decider.start()
        await_(lambda: len(decider.confirmed) >= 10, 60, "nobody decides")

        pair.primary.kill()
        died = time.monotonic()
        before = len(decider.confirmed)
        await_(lambda: not well(site), 45, "the console says that all is well without a database")
        pair.standby.promote()
        await_(lambda: well(site), RECOVERED_SECONDS, "the console does not find the new primary")
        await_(lambda: len(decider.confirmed) > before + 3, RECOVERED_SECONDS, "nobody decides any more")
        first = next(at for _, at in decider.confirmed[before:])
        print(f"decided again {first - died:.1f} s after the primary died, {decider.failures} attempts failed")

        asking = urllib.request.Request(
            f"{site.origin}/queue", headers={"Cookie": f"{sessions.cookie_name(console)}={token}"}
        )
        with urllib.request.urlopen(asking, timeout=60) as answer:
            assert answer.status == 200 and "/sign-in" not in answer.url, "nobody is signed out"
        decider.join(120)
        assert not decider.is_alive()

    there = decisions(pair.standby.superuser_url)
    confirmed = [decision for decision, _ in decider.confirmed]
    assert set(confirmed) <= set(there)
    # A check that was claimed when an attempt failed waits for its claim to end.
    assert CHECKS - decider.failures <= len(there) <= CHECKS
    assert [one for one in there if one in set(confirmed)] == confirmed, "in their order"

    async def verified() -> bool:
        async with resources(console):
            return (await verify_all()).ok

    assert asyncio.run(verified())
