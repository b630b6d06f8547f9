"""A small site behind the whole edge, asked in this process: what the tests of gate, forms and headers share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
from fastapi import FastAPI, Request
from jinja2 import DictLoader, Environment

from console.access import people, sessions, totp
from console.access.sessions import Stage
from console.access.visit import Visit
from console.actor import Actor
from console.edge.install import install
from console.settings import Settings
from db.engine import transaction
from tests.factories import PASSWORD

ORIGIN = "http://127.0.0.1:8000"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PAGE = {"accept": "text/html", "sec-fetch-mode": "navigate"}


def site(settings: Settings) -> FastAPI:
    """Everything under `/` answers with who asks; pages are owned by the session in their id."""
    app = FastAPI()
    colours = {"ground": "#fff"}
    templates = Environment(loader=DictLoader({"page": "<script>1</script>"}), autoescape=True)
    install(
        app,
        settings,
        light=colours,
        dark=colours,
        page_templates=templates,
        page_owner=lambda page: page.partition("-")[2] or None,
    )

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    async def everything(request: Request) -> dict[str, str | None]:
        actor: Actor = request.state.actor
        return {"name": actor.name, "request": actor.request_id, "session": actor.session}

    return app


@asynccontextmanager
async def browser(settings: Settings, app: FastAPI | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on the site: it keeps cookies, sends the Origin with forms and follows nothing by itself."""

    async def add_origin(request: httpx.Request) -> None:
        if request.method == "POST" and "origin" not in request.headers:
            request.headers["origin"] = settings.public_origin

    transport = httpx.ASGITransport(app or site(settings), client=("192.0.2.7", 4711))
    hooks = {"request": [add_origin]}
    async with httpx.AsyncClient(
        transport=transport, base_url=settings.public_origin, headers=PAGE, event_hooks=hooks
    ) as client:
        yield client


async def enrol(actor: Actor) -> None:
    """Give the person a confirmed second factor with SECRET."""
    async with transaction(actor) as session:
        await people.set_totp(session, actor.user_id, SECRET)
        await people.confirm_totp(session, actor.user_id)


def code(steps: int = 0) -> str:
    """The code of now, or of some steps away."""
    return totp.code_at(SECRET, datetime.now(UTC) + timedelta(seconds=30 * steps))


async def sign_in(client: httpx.AsyncClient, username: str, code_: str | None = None, **extra: str) -> httpx.Response:
    """Password and code; the answer to the code."""
    await client.post("/sign-in", data={"username": username, "password": PASSWORD, **extra})
    return await client.post("/sign-in/code", data={"code": code() if code_ is None else code_, **extra})


async def session_of(actor: Actor, stage: Stage = Stage.FULL) -> str:
    """A session's token, without the forms."""
    person = sessions.Person(actor.institution_id, actor.user_id, actor.name, actor.name, actor.roles)
    return await sessions.start(person, stage, Visit("192.0.2.7"))
