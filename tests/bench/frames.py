"""How smoothly the viewer moves, beside a bare `<img>` under the very same CSS transforms in the same Chromium.

The viewer is driven by pointer and wheel events, a step a frame; the transforms that it gives its image are written
down and given to the bare image. Frame times are the intervals between what Chromium's compositor puts on screen, from
its own tracing; the work of the main thread is its tasks' CPU time in the same trace. Both take turns in short bursts,
so that whatever else the machine does meets both.
"""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests import warm
from tests.bench.figures import Figure, duration, percentile
from tests.bench.ground import Ground
from tests.browser.site import ARGUMENTS, CHROMIUM
from tests.ports import free_port

SIZES: Final = ((1200, 540), (1700, 760))
WORKS: Final = ("pan", "zoom")
ROUNDS: Final = 6
FRAMES: Final = 90
# Frames until both have their layers and the first tiles.
WARM_UP: Final = 8
# At most so many times the floor's frame time.
MOST: Final = 1.3
_CATEGORIES: Final = ["toplevel", "viz", "__metadata"]

# A hand that moves in curves, or a wheel that goes in and out; each frame's transform is written down.
_DRIVE: Final = """async ({ work, frames }) => {
    const pane = document.querySelector(".crc-pane");
    const box = pane.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const image = document.querySelector(".crc-stage > *");
    pane.setPointerCapture = () => {};  // no hand is there to be captured
    const hand = (type, clientX, clientY) => pane.dispatchEvent(new PointerEvent(type,
        { bubbles: true, pointerId: 1, pointerType: "mouse", button: 0, clientX, clientY }));
    const transforms = [];
    if (work === "pan") hand("pointerdown", x, y);
    for (let i = 0; i < frames; i++) {
        await new Promise(requestAnimationFrame);
        transforms.push(image.style.transform);
        if (work === "pan") hand("pointermove", x + 220 * Math.sin(i / 9), y + 90 * Math.sin(i / 7));
        else pane.dispatchEvent(new WheelEvent("wheel",
            { bubbles: true, cancelable: true, clientX: x + 120, clientY: y - 40, deltaY: 60 * Math.sin(i / 9) }));
    }
    if (work === "pan") hand("pointerup", x, y);
    return transforms;
}"""
_REPLAY: Final = """async transforms => {
    const image = document.querySelector("img");
    for (const transform of transforms) {
        await new Promise(requestAnimationFrame);
        image.style.transform = transform;
    }
}"""


@dataclass
class Motion:
    """What was seen of one of the two: milliseconds between frames, and of main-thread work for each."""

    intervals: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)

    def add(self, trace: bytes) -> None:
        """What a trace says of one burst."""
        everything = json.loads(trace)["traceEvents"]
        events = [event for event in everything if event.get("ph") == "X"]
        shown = sorted(event["ts"] for event in events if event["name"] == "Display::DrawAndSwap")
        intervals = [(after - before) / 1000 for before, after in pairwise(shown)]
        self.intervals += intervals[WARM_UP:]
        main = _main_thread(everything)
        tasks = sum(event.get("tdur", event["dur"]) for event in events if _is_task(event, main))
        self.work.append(tasks / 1000 / max(1, len(shown)))


def run(_: Ground, rounds: int = ROUNDS, frames: int = FRAMES) -> list[Figure]:
    """p50 and p95 of the frame times for each size and work, and the main thread's share of a frame."""
    figures: list[Figure] = []
    with _harness() as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for width, height in SIZES:
            viewer, bare = (_open(browser, f"{origin}/{page}/{width}/{height}") for page in ("frames", "bare"))
            for work in WORKS:
                ours, floor = _moved(browser, viewer, bare, work, rounds, frames)
                figures += _figures(f"{work} {width} × {height}", ours, floor)
        browser.close()
    return figures


def _moved(browser: Browser, viewer: Page, bare: Page, work: str, rounds: int, frames: int) -> tuple[Motion, Motion]:
    ours, floor = Motion(), Motion()
    for _ in range(rounds):
        transforms, trace = _traced(browser, viewer, _DRIVE, {"work": work, "frames": frames})
        assert len(set(transforms)) > frames // 2, "the viewer did not move"
        ours.add(trace)
        floor.add(_traced(browser, bare, _REPLAY, transforms)[1])
    return ours, floor


def _traced(browser: Browser, page: Page, script: str, argument: Any) -> tuple[Any, bytes]:
    page.bring_to_front()
    page.wait_for_timeout(250)
    browser.start_tracing(page=page, categories=_CATEGORIES)
    result = page.evaluate(script, argument)
    return result, browser.stop_tracing()


def _figures(name: str, ours: Motion, floor: Motion) -> list[Figure]:
    figures = []
    for share in (50, 95):
        value, least = percentile(ours.intervals, share), percentile(floor.intervals, share)
        figures.append(duration(f"{name}: frame time, p{share}", value, least, at_most=MOST))
    work, least = percentile(ours.work, 50), percentile(floor.work, 50)
    note = "the floor's script sets one property; the viewer hears an event and works out where the image goes"
    return [*figures, duration(f"{name}: main thread in a frame", work, least, note=note)]


def _main_thread(events: list[dict[str, Any]]) -> set[tuple[int, int]]:
    names = (event for event in events if event.get("name") == "thread_name")
    return {(event["pid"], event["tid"]) for event in names if event["args"]["name"] == "CrRendererMain"}


def _is_task(event: dict[str, Any], main: set[tuple[int, int]]) -> bool:
    return event["name"] == "ThreadControllerImpl::RunTask" and (event["pid"], event["tid"]) in main


def _open(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.wait_for_function("document.querySelector('img')?.complete")
    page.wait_for_timeout(500)
    return page


@contextmanager
def _harness() -> Iterator[str]:
    """The browser tests' own page server, which needs no database; its address."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    process = warm.start([str(port)], inherited, module="tests.ui.harness", stderr=2)
    try:
        for _ in range(2400):
            assert process.poll() is None, "the harness ended by itself"
            try:
                urllib.request.urlopen(f"{origin}/log").close()
                break
            except OSError:
                time.sleep(0.05)
        yield origin
    finally:
        process.terminate()
        process.wait(timeout=60)
