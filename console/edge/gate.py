"""The gate: whoever is not signed in reaches the sign-in and the health checks, and nothing else.

Pure ASGI, because it stands before http and websockets alike. It puts `actor`, `session_token` and
`request_id` into the scope's state, and checks again at each message of an open websocket.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, quote

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.access import look, refusals, sessions
from console.access.allowlist import is_shut_out, placed
from console.access.refusals import Refusal, Why
from console.access.sessions import SessionServiceUnavailable
from console.access.sign_in import CONTENT_SECURITY_POLICY, SIGN_IN
from console.access.visit import enter, visit_of
from console.actor import Actor
from console.edge.origin import is_same_origin
from console.edge.socket import GuardedSocket, Visitor, page_id_of_path, refuse_and_reload
from console.settings import Settings

SOCKET_PATH: Final = "/_nicegui_ws/"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Client-given values that would be trusted further in: nobody but us numbers requests, and a prefix would turn
# our redirects into redirects to other sites.
_NEVER_FROM_CLIENTS: Final = frozenset({b"x-forwarded-prefix", b"x-request-id"})

DATABASE_UNAVAILABLE: Final = "The database cannot be reached. Nothing was changed; try again in a moment."

PageOwner = Callable[[str], str | None]

_log = structlog.get_logger(__name__)

# Until a page that could not be had is asked for again.
_TRY_AGAIN_SECONDS: Final = 5


class Gate:
    """Deny by default.

    `open_paths` need no session. `style` dresses the page that says what is down. `page_owner` tells for which
    session (its public reference) a page was built, by the page's id; None for one that is not of this process.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        open_paths: frozenset[str],
        style: look.StyleSheet,
        page_owner: PageOwner,
    ) -> None:
        self._app = app
        self._style = style
        self._settings = settings
        self._open_paths = open_paths
        self._page_owner = page_owner
        self._cookie = sessions.cookie_name(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        scope["headers"] = [pair for pair in scope["headers"] if pair[0].lower() not in _NEVER_FROM_CLIENTS]
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        enter(visit_of(scope))
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._http(scope, receive, _with_request_id(send, request_id))

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                # Never the query: it may hold a token.
                _log.debug(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=message["status"],
                    request_id=scope["state"]["request_id"],
                )
            await send(message)

        try:
            refusal = await self._refusal(scope)
            await (refusal or self._app)(scope, receive, sending)
        except (SessionServiceUnavailable, OperationalError, PoolTimeout) as error:
            if started:
                raise
            _log.error("unavailable", error=type(error).__name__, request_id=scope["state"]["request_id"])
            await self._unavailable(scope, error)(scope, receive, send)
        except Exception as error:
            if started:
                raise
            # Answered here and not further out, where neither our headers nor the request's id are added.
            _log.exception("request failed", path=scope["path"], request_id=scope["state"]["request_id"])
            await self._failed(scope, error)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        """The answer to a request that must not go on; None for one that may."""
        headers = Headers(scope=scope)
        api = is_api_path(scope["path"], self._settings)
        if scope["method"] not in SAFE_METHODS and not self._may_change(headers, api=api):
            return _problem(HTTPStatus.FORBIDDEN, "This request does not come from a page of the console.")
        if api:
            # It has a door of its own, for credentials that no browser sends by itself.
            scope["headers"] = [pair for pair in scope["headers"] if pair[0].lower() != b"cookie"]
            return None
        if scope["path"] in self._open_paths:
            return None
        token = self._token(scope)
        actor = await sessions.resolve(token, visit_of(scope)) if token else None
        if actor is None:
            if token:
                await refusals.keep_of_nobody(visit_of(scope), _refused(scope, Why.NO_SESSION))
            return _to_sign_in(scope, (await sessions.why_ended(token) or "ended") if token else "")
        if is_shut_out(actor):
            await refusals.keep(actor, _refused(scope, Why.ADDRESS))
            return self._shut_out(scope, actor)
        if scope["path"].startswith(SOCKET_PATH):
            return _problem(HTTPStatus.BAD_REQUEST, "Live pages need a websocket; a proxy seems to block them.")
        page_id = page_id_of_path(scope["path"])
        if page_id is not None and self._page_owner(page_id) != actor.session:
            await refusals.keep(actor, _refused(scope, Why.OTHER_SESSION))
            return _problem(HTTPStatus.FORBIDDEN, "This page belongs to another session.")
        scope["state"].update(actor=actor, session_token=token)
        if _navigates(scope, headers):
            await sessions.touch(token)
        return None

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not scope["path"].startswith(SOCKET_PATH) or not is_same_origin(headers, self._settings):
            await _refuse_handshake(receive, send)
            return
        token = self._token(scope)
        try:
            actor = await sessions.resolve(token, visit_of(scope)) if token else None
        except (SessionServiceUnavailable, OperationalError, PoolTimeout):
            await _refuse_handshake(receive, send)
            return
        if actor is None or is_shut_out(actor) or not self._may_open(scope, actor.session):
            if actor is not None:
                why = Why.ADDRESS if is_shut_out(actor) else Why.OTHER_SESSION
                await refusals.keep(actor, _refused(scope, why))
            await refuse_and_reload(receive, send)
            return
        scope["state"].update(actor=actor, session_token=token)
        guarded = GuardedSocket(receive, send, self._visitor(scope, token, actor))
        await self._app(scope, guarded.receive, guarded.send)

    def _visitor(self, scope: Scope, token: str, actor: Actor) -> Visitor:
        async def keep_foreign() -> None:
            await refusals.keep(actor, _refused(scope, Why.OTHER_SESSION))

        async def is_allowed() -> bool:
            return not is_shut_out(await placed(actor))

        return Visitor(token, lambda page: self._page_owner(page) == actor.session, keep_foreign, is_allowed)

    def _may_open(self, scope: Scope, reference: str | None) -> bool:
        # A page this process does not have is NiceGUI's to refuse: it makes the browser load the page anew.
        for page_id in parse_qs(scope["query_string"].decode("latin-1")).get("client_id", []):
            if self._page_owner(page_id) not in {None, reference}:
                return False
        return True

    def _may_change(self, headers: Headers, *, api: bool) -> bool:
        """Whether a changing request comes from whom it may: our own pages; for the API also programs, which send no
        Origin, and the pages of CORS_ORIGINS."""
        if is_same_origin(headers, self._settings):
            return True
        origin = headers.get("origin")
        return api and (origin is None or origin in self._settings.cors_origins)

    def _failed(self, scope: Scope, error: Exception) -> Response:
        detail = f"Something went wrong here. If it stays so, report {scope['state']['request_id']}."
        if self._settings.debug:
            detail += f" {type(error).__name__}: {error}"
        return self._refuse(scope, HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong", detail)

    def _shut_out(self, scope: Scope, actor: Actor) -> Response:
        detail = (
            f"Your address, {actor.address}, is not on the allowlist of your role. Nothing can be done from here. "
            "Come from a network of the bank, or ask an administrator."
        )
        return self._refuse(scope, HTTPStatus.FORBIDDEN, "Not from this address", detail)

    def _refuse(self, scope: Scope, status: HTTPStatus, heading: str, detail: str) -> Response:
        if not _wants_page(Headers(scope=scope)):
            return _problem(status, detail)
        page = look.TEMPLATES.get_template("refusal.html")
        text = page.render(style=self._style.path, heading=heading, detail=detail, error="", notice="")
        return HTMLResponse(text, status, {"Content-Security-Policy": CONTENT_SECURITY_POLICY})

    def _token(self, scope: Scope) -> str:
        return HTTPConnection(scope).cookies.get(self._cookie, "")

    def _unavailable(self, scope: Scope, error: Exception) -> Response:
        detail = str(error) if isinstance(error, SessionServiceUnavailable) else DATABASE_UNAVAILABLE
        headers = {"Retry-After": f"{_TRY_AGAIN_SECONDS}"}
        asked = Headers(scope=scope)
        if not _wants_page(asked):
            return JSONResponse({"detail": detail}, HTTPStatus.SERVICE_UNAVAILABLE, headers)
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        # Whoever was on the way to a page gets there without doing anything. What was sent is not sent again.
        again = _navigates(scope, asked)
        if again:
            headers["Refresh"] = headers["Retry-After"]
        page = look.TEMPLATES.get_template("unavailable.html")
        text = page.render(style=self._style.path, detail=detail, error="", notice="", again=again)
        return HTMLResponse(text, HTTPStatus.SERVICE_UNAVAILABLE, headers)


def is_api_path(path: str, settings: Settings) -> bool:
    """Whether the path is the API's."""
    return path == settings.api_v1_prefix or path.startswith(settings.api_v1_prefix + "/")


def _refused(scope: Scope, why: Why) -> Refusal:
    return Refusal(f"{scope.get('method', 'WEBSOCKET')} {scope['path']}", why)


def _to_sign_in(scope: Scope, ended: str) -> Response:
    if not _navigates(scope, Headers(scope=scope)):
        return _problem(HTTPStatus.UNAUTHORIZED, "Sign in first.")
    query = scope["query_string"].decode("latin-1")
    wanted = quote(scope["path"] + (f"?{query}" if query else ""), safe="/")
    reason = f"&reason={ended}" if ended else ""
    return RedirectResponse(f"{SIGN_IN}?next={wanted}{reason}", HTTPStatus.SEE_OTHER)


def _wants_page(headers: Headers) -> bool:
    mode = headers.get("sec-fetch-mode")
    return "text/html" in headers.get("accept", "") if mode is None else mode == "navigate"


def _navigates(scope: Scope, headers: Headers) -> bool:
    """Whether a person is going to a page, as opposed to a page fetching its parts."""
    return scope["method"] in {"GET", "HEAD"} and _wants_page(headers) and not scope["path"].startswith("/_nicegui")


def _problem(status: HTTPStatus, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status)


async def _refuse_handshake(receive: Receive, send: Send) -> None:
    """Close before accepting, which a browser sees as HTTP 403."""
    await receive()
    await send({"type": "websocket.close", "code": 4403})


def _with_request_id(send: Send, request_id: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["X-Request-ID"] = request_id
        await send(message)

    return sending
