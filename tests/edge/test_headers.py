"""Security headers, and where nonces are written."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import DictLoader, Environment
from nicegui.client import templates
from starlette.routing import Route

from console.edge import health
from console.edge.headers import SecurityHeaders, stamp_scripts, stamped_source
from console.settings import Settings
from db.redis_pool import close_redis, open_redis
from tests.edge.site import browser, session_of, site
from tests.factories import make_bank

EVERYWHERE = {
    "strict-transport-security": "max-age=63072000",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
PAGE = (
    '<title>{{ title }}</title><script>own()</script><link rel="modulepreload" href="/a.js" />'
    "{{ head_html | safe }}<scripture>{{ elements | safe }}</scripture>"
)
EVIL = "<script>evil()</script>"


def page_site(current: Settings) -> FastAPI:
    """One page of a template like NiceGUI's, with markup that somebody smuggled into its data."""
    app, environment = FastAPI(), Environment(loader=DictLoader({"page.html": PAGE}), autoescape=True)
    stamp_scripts(environment)

    @app.get("/")
    async def page(request: Request) -> HTMLResponse:
        text = environment.get_template("page.html").render(
            request=request, title=EVIL, head_html="<script>included()</script>", elements=EVIL
        )
        return HTMLResponse(text)

    @app.get("/with-images")
    async def with_images(request: Request) -> HTMLResponse:
        request.state.preloaded = ("/images/1?token=a", "/images/2?token=b")
        return HTMLResponse("")

    app.add_middleware(SecurityHeaders, settings=current)
    return app


def test_images_that_a_page_shows_at_once_are_named_ahead_of_it(run: Callable, console: Settings) -> None:
    async def story() -> None:
        async with browser(console, page_site(console)) as client:
            plain, images = await client.get("/"), await client.get("/with-images")
        assert "link" not in plain.headers
        assert images.headers.get_list("link") == [
            "</images/1?token=a>; rel=preload; as=image",
            "</images/2?token=b>; rel=preload; as=image",
        ]

    run(story())


def test_nonces_are_for_the_template_s_scripts_alone(run: Callable, console: Settings) -> None:
    async def story() -> None:
        async with browser(console, page_site(console)) as client:
            first, second = await client.get("/"), await client.get("/")
        policy = first.headers["content-security-policy"]
        nonce = re.search("script-src 'nonce-([^']+)' 'unsafe-eval';", policy)[1]
        assert len(nonce) == 24
        assert first.text == (
            f'<title>&lt;script&gt;evil()&lt;/script&gt;</title><script nonce="{nonce}">own()</script>'
            f'<link rel="modulepreload" nonce="{nonce}" href="/a.js" /><script nonce="{nonce}">included()</script>'
            f"<scripture>{EVIL}</scripture>"
        )
        assert nonce not in second.text

    run(story())


def test_every_script_of_nicegui_s_page_is_stamped() -> None:
    source, _, _ = templates.env.loader.get_source(templates.env, "index.html")  # type: ignore[union-attr]
    original = source.replace(' nonce="{{ nonce_of(request) }}"', "")
    stamped = stamped_source(original)
    scripts = re.findall(r"<script\b[^>]*>", stamped)
    assert len(scripts) >= 8
    assert all(' nonce="{{ nonce_of(request) }}"' in script for script in scripts)
    assert 'rel="modulepreload" nonce=' in stamped
    for included in ("head_html", "body_html"):
        assert "{{ " + included + " | with_nonce(nonce_of(request)) | safe }}" in stamped


@pytest.mark.parametrize(("origin", "hsts"), [("http://127.0.0.1:8000", False), ("https://bank.example", True)])
def test_headers_stand_on_every_response(run: Callable, console: Settings, origin: str, hsts: bool) -> None:
    current = console.model_copy(update={"public_origin": origin})

    async def story() -> None:
        async with browser(current) as client:
            for path, status in (("/sign-in", 200), ("/health", 200), ("/queue", 303), ("/_nicegui/x", 401)):
                answer = await client.get(path)
                assert answer.status_code == status
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["referrer-policy"] == "no-referrer"
                assert "camera=()" in answer.headers["permissions-policy"]
                assert answer.headers["cross-origin-opener-policy"] == "same-origin"
                assert answer.headers["cache-control"] == "no-store"
                policy = answer.headers["content-security-policy"]
                assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
                assert ("strict-transport-security" in answer.headers) is hsts
            style = re.search(r'href="(/sign-in/style-[0-9a-f]+\.css)"', (await client.get("/sign-in")).text)[1]
            sheet = await client.get(style)
            assert sheet.status_code == 200 and "immutable" in sheet.headers["cache-control"]

    run(story())


async def broken(request: Request) -> None:
    raise ValueError("a secret of the server")


def test_errors_and_the_api_and_refused_sockets_carry_them_too(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 30.0)  # what is there answers, however slow the machine
    current = console.model_copy(update={"public_origin": "https://bank.example"})

    async def story() -> None:
        bank = await make_bank()
        app = site(current)
        app.router.routes.insert(0, Route("/health", broken))
        async with browser(current, app) as client:
            signed_in = {"cookie": f"__Host-console_session={await session_of(bank.reviewer)}"}
            asked = [
                await client.get("/queue"), await client.post("/queue", headers={"origin": "https://evil.example"}),
                await client.get("/api/v1/items"), await client.get("/api/v1/none"), await client.get("/api/v1/health"),
                await client.post("/api/v1/auth/token", content=b"{"), await client.delete("/api/v1/items"),
                await client.get("/_nicegui_ws/socket.io/", headers=signed_in),
                await client.post("/sign-in", content=b"x" * 20_000),
            ]  # fmt: skip
            expected = [303, 403, 401, 404, 200, 422, 405, 400, 413]
            asked += [await client.get("/health"), await client.get("/health", headers={"sec-fetch-mode": "cors"})]
            expected += [500, 500]
            for answer in asked[-2:]:
                assert answer.headers["x-request-id"] in answer.text and "secret" not in answer.text
            assert [answer.status_code for answer in asked] == expected
            await close_redis()
            open_redis("redis://127.0.0.1:1/0")
            asked += [await client.get("/queue", headers=signed_in), await client.get("/queue", headers=signed_in)]
        for answer in asked:
            assert EVERYWHERE.items() <= dict(answer.headers).items(), answer.url
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, answer.url
            if "/api/" in str(answer.url):
                assert "script" not in policy and "style" not in policy
            assert "server" not in answer.headers and answer.headers["x-request-id"]

    run(story())
