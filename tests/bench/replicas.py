"""Twelve people, each in a browser of their own, side by side on three replicas behind nginx and TLS.

Each has a half-written note in a check. Then the replicas are restarted one after the other, and one is killed: how
long the pages were away that lived there. Anything lost that was typed, anybody asked to sign in again, ends the bench.
The floor is an ordinary reload of the same page.
"""

from __future__ import annotations

import time
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from console.actor import Actor
from console.roles import Role
from console.settings import settings
from tests.bench.figures import Figure, duration
from tests.bench.ground import Ground
from tests.browser.site import ARGUMENTS, CHROMIUM, enrol_person, in_a_thread
from tests.deploy.at_work import TRANSIT, AtWork, await_kept, kill, restart, sit_down
from tests.deploy.edge import Edge, edge
from tests.factories import import_items, item_ids, make_bank, make_person, x9_item

PEOPLE: Final = 12
BACK_SECONDS: Final = 5.0


def run(ground: Ground, people: int = PEOPLE) -> list[Figure]:
    """Milliseconds until the last page was back: after an orderly restart, after kill -9; beside a plain reload."""
    work = in_a_thread(settings())
    persons, items = work(_prepare(ground, people))
    with edge(settings(), ground.folder) as running, sync_playwright() as playwright:
        chromium: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        at_work = [sit_down(running, chromium, person, item) for person, item in zip(persons, items, strict=True)]
        await_kept(work, at_work)
        floor = _reload(at_work[0])
        spread = _spread(running, at_work)
        restarted = max(restart(running, replica, at_work, work) for replica in running.replicas)
        fullest = max(running.replicas, key=lambda one: _on(running, at_work, running.cookie_of(one)))
        moved = _on(running, at_work, running.cookie_of(fullest))
        killed = kill(running, fullest, at_work, work)
        chromium.close()
    note = f"{people} browsers on 3 replicas ({spread}); the longest of three restarts; nothing typed was lost"
    return [
        _within("rolling restart: pages back", restarted, floor, note),
        _within("kill -9 of a replica: pages back", killed, floor, f"{moved} pages at once, a second until they try"),
    ]


async def _prepare(ground: Ground, count: int) -> tuple[list[Actor], list[object]]:
    bank = await make_bank()
    checks = [x9_item(n, f"{200 + n}.00", TRANSIT) for n in range(1, count + 1)]
    await import_items(bank, ground.folder, checks)
    persons = [await make_person(bank.system, f"reviewer_{number}", Role.REVIEWER) for number in range(count)]
    for person in persons:
        await enrol_person(person)
    return persons, list(await item_ids(bank))


def _reload(one: AtWork) -> float:
    began = time.monotonic()
    one.page.reload()
    one.await_live(anew=False)
    return time.monotonic() - began


def _on(running: Edge, people: list[AtWork], cookie: str) -> int:
    return sum(one.replica() == cookie for one in people)


def _spread(running: Edge, people: list[AtWork]) -> str:
    return " + ".join(str(_on(running, people, running.cookie_of(replica))) for replica in running.replicas)


def _within(name: str, seconds: float, floor: float, note: str) -> Figure:
    figure = duration(name, seconds * 1e3, floor * 1e3, note=f"{note}; floor: a plain reload of a page")
    return Figure(**{**figure.as_json(), "target": f"< {BACK_SECONDS:.0f} s", "met": seconds < BACK_SECONDS})
