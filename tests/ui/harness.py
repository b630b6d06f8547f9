"""A page of each kind on invented data, served alone: what the browser tests and our eyes look at.

Run as ``PYTHONPATH=. python tests/ui/harness.py PORT``, or by the ``harness`` fixture. It keeps what the browser
told the server under ``/log``, so that a test can read it.
"""

import io
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from nicegui import app as nicegui_app
from nicegui import ui
from nicegui.element import Element
from PIL import Image, ImageDraw, ImageFont

from console.masking import masked
from console.ui import theme
from console.ui.check_viewer import CheckViewer, Comparison, ImageSide, Region
from console.ui.countdown import Countdown
from console.ui.format import money
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, ItemRow, ItemTable, Sort
from console.ui.keys import Scope, key_of, keys_for
from console.ui.pieces import ActionButton, Chip, Figure, Text, Tone, panel
from console.ui.shell import NavItem, SessionClock, shell
from console.ui.still import Still, node

LOG: list[tuple[str, Any]] = []
WIDTH, HEIGHT = 1200, 540
GREY = 50
NAV = (
    ("inbox", "Queue", "/queue"),
    ("done_all", "Approve", "/approve"),
    ("balance", "Policy", "/policy"),
    ("upload_file", "Intake", "/intake"),
    ("bar_chart", "Reports", "/reports"),
    ("receipt_long", "Audit", "/audit"),
)
FLAGS = (
    "Words ≠ figures",
    "Amount differs",
    "Large, new account",
    "Duplicate?",
    "Velocity",
    "Stop payment",
    "Stale dated",
)
USER = "m.reyes"
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self' ws:; object-src 'none'; base-uri 'none'"
)


def draw_side(side: str, number: int) -> bytes:
    """A check that can be told from others: its number, and known marks.

    `fine` is the front once more, scanned at 240 dpi and 8 pixels (of 200 dpi) to the right, with a blot of 60 × 40
    pixels at (300, 340) that the front lacks, and without its amount. `gray` is a front with a stroke of middle grey.
    """
    drawn = {"back": _draw_back, "card": _draw_card, "gray": _draw_gray, "fine": _draw_fine, "askew": _draw_askew}
    image = drawn.get(side, _draw_front)(number)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


BIG, SMALL = ImageFont.load_default(44), ImageFont.load_default(24)


def _stock() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("1", (WIDTH, HEIGHT), 1)
    pen = ImageDraw.Draw(image)
    pen.rectangle((12, 12, WIDTH - 13, HEIGHT - 13), outline=0, width=3)
    return image, pen


def _draw_front(number: int, amount: str = "$ 100.04") -> Image.Image:
    image, pen = _stock()
    pen.text((40, 30), "Anna Invented\n12 Nowhere Lane\nSampleton", font=SMALL, fill=0)
    pen.text((880, 40), f"No. {number}", font=BIG, fill=0)
    pen.text((40, 180), "Pay to the order of   Fictitious Hardware", font=SMALL, fill=0)
    pen.rectangle((900, 160, 1150, 225), outline=0, width=2)
    pen.text((915, 165), amount, font=BIG, fill=0)
    pen.text((40, 270), "One hundred and 04/100", font=BIG, fill=0)
    pen.line((650, 410, 1150, 410), fill=0, width=2)
    pen.text((720, 360), "A. Invented", font=BIG, fill=0)
    pen.text((60, 470), "⑆ 097770592 ⑆   60666044  113", font=BIG, fill=0)
    return image


