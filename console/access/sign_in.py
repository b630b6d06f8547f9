"""The sign-in: plain HTML forms that need no JavaScript and build no page of the console.

Forgery is refused by the gate (same origin only) and by the cookie (SameSite=Lax).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from console.access import look, sessions, signing_in, totp
from console.access.authentication import WrongCredentials
from console.access.password_rules import MAXIMUM_LENGTH, MINIMUM_LENGTH
from console.access.sessions import SignedOut, Stage
from console.access.sign_in_answers import (
    CODE,
    CODES,
    CONTENT_SECURITY_POLICY,
    ENROL,
    NEW_CODES,
    PASSWORD,
    RECOVERED,
    RECOVERY,
    REPLACE,
    SIGN_IN,
    SIGN_OUT,
    STEPS,
    WRONG_CODE,
    Answers,
    go_to,
    read_form,
    safe_path,
)
from console.access.signing_in import Step
from console.access.visit import Visit, visit_of
from console.settings import Settings

__all__ = ["CONTENT_SECURITY_POLICY", "SIGN_IN", "STEPS", "WRONG_CODE", "open_paths", "router", "safe_path"]

NOTICES = {
    "ended": "Your session has ended: you are signed out. Sign in again to go on where you were.",
    "codes": "Too many wrong codes. Start again with your password.",
    "signed-out": "You are signed out.",
    "signed_out": "You are signed out. Sign in again to go on where you were.",
    "idle": "You are signed out, because nothing was done for a while. Sign in again to go on where you were.",
    "expired": "You are signed out: a session lasts no longer. Sign in again to go on where you were.",
    "ended_by_administrator": "You are signed out: an administrator ended your session.",
    "deactivated": "You are signed out, because your account was deactivated. Ask an administrator.",
    "access_changed": "You are signed out, because your access was changed. Sign in again to go on with it.",
    "too_many_sessions": "You are signed out here, because you have signed in elsewhere too often.",
    "password_changed": "You are signed out, because your password was changed. Sign in with the new one.",
    "lost": "You are signed out: the session service has lost your session. Sign in again to go on where you were.",
    "token_reused": "You are signed out, because a token of this session was used twice. Tell an administrator.",
    "credentials_reset": "You are signed out, because your sign-in was reset. Ask an administrator how to go on.",
}
WRONG_CREDENTIALS = "The username or the password is not right. Check both and try again."
NOT_KEPT = "Say that you have kept the codes first: nobody can show them again."
NOT_THE_SAME = "The two passwords are not the same. Enter the new one again."

Endpoint = Callable[[Request], Awaitable[Response]]


def router(settings: Settings, style: look.StyleSheet) -> APIRouter:
    """The routes of the sign-in. They need no session."""
    routes = APIRouter(include_in_schema=False)
    for path, method, endpoint in _Forms(settings, style).routes():
        routes.add_api_route(path, endpoint, methods=[method], response_class=HTMLResponse)
    return routes


def open_paths(style: look.StyleSheet) -> frozenset[str]:
    """The paths of these routes."""
    return frozenset({SIGN_IN, SIGN_OUT, RECOVERY, REPLACE, NEW_CODES, style.path, *STEPS.values()})


class _Forms:
    def __init__(self, settings: Settings, style: look.StyleSheet) -> None:
        self._style = style
        self._answers = Answers(settings, style)

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        return [
            (self._style.path, "GET", self.style),
            (SIGN_IN, "GET", self.ask_password),
            (SIGN_IN, "POST", self.take_password),
            (CODE, "GET", self._asks(Stage.PASSWORD, self._code_form)),
            (CODE, "POST", self.take_code),
            (RECOVERY, "GET", self._asks(Stage.PASSWORD, self._recovery_form)),
            (RECOVERY, "POST", self.take_recovery_code),
            (RECOVERED, "GET", self._asks(Stage.RECOVERED, self._recovered_form)),
            (RECOVERED, "POST", self.take_authenticator_is_there),
            (REPLACE, "POST", self.take_authenticator_is_lost),
            (ENROL, "GET", self._asks(Stage.ENROL, self._enrolment_form)),
            (ENROL, "POST", self.take_enrolment),
            (CODES, "GET", self._asks(Stage.RECOVERY_CODES, self._codes_form)),
            (CODES, "POST", self.take_codes_kept),
            (NEW_CODES, "POST", self.make_new_codes),
            (PASSWORD, "GET", self._asks(Stage.NEW_PASSWORD, self._new_password_form)),
            (PASSWORD, "POST", self.take_new_password),
            (SIGN_OUT, "POST", self.sign_out),
        ]

    async def style(self, request: Request) -> Response:
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(self._style.text, media_type="text/css", headers=headers)

    async def ask_password(self, request: Request) -> Response:
        wanted = safe_path(request.query_params.get("next", "/"))
        if await sessions.resolve(self._answers.token(request)) is not None:
            return go_to(wanted)
        notice = NOTICES.get(request.query_params.get("reason", ""), "")
        return self._answers.page("password.html", next=wanted, notice=notice)

    async def take_password(self, request: Request) -> Response:
        form, visit = await read_form(request), visit_of(request.scope)
        username, wanted = form.get("username", ""), safe_path(form.get("next", "/"))

        async def again(request: Request, wanted: str, error: str = "") -> Response:
            return self._answers.page("password.html", next=wanted, username=username, error=error)

        async def enter() -> Step:
            step = await signing_in.with_password(username, form.get("password", ""), visit)
            # Whoever was signed in here before is not any more: this browser has one session.
            await signing_in.sign_out(self._answers.token(request), visit)
            return step

        try:
            return await self._answers.attempt(request, wanted, enter(), again)
        except WrongCredentials:
            return await again(request, wanted, WRONG_CREDENTIALS)

    async def take_code(self, request: Request) -> Response:
        form, token, visit, wanted = await self._posted(request)
        work = signing_in.with_code(token, form.get("code", ""), visit)
        return await self._answers.attempt(request, wanted, work, self._code_form)

    async def take_recovery_code(self, request: Request) -> Response:
        form, token, visit, wanted = await self._posted(request)
        work = signing_in.with_recovery_code(token, form.get("code", ""), visit)
        return await self._answers.attempt(request, wanted, work, self._recovery_form)

    async def take_authenticator_is_there(self, request: Request) -> Response:
        _, token, visit, wanted = await self._posted(request)
        work = signing_in.keep_authenticator(token, visit)
        return await self._answers.attempt(request, wanted, work, self._recovered_form)

    async def take_authenticator_is_lost(self, request: Request) -> Response:
        _, token, _, wanted = await self._posted(request)
        work = signing_in.replace_authenticator(token)
        return await self._answers.attempt(request, wanted, work, self._recovered_form)

    async def take_enrolment(self, request: Request) -> Response:
        form, token, visit, wanted = await self._posted(request)

        async def enrol() -> Response:
            codes = await signing_in.confirm_enrolment(token, form.get("code", ""), visit)
            return self._answers.page("codes.html", next=wanted, codes=codes)

        return await self._answers.attempt(request, wanted, enrol(), self._enrolment_form)

    async def make_new_codes(self, request: Request) -> Response:
        _, token, visit, wanted = await self._posted(request)

        async def make() -> Response:
            codes = await signing_in.new_recovery_codes(token, visit)
            return self._answers.page("codes.html", next=wanted, codes=codes)

        return await self._answers.attempt(request, wanted, make(), self._codes_form)

    async def take_codes_kept(self, request: Request) -> Response:
        form, token, visit, wanted = await self._posted(request)
        if form.get("kept") != "yes":
            return await self._codes_form(request, wanted, NOT_KEPT)
        return await self._answers.attempt(request, wanted, signing_in.codes_kept(token, visit), self._codes_form)

    async def take_new_password(self, request: Request) -> Response:
        form, token, visit, wanted = await self._posted(request)
        if form.get("password") != form.get("again"):
            return await self._new_password_form(request, wanted, NOT_THE_SAME)
        work = signing_in.choose_password(token, form.get("password", ""), visit)
        return await self._answers.attempt(request, wanted, work, self._new_password_form)

    async def sign_out(self, request: Request) -> Response:
        await signing_in.sign_out(self._answers.token(request), visit_of(request.scope))
        return self._answers.without_token(go_to(SIGN_IN, reason="signed-out"))

    def _asks(self, stage: Stage, form: Callable[[Request, str], Awaitable[Response]]) -> Endpoint:
        """An endpoint that shows a form to a session of this stage; others are sent to where theirs goes on."""

        async def ask(request: Request) -> Response:
            wanted = safe_path(request.query_params.get("next", "/"))
            session = await sessions.find(self._answers.token(request))
            if session is None or session.stage is not stage:
                return go_to(STEPS.get(session.stage, SIGN_IN) if session else SIGN_IN, next=wanted)
            try:
                return await form(request, wanted)
            except SignedOut:
                return go_to(SIGN_IN, next=wanted)

        return ask

    async def _posted(self, request: Request) -> tuple[dict[str, str], str, Visit, str]:
        form = await read_form(request)
        return form, self._answers.token(request), visit_of(request.scope), safe_path(form.get("next", "/"))

    async def _code_form(self, request: Request, wanted: str, error: str = "") -> Response:
        return self._answers.page("code.html", next=wanted, error=error)

    async def _recovery_form(self, request: Request, wanted: str, error: str = "") -> Response:
        told = "This recovery code did not work. Each code works once; try another one." if error else ""
        return self._answers.page("recovery.html", next=wanted, error=told)

    async def _recovered_form(self, request: Request, wanted: str, error: str = "") -> Response:
        left = await signing_in.codes_left(self._answers.token(request))
        return self._answers.page("recovered.html", next=wanted, error=error, left=left)

    async def _codes_form(self, request: Request, wanted: str, error: str = "") -> Response:
        return self._answers.page("codes.html", next=wanted, error=error, codes=[])

    async def _new_password_form(self, request: Request, wanted: str, error: str = "") -> Response:
        lengths = {"minimum": MINIMUM_LENGTH, "maximum": MAXIMUM_LENGTH}
        return self._answers.page("new_password.html", next=wanted, error=error, **lengths)

    async def _enrolment_form(self, request: Request, wanted: str, error: str = "") -> Response:
        enrolment = await signing_in.read_enrolment(self._answers.token(request))
        return self._answers.page(
            "enrol.html",
            next=wanted,
            error=error,
            qr=totp.qr_data_uri(enrolment.secret, enrolment.username),
            secret=totp.in_groups(enrolment.secret),
            username=enrolment.username,
            issuer=totp.ISSUER,
        )
