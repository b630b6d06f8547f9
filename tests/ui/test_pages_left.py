"""Who comes, looks and goes leaves nothing in the process: neither a page nor any part of one."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import UUID

from console.access import sessions
from console.access.visit import Visit
from console.actor import Actor
from console.review.claims import claim_next
from console.settings import Settings
from tests import warm
from tests.bench.open_page import OpenPage
from tests.browser.site import PATIENCE_MS, Site, _environment
from tests.factories import import_items, make_bank, x9_item
from tests.kept import in_a_thread
from tests.ports import free_port

# `main.py serve`, which says at a signal what it keeps. A page that was left waits half a minute for its browser: here
# a moment.
PROGRAM = """
import asyncio, gc, json, os, signal, sys
from nicegui import Client
from nicegui.element import Element
import console.app
from console.cli import app
from console.ui.page import ConsolePage

console.app.RECONNECT_TIMEOUT = 0.2

def tell(*_):
    gc.collect()
    alive = gc.get_objects()
    kept = {
        "pages": sum(isinstance(one, (Client, ConsolePage)) for one in alive),
        "elements": sum(isinstance(one, Element) for one in alive),
        "tasks": len(asyncio.all_tasks()),
        "objects": len(alive),
    }
    with open(sys.argv[2] + ".part", "w") as out:
        json.dump(kept, out)
    os.replace(sys.argv[2] + ".part", sys.argv[2])

signal.signal(signal.SIGUSR1, tell)
app(["serve", "--port", sys.argv[1]])
"""
# A page has some five thousand.
OBJECTS_EACH = 50


def test_pages_that_were_left_are_gone(
    console: Settings, run: Callable[[Coroutine[Any, Any, Any]], Any], tmp_path: Path
) -> None:
    async def prepare() -> tuple[Actor, UUID]:
        bank = await make_bank()
        drafts = [x9_item(number, "4532.00", "061000146", "123456789") for number in range(3)]
        await import_items(bank, tmp_path, drafts)
        held = await claim_next(bank.supervisor)
        assert held is not None
        return bank.supervisor, held.item_id

    who, item = run(prepare())
    port, told, log = free_port(), tmp_path / "kept.json", tmp_path / "site.log"
    origin = f"http://127.0.0.1:{port}"
    environ = _environment(console) | {"PUBLIC_ORIGIN": origin}
    with log.open("wb") as out:
        process = warm.start([str(port), str(told)], environ, program=PROGRAM, stdout=out.fileno(), stderr=out.fileno())
    site = Site(origin, process, log)
    try:
        site._wait_until_up()
        paths = ["/queue", f"/review/{item}", "/policy", "/account"]
        first = _come_and_go(console, site, who, paths, 2, told)
        then = _come_and_go(console, site, who, paths, 5, told, tasks=first["tasks"])
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert then["tasks"] <= first["tasks"]
    assert then["objects"] - first["objects"] < 5 * len(paths) * OBJECTS_EACH


def _come_and_go(
    console: Settings, site: Site, who: Actor, paths: list[str], times: int, told: Path, tasks: float = math.inf
) -> dict[str, int]:
    """Sign in, open each of these and leave, so many times; what the process keeps once all have gone.

    `tasks`: no more than these are waited for. One of the process's own, such as a timer's, may come and go.
    """

    async def come() -> None:
        assert who.user_id is not None
        person = sessions.Person(who.institution_id, who.user_id, who.name, who.name, who.roles)
        for _ in range(times):
            token = await sessions.start(person, sessions.Stage.FULL, Visit("127.0.0.1"))
            for path in paths:
                async with OpenPage(site.origin, (sessions.cookie_name(console), token), path):
                    await asyncio.sleep(0.1)
            await sessions.end(token)

    in_a_thread(console)(come())
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while True:
        told.unlink(missing_ok=True)
        os.kill(site.process.pid, signal.SIGUSR1)
        while not told.exists():
            assert time.monotonic() < deadline, site.log.read_text()[-2000:]
            time.sleep(0.02)
        kept: dict[str, int] = json.loads(told.read_text())
        if kept["pages"] == kept["elements"] == 0 and kept["tasks"] <= tasks:
            return kept
        assert time.monotonic() < deadline, kept
        time.sleep(0.3)