def _draw_fine(number: int) -> Image.Image:
    front = _draw_front(number, amount="")
    ImageDraw.Draw(front).rectangle((300, 340, 359, 379), fill=0)
    moved = Image.new("1", (WIDTH, HEIGHT), 1)
    moved.paste(front, (8, 0))
    return moved.resize((WIDTH * 6 // 5, HEIGHT * 6 // 5))


def _draw_askew(number: int) -> Image.Image:
    """The front, turned anticlockwise by 0.8 degrees."""
    return _draw_front(number).convert("L").rotate(0.8, Image.Resampling.BILINEAR, fillcolor=255)


def _draw_gray(number: int) -> Image.Image:
    image = _draw_front(number).convert("L")
    ImageDraw.Draw(image).rectangle((400, 60, 599, 159), fill=150)
    return image


def _draw_back(number: int) -> Image.Image:
    image, pen = _stock()
    pen.text((60, 60), "For deposit only", font=BIG, fill=0)
    pen.text((60, 130), f"endorsed {number}", font=SMALL, fill=0)
    return image


def _draw_card(number: int) -> Image.Image:
    image = Image.new("1", (800, 440), 1)
    pen = ImageDraw.Draw(image)
    pen.text((30, 20), f"SIGNATURE CARD {number}", font=SMALL, fill=0)
    for foot in (170, 280, 390):
        pen.line((30, foot, 770, foot), fill=0)
        pen.text((60, foot - 50), "A. Invented", font=BIG, fill=0)
    return image


def row(number: int, minutes: float) -> ItemRow:
    now = datetime.now(UTC)  # of the page: the process may have been up for an hour
    return ItemRow(
        id=f"item-{number}",
        due_ms=int((now + timedelta(minutes=minutes)).timestamp() * 1000),
        warn_ms=int((now + timedelta(minutes=minutes - 30)).timestamp() * 1000),
        return_by="Mon 14:00" if number % 3 else "",
        return_by_title="Monday 23 November 2026, 14:00 EST",
        amount=money(Decimal(number * 173_113 % 4_000_000) / 100),
        type="on-us" if number % 4 else "transit",
        account=masked(str(60_666_044 + number * 4471)),
        serial=str(100 + number * 7),
        flags=[FLAGS[number % 7], *(["60 × usual"] if number % 5 == 1 else [])],
        priority=("critical", "high", "medium", "low")[number % 4 if number else 0],
        status="in review" if number == 2 else "new",
        held_by="j.ito" if number == 2 else USER if number == 4 else None,
        held_by_me=number == 4,
        received_ms=int((now - timedelta(minutes=20 * number)).timestamp() * 1000),
    )


def sides(number: int) -> tuple[ImageSide, ImageSide]:
    front, back = (ImageSide(f"/image/{number}/{side}", WIDTH, HEIGHT, 200) for side in ("front", "back"))
    return front, back


def regions() -> list[Region]:
    return [
        Region("flag_amount", "reads 100.04, file says 6,100.04", "front", 0.74, 0.28, 0.23, 0.16),
        Region("flag_signature", "signature 0.62 like the card", "front", 2.7, 1.6, 3.1, 0.55, "weak", "inch"),
    ]


def comparisons(number: int) -> list[Comparison]:
    """Two earlier checks, the first scanned finer and a little off; one without a picture; a signature card."""
    fine = ImageSide(f"/image/{number}/fine", WIDTH * 6 // 5, HEIGHT * 6 // 5, 240)
    return [
        Comparison("earlier-1", "#112", fine, "100.00 · 3 Nov"),
        Comparison("earlier-2", "#111", ImageSide("/image/111/front", WIDTH, HEIGHT, 200), "96.20 · 19 Oct"),
        Comparison("lost", "#110", ImageSide("/image/broken", WIDTH, HEIGHT, 200), "88.00 · 2 Oct"),
        Comparison("askew", "Askew", ImageSide(f"/image/{number}/askew", WIDTH, HEIGHT, 200), "100.04 · 1 Oct"),
        Comparison(
            "card", "Signature card", ImageSide("/image/1/card", 800, 440, 200), "Anna Invented", zone="signature"
        ),
    ]


def frame(active: str, title: str, subtitle: str) -> Any:
    return shell(
        nav=[NavItem(icon, label, path, label == active) for icon, label, path in NAV],
        user=USER,
        title=title,
        subtitle=subtitle,
        institution="First Example Bank",
        session=SessionClock(datetime.now(UTC) + timedelta(minutes=28), datetime.now(UTC)),
        on_sign_out=lambda: LOG.append(("sign_out", None)),
    )


def queue_page() -> None:
    total = 248
    pages = {"shown": 50}

    def load(sort: Sort | None = None) -> None:
        rows = [row(n, -6 + n * 15) for n in range(50)]
        if sort and sort.descending:
            rows.reverse()
        table.set_rows(rows, now=datetime.now(UTC), total=total, more=True, sort=sort or Sort("sla"))

    def on_sort(sort: Sort) -> None:
        LOG.append(("sort", [sort.column, sort.descending]))
        pages["shown"] = 50
        load(sort)

    def on_more() -> None:
        LOG.append(("more", pages["shown"]))
        start, pages["shown"] = pages["shown"], min(total, pages["shown"] + 50)
        table.append_rows([row(n, n * 15) for n in range(start, pages["shown"])], more=pages["shown"] < total)

    with frame("Queue", "Queue", "First Example Bank · 14:03 ET") as parts:
        with parts.actions:
            ActionButton(
                "Start", lambda: LOG.append(("click", "start")), key=key_of("start", Scope.QUEUE), kind="primary"
            )
        with ui.element("div").classes("crc-row"):
            Figure("248", "waiting")
            Figure("1", "SLA breached", tone=Tone.BREACH)
            Figure("6", "due soon", tone=Tone.WARNING)
            Figure("19", "await a second person")
            Figure("312", "decided today · 41 s median")
        with ui.element("div").classes("crc-row"):
            with ui.element("div").classes("crc-tabs"):
                for name, n in (
                    ("High priority", 31),
                    ("Standard", 183),
                    ("Escalated", 9),
                    ("Special review", 6),
                    ("Mine", 4),
                ):
                    ActionButton(name, count=str(n)).set_chosen(n == 31)
            ui.element("span").classes("crc-gap")
            with ui.element("label").classes("crc-input") as search:
                search.props["data-focus"] = "search"
                field = ui.element("input")
                field.props["placeholder"] = "Search account, serial, payee, amount"
                field.props["aria-label"] = "Search"
                field.props["size"] = "32"
                Text("/", tag="kbd", classes="crc-cap")
            ActionButton("Filters · 0")
            ActionButton("Remove item-1", lambda: table.remove_row("item-1"))
            ActionButton("Hold item-3", lambda: table.patch_rows({"item-3": {"held_by": "a.sol"}}))
        table = ItemTable(
            label="Checks waiting",
            on_open=lambda item: LOG.append(("open", item)),
            on_sort=on_sort,
            on_more=on_more,
            on_select=lambda item: LOG.append(("select", item)),
            hints=(MOVE, ("row_open", "open"), ("start", "start"), ("search", "search")),
        )
        Hotkeys(keys_for(Scope.QUEUE), lambda action: LOG.append(("key", action)))
        load()


def table_states_page() -> None:
    with frame("Queue", "States", "") as parts:
        empty = ItemTable(label="Empty", on_open=print)
        empty.set_rows([], now=datetime.now(UTC), total=0)
        ItemTable(label="Loading", on_open=print)
        broken = ItemTable(label="Broken", on_open=print, on_retry=lambda: LOG.append(("retry", None)))
        broken.set_status("error", "The queue could not be read. Nothing was changed; try again.")
        clock = ItemTable(label="Clock", on_open=print)
        rows = [{**row(1, 100), "due_ms": int((datetime.now(UTC).timestamp() + left) * 1000)} for left in (20, 3718)]
        rows[0] |= {"id": "soon", "warn_ms": 0}
        rows[1] |= {"id": "late", "warn_ms": None}
        clock.set_rows([*rows, {**row(5, 5), "id": "paused", "due_ms": None}], now=datetime.now(UTC), total=3)  # type: ignore[list-item]
        with parts.chips:
            Countdown(datetime.now(UTC) + timedelta(seconds=3), now=datetime.now(UTC), prefix="SLA", suffix="left")


def review_page() -> None:
    at = {"number": 1}
    kept: dict[str, dict[str, Any]] = {}

    def show(number: int, *, prefetch: bool = True) -> None:
        at["number"] = number
        front, back = sides(number)
        if number == GREY:
            front = ImageSide("/image/1/gray", WIDTH, HEIGHT, 200)
        if number == 99:
            front, back = ImageSide("/image/broken", WIDTH, HEIGHT), None  # type: ignore[assignment]
        if number == 98:
            back = ImageSide("", WIDTH, HEIGHT, problem="Destroyed on 2033-01-02, when its retention time was over.")
        viewer.set_check(
            f"check-{number}",
            front=front,
            back=back,
            regions=regions(),
            comparisons=comparisons(number),
            watermark="m.reyes · 2026-11-22 14:03 ET",
        )
        if prefetch:
            viewer.prefetch(sides(number + 1))

    def acted(action: str) -> None:
        LOG.append(("key", action))
        if action == "next":
            show(at["number"] + 1)
        if action == "previous":
            show(at["number"] - 1)

    def heard(check: str, state: dict[str, Any]) -> None:
        LOG.append(("state", [check, state]))
        if state.get("compare"):  # what is told after the comparison is left is not what comes back
            kept[check] = state

    def restore() -> None:
        viewer.set_state(kept["check-1"])

    def renew() -> None:
        """New addresses; that of the lost picture now leads to one."""
        front, back = sides(at["number"])
        renewed = [replace(one, image=replace(one.image, url=f"{one.image.url}?new")) for one in comparisons(1)]
        found = ImageSide("/image/110/front?new", WIDTH, HEIGHT, 200)
        viewer.renew(
            front=replace(front, url=f"{front.url}?new"),
            back=replace(back, url=f"{back.url}?new"),
            comparisons=[replace(one, image=found) if one.key == "lost" else one for one in renewed],
        )

    async def time_spent() -> None:
        LOG.append(("spent", await viewer.read_sides()))

    with frame("Queue", "High priority", "12 of 248") as parts:
        with parts.chips:
            due = datetime.now(UTC) + timedelta(minutes=24)
            Countdown(due, now=datetime.now(UTC), warn_at=due - timedelta(minutes=30), prefix="SLA", suffix="left")
            Chip("return by Mon 14:00 ET", icon_name="flag")
            Chip("two people", tone=Tone.TWO_PEOPLE, icon_name="group")
        with parts.actions:
            Chip("claimed by you")
            ActionButton("Previous", lambda: acted("previous"), key=key_of("previous", Scope.REVIEW))
            ActionButton("Next", lambda: acted("next"), key=key_of("next", Scope.REVIEW))
            ActionButton("Grey", lambda: show(GREY))
            ActionButton("Broken", lambda: show(99, prefetch=False))
            ActionButton("Spent", time_spent)
            ActionButton("Restore", restore)
        with ui.element("div").classes("demo-review"):
            with ui.element("div").classes("crc-column"):
                viewer = CheckViewer(
                    on_state=heard,
                    on_sides=lambda check, ms: LOG.append(("sides", [check, ms])),
                )
                with panel(
                    "Earlier checks of this account", aside="18 months · 41 checks · 1 returned", classes="demo-below"
                ):
                    ActionButton("Renew", renew)
                    for one in comparisons(1):
                        thumb = ActionButton(one.label)
                        thumb.props["data-compare"] = one.key
                    still = Still(on_act=lambda act: LOG.append(("act", act)))
                    still.show(
                        [
                            node("p", "<b>Payee & Sons</b>", class_="demo-words"),
                            node("button", "Say so", type="button", class_="crc-button", data_act="compare-1"),
                        ]
                    )
            with ui.element("div").classes("crc-panel demo-side"):
                Text("$6,100.04", classes="demo-amount")
                for region in regions():
                    card = Element("article").classes("crc-flag-card")
                    card.props["data-shows-region"] = region.key
                    with card:
                        Text(region.label, tag="h3")
                        ActionButton("Confirm", lambda: LOG.append(("confirmed", None)))
                with ui.element("label").classes("crc-input"):
                    note = ui.element("textarea")
                    note.props["aria-label"] = "Note"
                    note.props["rows"] = "1"
                    note.props["placeholder"] = "Note"
                with ui.element("div").classes("demo-decisions"):
                    for action in ("pay", "return", "reject", "hold", "escalate", "ask"):
                        key = key_of(action, Scope.REVIEW)
                        button = ActionButton(
                            key.label.split()[0], lambda a=action: LOG.append(("click", a)), key=key, kind="choice"
                        )
                        if action == "return":
                            button.set_chosen(True, tone=Tone.BREACH)
                submit = key_of("submit", Scope.REVIEW)
                ActionButton("Recommend return, ask a second person", key=submit, kind="primary")
        Hotkeys(keys_for(Scope.REVIEW), acted)
        show(1)


def alone_page() -> None:
    """The viewer as any page may use it: no shell, no keys; two of them."""
    ui.page_title("Two viewers")
    with Element("main").classes("demo-alone"):
        for number in (1, 2):
            viewer = CheckViewer(keys=(), on_sides=lambda check, ms: LOG.append(("sides", [check, ms])))
            front, back = sides(number)
            viewer.set_check(f"check-{number}", front=front, back=back, state={"front": {"invert": True}})


def frames_page(width: int, height: int) -> None:
    """The viewer alone over a check of this size, filling the window: what the bench of frame times moves."""
    with Element("main").classes("demo-frames"):
        viewer = CheckViewer(keys=())
        front = ImageSide(f"/sized/{width}/{height}", width, height, 200)
        viewer.set_check(
            "check-1", front=front, back=None, regions=regions(), watermark="m.reyes · 2026-11-22 14:03 ET"
        )


def bare_page(width: int, height: int) -> HTMLResponse:
    """Its floor: the same image in a frame of the same size, and nothing else."""
    margin = f"margin:-{height / 2}px 0 0 -{width / 2}px"
    return HTMLResponse(
        "<!doctype html><style>body{margin:0}main{position:relative;height:560px;width:930px;overflow:hidden}"
        f"img{{position:absolute;left:50%;top:50%;{margin}}}</style>"
        f'<main><img src="/sized/{width}/{height}" alt=""></main>'
    )


DEMO_CSS = """
.demo-review { display: grid; grid-template-columns: minmax(0, 1fr) 420px; gap: 10px; height: 100%; min-height: 0; }
.demo-below { flex: 0 0 236px; }
.demo-side { display: flex; flex-direction: column; gap: 10px; padding: 12px 14px; }
.demo-frames { display: flex; height: 560px; width: 930px; }
.demo-alone { display: grid; gap: 10px; height: 900px; }
.demo-side .crc-input { margin-top: auto; }
.demo-amount { font-size: 30px; font-weight: 700; line-height: 1.2; }
.demo-decisions { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; }
"""


def build() -> FastAPI:
    """The harness as an app."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield

    server = FastAPI(lifespan=life)

    @server.middleware("http")
    async def guarded(request: Request, call_next: Any) -> Response:
        """The content security policy pages live under: scripts by nonce, nothing from elsewhere."""
        answer = await call_next(request)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            return answer  # type: ignore[no-any-return]
        nonce = secrets.token_urlsafe(12)
        body = b"".join([part async for part in answer.body_iterator])
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return Response(
            body.replace(b"<script", f'<script nonce="{nonce}"'.encode()),
            answer.status_code,
            headers | {"Content-Security-Policy": POLICY.format(nonce=nonce)},
        )

    theme.install(server)
    ui.add_css(DEMO_CSS, shared=True)

    @server.get("/image/broken")
    def broken() -> Response:
        return Response(b"not an image", media_type="image/png")

    @server.get("/image/{number}/{side}")
    def image(number: int, side: str) -> Response:
        LOG.append(("image", [number, side]))
        return Response(draw_side(side, number), media_type="image/png", headers={"Cache-Control": "no-store"})

    @server.get("/log")
    def log() -> list[tuple[str, Any]]:
        return LOG

    ui.page("/queue")(queue_page)
    ui.page("/review")(review_page)

    @server.get("/sized/{width}/{height}")
    def sized(width: int, height: int) -> Response:
        out = io.BytesIO()
        _draw_front(1).resize((width, height)).save(out, "PNG")
        return Response(out.getvalue(), media_type="image/png")

    server.get("/bare/{width}/{height}")(bare_page)
    ui.page("/frames/{width}/{height}")(frames_page)
    ui.page("/alone")(alone_page)
    ui.page("/states")(table_states_page)
    ui.run_with(
        server,
        tailwind=False,
        title="Harness",
        language="en-US",
        show_welcome_message=False,
        reconnect_timeout=30,
        gzip_middleware_factory=None,  # the nonce is stamped on text
    )
    return server


if __name__ == "__main__":
    assert nicegui_app
    uvicorn.run(build(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
