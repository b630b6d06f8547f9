"""The sign-in: plain HTML forms that need no JavaScript and build no page of the console.

Forgery is refused by the gate (same origin only) and by the cookie (SameSite=Lax).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from console.access import authentication, look, sessions, totp
from console.access.authentication import TooManyCodes, WrongCode, WrongCredentials
from console.access.sessions import SignedOut, Stage
from console.access.visit import Visit, visit_of
from console.settings import Settings

SIGN_IN, CODE, ENROL, SIGN_OUT = "/sign-in", "/sign-in/code", "/sign-in/enrol", "/sign-out"
MAXIMUM_FORM_BYTES = 16 * 1024

# No script, nothing from elsewhere: stricter than what pages of the console need.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

NOTICES = {
    "ended": "Your session has ended. Sign in again to go on where you were.",
    "codes": "Too many wrong codes. Start again with your password.",
    "signed-out": "You are signed out.",
}
WRONG_CREDENTIALS = "The username or the password is not right. Check both and try again."
WRONG_CODE = (
    "This code did not work. Enter the code that your authenticator shows now; each code works once. "
    "If it goes on, set your phone’s clock to automatic."
)


SecondStep = Callable[[str, str, Visit], Awaitable[str]]


class Page(Protocol):
    """Shows a form, with what was wrong with the last attempt."""

    async def __call__(self, request: Request, wanted: str, error: str = "") -> Response: ...


def safe_path(wanted: str) -> str:
    """`wanted` where it is a path of this site that a person may be sent to after signing in, else `/`.

    Browsers read `//host`, `/\\host` and paths with control characters as other sites' addresses.
    """
    plain = wanted.startswith("/") and not wanted.startswith("//") and len(wanted) <= 2000
    if not plain or "\\" in wanted or not wanted.isascii() or not wanted.isprintable() or " " in wanted:
        return "/"
    # Going back to the sign-in would lead nowhere.
    return "/" if wanted.split("?")[0].startswith((SIGN_IN, SIGN_OUT)) else wanted


def router(settings: Settings, style: look.StyleSheet) -> APIRouter:
    """The routes of the sign-in. They need no session."""
    routes = APIRouter(include_in_schema=False)
    for path, method, endpoint in _Forms(settings, style).routes():
        routes.add_api_route(path, endpoint, methods=[method], response_class=HTMLResponse)
    return routes


def open_paths(style: look.StyleSheet) -> frozenset[str]:
    """The paths of these routes."""
    return frozenset({SIGN_IN, CODE, ENROL, SIGN_OUT, style.path})


class _Forms:
    def __init__(self, settings: Settings, style: look.StyleSheet) -> None:
        self._settings = settings
        self._style = style
        self._cookie = sessions.cookie_name(settings)

    def routes(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        return [
            (self._style.path, "GET", self.style),
            (SIGN_IN, "GET", self.ask_password),
            (SIGN_IN, "POST", self.take_password),
            (CODE, "GET", self.ask_code),
            (CODE, "POST", self.take_code),
            (ENROL, "GET", self.ask_enrolment),
            (ENROL, "POST", self.take_enrolment),
            (SIGN_OUT, "POST", self.sign_out),
        ]

    async def style(self, request: Request) -> Response:
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(self._style.text, media_type="text/css", headers=headers)

    async def ask_password(self, request: Request) -> Response:
        wanted = safe_path(request.query_params.get("next", "/"))
        if await sessions.resolve(self._token(request)) is not None:
            return _to(wanted)
        notice = NOTICES.get(request.query_params.get("reason", ""), "")
        return self._page("password.html", next=wanted, notice=notice)

    async def take_password(self, request: Request) -> Response:
        form, visit = await _form(request), visit_of(request.scope)
        username, wanted = form.get("username", ""), safe_path(form.get("next", "/"))
        try:
            token, stage = await authentication.check_password(username, form.get("password", ""), visit)
        except WrongCredentials:
            return self._page("password.html", next=wanted, username=username, error=WRONG_CREDENTIALS)
        # Whoever was signed in here before is not any more: this browser has one session.
        await authentication.sign_out(self._token(request), visit)
        return self._with_token(_to(CODE if stage is Stage.PASSWORD else ENROL, next=wanted), token)

    async def ask_code(self, request: Request) -> Response:
        wanted = safe_path(request.query_params.get("next", "/"))
        session = await sessions.find(self._token(request))
        if session is None or session.stage is not Stage.PASSWORD:
            return _to(SIGN_IN, next=wanted)
        return await self._code_page(request, wanted)

    async def take_code(self, request: Request) -> Response:
        return await self._second_step(request, authentication.check_code, self._code_page)

    async def ask_enrolment(self, request: Request) -> Response:
        wanted = safe_path(request.query_params.get("next", "/"))
        try:
            return await self._enrolment_page(request, wanted)
        except SignedOut:
            return _to(SIGN_IN, next=wanted)

    async def take_enrolment(self, request: Request) -> Response:
        return await self._second_step(request, authentication.confirm_enrolment, self._enrolment_page)

    async def sign_out(self, request: Request) -> Response:
        await authentication.sign_out(self._token(request), visit_of(request.scope))
        return self._without_token(_to(SIGN_IN, reason="signed-out"))

    async def _second_step(self, request: Request, check: SecondStep, again: Page) -> Response:
        form = await _form(request)
        wanted = safe_path(form.get("next", "/"))
        try:
            token = await check(self._token(request), form.get("code", ""), visit_of(request.scope))
        except WrongCode:
            return await again(request, wanted, WRONG_CODE)
        except TooManyCodes:
            return self._without_token(_to(SIGN_IN, reason="codes", next=wanted))
        except SignedOut:
            return self._without_token(_to(SIGN_IN, reason="ended", next=wanted))
        return self._with_token(_to(wanted), token)

    async def _code_page(self, request: Request, wanted: str, error: str = "") -> Response:
        return self._page("code.html", next=wanted, error=error)

    async def _enrolment_page(self, request: Request, wanted: str, error: str = "") -> Response:
        enrolment = await authentication.read_enrolment(self._token(request))
        return self._page(
            "enrol.html",
            next=wanted,
            error=error,
            qr=totp.qr_data_uri(enrolment.secret, enrolment.username),
            secret=totp.in_groups(enrolment.secret),
            username=enrolment.username,
            issuer=totp.ISSUER,
        )

    def _page(self, template: str, *, error: str = "", **values: str) -> Response:
        page = look.TEMPLATES.get_template(template)
        shown = {"style": self._style.path, "error": error, "notice": "", "username": "", **values}
        text = page.render(shown, openid=bool(self._settings.oidc_issuer))
        status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
        return HTMLResponse(text, status, {"Content-Security-Policy": CONTENT_SECURITY_POLICY})

    def _token(self, request: Request) -> str:
        return request.cookies.get(self._cookie, "")

    def _with_token(self, response: Response, token: str) -> Response:
        # No Max-Age: the browser forgets it when it closes, Redis much earlier.
        response.set_cookie(
            self._cookie, token, path="/", secure=self._settings.behind_tls, httponly=True, samesite="lax"
        )
        return response

    def _without_token(self, response: Response) -> Response:
        response.delete_cookie(self._cookie, path="/", secure=self._settings.behind_tls, httponly=True, samesite="lax")
        return response


def _to(path: str, **query: str) -> Response:
    given = {name: value for name, value in query.items() if value and (name, value) != ("next", "/")}
    return RedirectResponse(path + ("?" + urlencode(given) if given else ""), HTTPStatus.SEE_OTHER)


async def _form(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form, the last of each name. Raises HTTPException where it is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAXIMUM_FORM_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}
