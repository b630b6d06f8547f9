"""How soon a reviewer sees the next check, in real Chromium: after a decision, and on opening one from the queue.

From the keystroke (or click) in the browser until the check's front is in the page, decoded, and two frames have gone
by. The floor is a NiceGUI page that swaps one picture, which is there already, for another on a click. Console and
floor take turns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from playwright.sync_api import Page

from tests.bench.chromium import Running, running
from tests.bench.figures import Figure, duration, percentile
from tests.bench.ground import Ground

DECISIONS: Final = 40
OPENED: Final = 25
_WARM_UP: Final = 3
_DECIDED_TARGET: Final = 250.0
_OPENED_TARGET: Final = 400.0
_OF_FLOOR: Final = 2.5

# Arms a clock before the keystroke: it starts with the event itself and stops two frames after the picture that is
# shown has become another one.
_ARM: Final = """
([selector, event]) => {
    const shown = () => document.querySelector(selector)?.currentSrc || document.querySelector(selector)?.src;
    const before = shown();
    window.timed = new Promise((done) => {
        window.addEventListener(event, () => {
            const start = performance.now();
            const frame = () => {
                const picture = document.querySelector(selector);
                if (!shown() || shown() === before || !picture.complete || !picture.naturalWidth) {
                    return requestAnimationFrame(frame);
                }
                picture.decode().catch(() => {}).then(() => requestAnimationFrame(
                    () => requestAnimationFrame(() => done(performance.now() - start))));
            };
            frame();
        }, {capture: true, once: true});
    });
}
"""
_FRONT: Final = ".crc-viewer [data-side=front] img"
_READY: Final = f"""
() => {{
    const picture = document.querySelector("{_FRONT}");
    return picture && picture.complete && picture.naturalWidth;
}}
"""


def run(ground: Ground, decisions: int = DECISIONS, opened: int = OPENED) -> list[Figure]:
    """p50 and p95 of both, beside the floor's."""
    checks = decisions + opened + 3 * _WARM_UP + 10
    with running(ground, items=checks, images=2, flags=False) as site, site.browser() as browser:
        page, floor = (site.context(browser).new_page() for _ in range(2))
        floor.goto(f"{site.floor}/swap")
        floor.wait_for_function("window.did_handshake && window.kept?.length === 2")
        decided, swapped = _decide(site, page, floor, decisions)
        looked = [_open(site, page) for _ in range(opened + _WARM_UP)][_WARM_UP:]
    base = percentile(swapped, 95)
    note = "p95 {:.0f} ms of floor's {:.0f} ms; p50 {:.0f} ms"
    figures = [
        duration("decision submitted until next check painted, p95", percentile(decided, 95), base,
                 note=note.format(percentile(decided, 95), base, percentile(decided, 50))),
        duration("the same, p50", percentile(decided, 50), percentile(swapped, 50)),
        duration("opened from the queue until painted, p95", percentile(looked, 95), base,
                 note=note.format(percentile(looked, 95), base, percentile(looked, 50))),
    ]  # fmt: skip
    return [
        _judged(figures[0], _DECIDED_TARGET, _OF_FLOOR),
        figures[1],
        _judged(figures[2], _OPENED_TARGET),
    ]


def _judged(figure: Figure, below: float, of_floor: float | None = None) -> Figure:
    words = f"< {below:.0f} ms" + (f" and ≤ {of_floor} × floor" if of_floor else "")
    met = figure.value < below and (of_floor is None or figure.value <= of_floor * (figure.floor or 0))
    return replace(figure, target=words, met=met)


def _decide(site: Running, page: Page, floor: Page, decisions: int) -> tuple[list[float], list[float]]:
    page.goto(f"{site.console}/queue")
    page.wait_for_selector("tr[data-row]")
    page.wait_for_function("window.did_handshake")
    page.keyboard.press("s")
    page.wait_for_url("**/review/**")
    ours: list[float] = []
    floors: list[float] = []
    for _ in range(decisions + _WARM_UP):
        page.wait_for_function(_READY)
        page.wait_for_timeout(600)  # the reviewer looks, and the next check's images come meanwhile
        page.keyboard.press("a")
        page.wait_for_selector("[data-action=pay][aria-pressed=true]")
        ours.append(_timed(page, _FRONT, "keydown", lambda: page.keyboard.press("Control+Enter")))
        floors.append(_timed(floor, "img", "click", lambda: floor.click("button")))
    return ours[_WARM_UP:], floors[_WARM_UP:]


def _open(site: Running, page: Page) -> float:
    """From Enter on a row of the queue until its front is painted; the navigation carries the clock's start."""
    page.goto(f"{site.console}/queue")
    page.wait_for_selector("tr[data-row]")
    page.wait_for_function("window.did_handshake")
    page.wait_for_timeout(300)
    page.keyboard.press("ArrowDown")
    page.evaluate("addEventListener('keydown', () => sessionStorage.setItem('pressed', Date.now()), {capture: true})")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/**")
    page.wait_for_function(_READY)
    since: float = page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame("
        "() => done(Date.now() - Number(sessionStorage.getItem('pressed'))))))"
    )
    return since


def _timed(page: Page, selector: str, event: str, act: Any) -> float:
    page.evaluate(_ARM, [selector, event])
    act()
    taken: float = page.evaluate("window.timed")
    return taken
