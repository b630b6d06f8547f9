"""The gate, asked by the anonymous, by half signed-in people, by other sites and by strangers' sockets."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.routing import Mount

from console.access import session_store, sessions
from console.access.sessions import Stage
from console.edge import health
from console.edge.gate import DATABASE_UNAVAILABLE
from console.edge.origin import is_same_origin
from console.settings import Environment, Settings, settings
from db.engine import close_engine, open_engine
from db.redis_pool import close_redis, open_redis, redis
from tests.edge.site import ORIGIN, browser, session_of, site
from tests.factories import make_bank

COOKIE = "console_session"
OPEN = ("/sign-in", "/health", "/health/live", "/health/ready", "/api/v1/health")
SHUT = (
    "/", "/queue", "/images/1", "/_nicegui/3.18.0/static/nicegui.js", "/_nicegui/client/p-x/upload/1", "/docs",
    "/openapi.json", "/favicon.ico", "/sign-in/", "/sign-in/../queue", "/sign-in%2f..%2fqueue", "/sign-inx", "//queue",
    "/health/x", "/metrics", "/api/v1x", "/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/SIGN-IN",
)  # fmt: skip


@pytest.mark.parametrize("cookie", ["", "invented", "pending"])
def test_the_anonymous_reach_sign_in_and_health_only(run: Callable, console: Settings, cookie: str) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with browser(console) as client:
            if cookie:
                token = await session_of(bank.reviewer, Stage.PASSWORD) if cookie == "pending" else "invented"
                client.cookies.set(COOKIE, token, domain="127.0.0.1")
            for path in OPEN:
                assert (await client.get(path)).status_code == 200, path
            for path in SHUT:
                page = await client.get(path)
                asset = path.startswith("/_nicegui")
                assert page.status_code == (401 if asset else 303), path
                if not asset:
                    assert page.headers["location"].startswith("/sign-in?next=/"), path
                part = await client.get(path, headers={"sec-fetch-mode": "cors", "accept": "*/*"})
                assert (part.status_code, part.json()) == (401, {"detail": "Sign in first."}), path
                for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
                    answer = await client.request(method, path, headers={"origin": ORIGIN})
                    assert answer.status_code == 401, (method, path)

    run(story())


def test_changes_need_our_origin(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with browser(console) as client:
            client.cookies.set(COOKIE, await session_of(bank.reviewer), domain="127.0.0.1")
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                for origin in ("https://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8000"):
                    answer = await client.request(method, "/thing", headers={"origin": origin})
                    assert answer.status_code == 403, (method, origin)
                assert (await client.request(method, "/thing", headers={"origin": ORIGIN})).status_code == 200
            assert (await client.put("/thing")).status_code == 403  # no Origin at all
            for path in ("/sign-in", "/sign-out"):
                answer = await client.post(path, headers={"origin": "https://evil.example"})
                assert answer.status_code == 403 and "set-cookie" not in answer.headers

    run(story())


@pytest.mark.parametrize(
    ("environment", "origin", "host", "same"),
    [
        ("production", "https://bank.example", "bank.example", True),
        ("production", "https://bank.example", "elsewhere", True),
        ("production", "null", "bank.example", False),
        ("production", "http://bank.example", "bank.example", False),
        ("production", "http://127.0.0.1:8000", "127.0.0.1:8000", False),
        ("development", "http://localhost:1234", "localhost:1234", True),
        ("development", "http://[::1]:1234", "[::1]:1234", True),
        ("development", "http://localhost:1234", "127.0.0.1:1234", False),
        ("development", "http://evil.example", "evil.example", False),
        ("development", "http://127.0.0.1.evil.example", "127.0.0.1.evil.example", False),
        ("development", "null", "127.0.0.1", False),
        ("development", None, "127.0.0.1", False),
    ],
)
def test_origins(environment: str, origin: str | None, host: str, same: bool) -> None:
    values = {"host": host} | ({} if origin is None else {"origin": origin})
    current = Settings.model_construct(
        environment=Environment(environment), public_origin="https://bank.example", _fields_set=set()
    )
    assert is_same_origin(Headers(values), current) is same


@pytest.mark.parametrize(
    ("site_", "same"), [("same-origin", True), ("cross-site", False), ("none", False), ("", False)]
)
def test_a_form_of_a_page_without_referrer(site_: str, same: bool) -> None:
    values = {"origin": "null"} | ({"sec-fetch-site": site_} if site_ else {})
    current = Settings.model_construct(
        environment=Environment.PRODUCTION, public_origin="https://bank.example", _fields_set=set()
    )
    assert is_same_origin(Headers(values), current) is same


def test_a_request_carries_our_number_and_no_prefix(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        app = site(console)
        async with browser(console, app) as client:
            client.cookies.set(COOKIE, await session_of(bank.reviewer), domain="127.0.0.1")
            first = await client.get("/queue", headers={"x-request-id": "mine", "x-forwarded-prefix": "//evil"})
            number = first.headers["x-request-id"]
            assert re.fullmatch("[0-9a-f]{32}", number) and first.json()["request"] == number
            assert (await client.get("/queue")).headers["x-request-id"] != number
            assert "x-request-id" in (await client.get("/health")).headers

    run(story())


def test_going_to_a_page_is_activity_and_fetching_is_not(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        token = await session_of(bank.reviewer)
        async with browser(console) as client:
            client.cookies.set(COOKIE, token, domain="127.0.0.1")

            async def seen() -> Any:
                await asyncio.sleep(0.005)
                return (await sessions.find(token)).last_seen_at

            before = await seen()
            for path, mode in (("/images/1", "no-cors"), ("/queue", "cors"), ("/_nicegui/x", "navigate")):
                await client.get(path, headers={"sec-fetch-mode": mode})
            assert await seen() == before
            await client.get("/queue")
            assert await seen() > before

    run(story())


def test_a_page_s_own_address_is_for_its_session(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        token = await session_of(bank.reviewer)
        reference = (await sessions.find(token)).reference
        async with browser(console) as client:
            client.cookies.set(COOKIE, token, domain="127.0.0.1")
            own, other = f"/_nicegui/client/page-{reference}/upload/1", "/_nicegui/client/page-other/upload/1"
            assert (await client.post(own)).status_code == 200
            assert (await client.post(other)).status_code == 403

    run(story())


def test_services_that_are_gone_are_named(run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 30.0)  # what is there answers, however slow the machine

    async def story() -> None:
        bank = await make_bank()
        token = await session_of(bank.reviewer)
        async with browser(console) as client:
            client.cookies.set(COOKIE, token, domain="127.0.0.1")
            await close_redis()
            open_redis("redis://127.0.0.1:1/0")
            page = await client.get("/queue")
            assert page.status_code == 503 and "session service is unavailable" in page.text
            assert page.headers["retry-after"] == "5" and "text/html" in page.headers["content-type"]
            assert page.headers["refresh"] == "5" and "asks again by itself" in page.text
            sent = await client.post("/sign-in", data={"username": "a"}, headers={"origin": ORIGIN})
            assert sent.status_code == 503 and "refresh" not in sent.headers and "Go back" in sent.text
            part = await client.get("/images/1", headers={"sec-fetch-mode": "no-cors"})
            assert part.status_code == 503 and "session service" in part.json()["detail"]
            assert (await client.get("/sign-in")).status_code == 503
            health = await client.get("/api/v1/health")
            assert health.status_code == 503
            down = [name for name, one in health.json()["checks"].items() if one["status"] != "ok"]
            assert down == ["redis", "worker"]
            # A process that lives is not restarted, nor taken out, for a Redis that does not.
            for path in ("/health", "/health/live", "/health/ready"):
                assert (await client.get(path)).status_code == 200
            await close_redis()
            open_redis(console.redis_url.get_secret_value())
            await close_engine()
            open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
            answer = await client.post("/sign-in", data={"username": "reviewer", "password": "wrong"})
            assert answer.status_code == 503 and DATABASE_UNAVAILABLE in answer.text

    run(story())


class Socket:
    """A websocket to the application, spoken in ASGI messages."""

    def __init__(self, app: FastAPI, path: str, query: str, headers: dict[str, str]) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.incoming.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket", "path": path, "raw_path": path.encode(), "root_path": "", "scheme": "ws",
            "query_string": query.encode(), "client": ("192.0.2.7", 4711), "subprotocols": [],
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        self.task = asyncio.create_task(app(scope, self.incoming.get, self.outgoing.put))

    async def say(self, text: str) -> None:
        await self.incoming.put({"type": "websocket.receive", "text": text})

    async def hear(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.outgoing.get(), 30)


def listening_site(current: Settings) -> tuple[FastAPI, list[str]]:
    """The site with a socket behind the gate that writes down what reaches it."""
    app, heard = site(current), []

    async def listen(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            heard.append(message["text"])
            await send({"type": "websocket.send", "text": "heard"})
        heard.append(f"disconnected {message['code']}")
        await send({"type": "websocket.send", "text": "too late"})

    app.router.routes.insert(0, Mount("/_nicegui_ws", listen))
    return app, heard


def event(page: str) -> str:
    return "42" + json.dumps(["event", {"client_id": page, "listener_id": "1", "args": []}])


def test_a_socket_needs_session_and_origin(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        app, heard = listening_site(console)
        token, half = await session_of(bank.reviewer), await session_of(bank.reviewer, Stage.PASSWORD)
        good = {"origin": ORIGIN, "cookie": f"{COOKIE}={token}", "host": "127.0.0.1:8000"}
        path = "/_nicegui_ws/socket.io/"
        for headers in (good | {"origin": "https://evil.example"}, {"cookie": good["cookie"]}):
            answer = await Socket(app, path, "", headers).hear()
            assert answer["type"] == "websocket.close"  # before accepting: HTTP 403
        assert (await Socket(app, "/queue", "", good).hear())["type"] == "websocket.close"
        other_page = "client_id=page-of_somebody_else"
        without = [("", {"origin": ORIGIN}), ("", good | {"cookie": f"{COOKIE}={half}"}), (other_page, good)]
        for query, headers in without:
            socket = Socket(app, path, query, headers)
            answers = [await socket.hear() for _ in range(4)]
            assert [answer["type"].partition(".")[2] for answer in answers] == ["accept", "send", "send", "close"]
            assert answers[2]["text"] == '44{"message":"Implicit handshake failed"}' and answers[3]["code"] == 4401
            await socket.task
        assert heard == []
        assert (await Socket(app, path, "client_id=gone", good).hear())["type"] == "websocket.accept"

    run(story())


def test_who_was_signed_out_is_told_why(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        token = await session_of(bank.reviewer)
        await sessions.end_named(sessions.PageSession(token).reference, "ended_by_administrator")
        async with browser(console) as client:
            client.cookies.set(COOKIE, token, domain="127.0.0.1")
            answer = await client.get("/queue")
            assert answer.headers["location"] == "/sign-in?next=/queue&reason=ended_by_administrator"
            assert "an administrator ended your session" in (await client.get(answer.headers["location"])).text

    run(story())


def test_a_message_after_sign_out_is_not_acted_on(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        app, heard = listening_site(console)
        token = await session_of(bank.reviewer)
        reference = (await sessions.find(token)).reference
        headers = {"origin": ORIGIN, "cookie": f"other=1; {COOKIE}={token}", "host": "127.0.0.1:8000"}
        socket = Socket(app, "/_nicegui_ws/socket.io/", f"client_id=page-{reference}", headers)
        assert (await socket.hear())["type"] == "websocket.accept"
        await socket.say(event(f"page-{reference}"))
        assert (await socket.hear())["text"] == "heard"
        await sessions.end(token)
        await socket.say(event(f"page-{reference}"))
        closed = await socket.hear()
        assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
        await socket.task
        assert heard == [event(f"page-{reference}"), "disconnected 4401"]
        assert socket.outgoing.empty()

    run(story())


def test_events_beyond_the_rate_are_dropped_and_told(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = 60
    monkeypatch.setenv("PAGE_EVENTS_PER_MINUTE", str(allowed))
    settings.cache_clear()

    async def story() -> None:
        bank = await make_bank()
        app, heard = listening_site(console)
        token = await session_of(bank.reviewer)
        page = f"page-{(await sessions.find(token)).reference}"
        headers = {"origin": ORIGIN, "cookie": f"{COOKIE}={token}", "host": "127.0.0.1:8000"}
        socket = Socket(app, "/_nicegui_ws/socket.io/", f"client_id={page}", headers)
        await socket.hear()
        for _ in range(allowed):
            await socket.say(event(page))
            assert (await socket.hear())["text"] == "heard"
        await socket.say(event(page))
        assert json.loads((await socket.hear())["text"][2:])[0] == "notify"
        # Heartbeats are no events: the socket stays open.
        await socket.say("3")
        assert (await socket.hear())["text"] == "heard"
        assert heard == [event(page)] * allowed + ["3"]
        socket.task.cancel()

    run(story())
    settings.cache_clear()


@pytest.mark.parametrize(
    "frame",
    [
        event("page-other"), event("gone"), "42/,7" + event("page-other")[2:], "451-" + event("page-other")[2:],
        '42["event",{"client_id":"page-REF","client_id":"page-other"}]', '42["ack",1,{"client_id":"page-other"}]',
        '42["event",{"client_id":{"_placeholder":true,"num":0}}]', "42{not json", "42", '42"text"', "42[1,",
    ],
)  # fmt: skip
def test_a_message_for_another_s_page_ends_the_socket(run: Callable, console: Settings, frame: str) -> None:
    async def story() -> None:
        bank = await make_bank()
        app, heard = listening_site(console)
        token = await session_of(bank.reviewer)
        reference = (await sessions.find(token)).reference
        headers = {"origin": ORIGIN, "cookie": f"{COOKIE}={token}", "host": "127.0.0.1:8000"}
        socket = Socket(app, "/_nicegui_ws/socket.io/", "", headers)
        await socket.hear()
        for harmless in ("40", "3", event(f"page-{reference}")):
            await socket.say(harmless)
            assert (await socket.hear())["text"] == "heard"
        await socket.say(frame.replace("REF", reference))
        closed = await socket.hear()
        assert (closed["type"], closed["code"]) == ("websocket.close", 4403)
        await socket.task
        assert heard[3:] == ["disconnected 4403"]

    run(story())


def test_without_redis_messages_wait_and_heartbeats_go_on(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        app, heard = listening_site(console)
        token = await session_of(bank.reviewer)
        page = f"page-{(await sessions.find(token)).reference}"
        headers = {"origin": ORIGIN, "cookie": f"{COOKIE}={token}", "host": "127.0.0.1:8000"}
        socket = Socket(app, "/_nicegui_ws/socket.io/", "", headers)
        await socket.hear()
        await close_redis()
        open_redis("redis://127.0.0.1:1/0")
        typed = [event(page) + " " * n for n in range(40)]
        await socket.say(typed[0])
        await socket.say(typed[1])
        await socket.say("3")
        assert (await socket.hear())["text"] == "heard"
        for later in typed[2:]:
            await socket.say(later)
        await asyncio.sleep(1.2)
        assert heard == ["3"]  # nothing was let in unverified
        # A new socket is not let in at all.
        assert (await Socket(app, "/_nicegui_ws/socket.io/", "", headers).hear())["type"] == "websocket.close"
        await close_redis()
        open_redis(console.redis_url.get_secret_value())
        for _ in typed:
            assert (await socket.hear())["text"] == "heard"
        assert heard == ["3", *typed]
        await socket.say(event(page))
        assert (await socket.hear())["text"] == "heard"

    run(story())


def test_what_waited_is_dropped_where_the_session_has_ended_meanwhile(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        app, heard = listening_site(console)
        token = await session_of(bank.reviewer)
        reference = (await sessions.find(token)).reference
        headers = {"origin": ORIGIN, "cookie": f"{COOKIE}={token}", "host": "127.0.0.1:8000"}
        socket = Socket(app, "/_nicegui_ws/socket.io/", "", headers)
        await socket.hear()
        await close_redis()
        open_redis("redis://127.0.0.1:1/0")
        await socket.say(event(f"page-{reference}"))
        await asyncio.sleep(0.6)
        await close_redis()
        open_redis(console.redis_url.get_secret_value())
        await redis().delete(session_store.key(token))  # Redis came back without it
        assert (await socket.hear())["code"] == 4401
        await socket.task
        assert heard == ["disconnected 4401"]

    run(story())


def test_more_than_anybody_types_ends_the_socket(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        app, heard = listening_site(console)
        token = await session_of(bank.reviewer)
        headers = {"origin": ORIGIN, "cookie": f"{COOKIE}={token}", "host": "127.0.0.1:8000"}
        socket = Socket(app, "/_nicegui_ws/socket.io/", "", headers)
        await socket.hear()
        await close_redis()
        open_redis("redis://127.0.0.1:1/0")
        await socket.say("4" + " " * (1 << 21))
        assert (await socket.hear())["code"] == 1013
        await socket.task
        assert heard == ["disconnected 1013"]

    run(story())


def test_the_production_cookie_alone_counts_behind_tls(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_ORIGIN", "https://bank.example")
    settings.cache_clear()

    async def story() -> None:
        bank = await make_bank()
        token = await session_of(bank.reviewer)
        async with browser(settings()) as client:
            plain = await client.get("/queue", headers={"cookie": f"{COOKIE}={token}"})
            assert plain.status_code == 303
            prefixed = await client.get("/queue", headers={"cookie": f"__Host-{COOKIE}={token}"})
            assert prefixed.json()["name"] == bank.reviewer.name
            assert prefixed.headers["strict-transport-security"].startswith("max-age=")

    run(story())
