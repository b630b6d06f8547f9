"""The console and its floor, each a process of its own, and a real browser that is signed in."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, sync_playwright
from sqlalchemy import select

from console.access import sessions
from console.access.visit import Visit
from console.actor import Actor
from console.images.links import link
from console.images.render import to_png
from console.images.store import image_store
from console.intake.accounts import load_accounts
from console.intake.files import import_file
from console.settings import settings
from db.engine import transaction
from db.models import Image
from tests.bench.accounts import account, take_flags_away
from tests.bench.ground import Ground
from tests.bench.pictures import ACCOUNTS, DAY, write_checks
from tests.browser.site import ARGUMENTS, CHROMIUM, ROOT, Site
from tests.factories import make_bank
from tests.ports import free_port


@dataclass(frozen=True)
class Running:
    """Both addresses, the signed-in session's cookie, and the images: what is linked, and the same PNG at the floor."""

    console: str
    floor: str
    cookie: tuple[str, str]
    images: list[tuple[str, str]]

    @contextmanager
    def browser(self) -> Iterator[Browser]:
        """A Chromium for the block."""
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
            yield browser
            browser.close()

    def context(self, browser: Browser) -> BrowserContext:
        """A new profile with an empty cache, signed in at the console."""
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        name, value = self.cookie
        context.add_cookies([{"name": name, "value": value, "url": self.console}])
        return context


@contextmanager
def running(ground: Ground, items: int, images: int = 0, *, flags: bool = True) -> Iterator[Running]:
    """The console over `items` checks, and the floor's server with the PNGs of the first `images` images."""
    folder = ground.folder / "png"
    folder.mkdir()
    token, links = ground.run(_prepare(ground.folder, folder, items, images))
    if not flags:
        take_flags_away(ground.endpoints.superuser_database_url)
    with Site.serving(settings(), ground.folder) as site, _floor(folder) as floor:
        pairs = [(site.origin + address, f"{floor}/png/{name}") for name, address in links.items()]
        yield Running(site.origin, floor, (sessions.cookie_name(settings()), token), pairs)


async def _prepare(folder: Path, pngs: Path, items: int, images: int) -> tuple[str, dict[str, str]]:
    """Import the checks; a session's token, and image links of that session by the PNG's name."""
    bank = await make_bank()
    await load_accounts(bank.system, [account(bank.routing, n, orders=False) for n in range(ACCOUNTS)], DAY)
    path = folder / "bench.x9"
    write_checks(path, bank.routing, items)
    await import_file(bank.supervisor, path, path.name)
    who = bank.reviewer
    assert who.user_id is not None
    person = sessions.Person(who.institution_id, who.user_id, who.name, who.name, who.roles)
    token = await sessions.start(person, sessions.Stage.FULL, Visit("127.0.0.1"))
    actor = await sessions.actor_of(token)
    links = {}
    for image_id, sha256 in await _some_images(actor, images):
        (pngs / f"{image_id}.png").write_bytes(to_png(image_store().get(actor.institution_id, sha256)))
        links[f"{image_id}.png"] = link(actor, image_id)
    return token, links


async def _some_images(actor: Actor, count: int) -> list[tuple[UUID, bytes]]:
    async with transaction(actor) as session:
        rows = await session.execute(select(Image.id, Image.sha256).where(Image.side == "front").limit(count))
        return [(row.id, row.sha256) for row in rows]


@contextmanager
def _floor(folder: Path) -> Iterator[str]:
    """The floor's server; its address."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.floor_server", str(port), str(folder)], cwd=ROOT)
    try:
        for _ in range(2400):
            assert process.poll() is None, "the floor's server ended by itself"
            try:
                urllib.request.urlopen(f"{origin}/up").close()
                break
            except OSError:
                time.sleep(0.05)
        yield origin
    finally:
        process.terminate()
        process.wait(timeout=60)
