"""A real NiceGUI page behind the whole edge, in a process of its own, for a real browser.

Run by the tests as ``python -m tests.edge.page_server PORT``. It prints the tokens of four sessions, then serves.
"""

from __future__ import annotations

import asyncio
import json
import sys

import uvicorn
from fastapi import FastAPI, Request
from nicegui import ui
from nicegui.client import templates

from console.access.sessions import PageSession, SignedOut
from console.edge.install import install
from console.resources import resources
from console.settings import settings
from console.ui import open_pages, theme
from tests.edge.site import session_of
from tests.factories import make_bank

EVIL = "</script><script>window.smuggled = 1</script><img src=x onerror='window.smuggled = 1'>"
clicks: list[str] = []
refused: list[str] = []


@ui.page("/page", title=EVIL)
async def page(request: Request, text: str = "") -> None:
    session = PageSession(request.state.session_token)
    open_pages.own(ui.context.client, session.reference)

    async def click() -> None:
        try:
            clicks.append((await session.acting()).name)
        except SignedOut:
            refused.append("signed out")
        said.set_text(f"clicks {len(clicks)}")

    ui.label(EVIL + text)
    ui.button("Do it", on_click=click)
    ui.select(["one", "two"], value="one", label="Choice")
    ui.input("Note")
    said = ui.label("clicks 0")


@ui.page("/clicks")
def what_happened(request: Request) -> None:
    open_pages.own(ui.context.client, PageSession(request.state.session_token).reference)
    ui.label(json.dumps({"clicks": clicks, "refused": refused}))


def application() -> FastAPI:
    site = FastAPI()
    install(
        site,
        settings(),
        light=theme.LIGHT,
        dark=theme.DARK,
        page_templates=templates.env,
        page_owner=open_pages.page_owner,
    )

    @site.get("/log")
    async def log() -> dict[str, list[str]]:
        return {"clicks": clicks, "refused": refused}

    theme.install(site)
    ui.run_with(site, tailwind=False, show_welcome_message=False, reconnect_timeout=5)
    return site


async def main(port: int) -> None:
    async with resources(settings()):
        bank = await make_bank()
        tokens = [await session_of(bank.reviewer), await session_of(bank.approver), await session_of(bank.auditor)]
        tokens.append(await session_of(bank.supervisor))
        config = uvicorn.Config(application(), host="127.0.0.1", port=port, log_level="warning", lifespan="on")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        watching = asyncio.create_task(open_pages.keep_watch())
        while not server.started and not serving.done():
            await asyncio.sleep(0.05)
        print(json.dumps(tokens), flush=True)
        await serving
        watching.cancel()


if __name__ in {"__main__", "__mp_main__"}:
    asyncio.run(main(int(sys.argv[1])))
