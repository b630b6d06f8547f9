"""The two addresses of the sign-in through an OpenID Connect provider: there, and back."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from console.access import look, openid_people, sessions, signing_in
from console.access.openid import ATTEMPT_LIFETIME, CALLBACK, START, Provider
from console.access.openid_provider import OpenIdRefused
from console.access.sessions import Stage
from console.access.sign_in import CONTENT_SECURITY_POLICY, STEPS, safe_path
from console.access.visit import visit_of
from console.settings import Settings

_log = structlog.get_logger(__name__)


def open_paths(settings: Settings) -> frozenset[str]:
    """The paths of these routes; none where no issuer is set."""
    return frozenset({START, CALLBACK}) if settings.oidc_issuer else frozenset()


def router(settings: Settings, style: look.StyleSheet) -> APIRouter:
    """The routes, which need no session; empty where no issuer is set."""
    routes = APIRouter(include_in_schema=False)
    if settings.oidc_issuer:
        forms = _Routes(settings, style)
        routes.add_api_route(START, forms.begin, methods=["GET"])
        routes.add_api_route(CALLBACK, forms.finish, methods=["GET"])
    return routes


class _Routes:
    def __init__(self, settings: Settings, style: look.StyleSheet) -> None:
        self._settings = settings
        self._style = style
        self._provider = Provider(settings)
        # Behind TLS the prefix ties both cookies to this host (RFC 6265bis, 4.1.3.2).
        self._attempt_cookie = ("__Host-" if settings.behind_tls else "") + "console_openid"
        self._session_cookie = sessions.cookie_name(settings)

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider."""
        wanted = safe_path(request.query_params.get("next", "/"))
        try:
            address, token = await self._provider.begin(wanted)
        except OpenIdRefused as refused:
            return self._refused(request, refused, wanted)
        response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
        response.set_cookie(
            self._attempt_cookie,
            token,
            max_age=int(ATTEMPT_LIFETIME.total_seconds()),
            path="/",
            secure=self._settings.behind_tls,
            httponly=True,
            # Lax: it has to come along when the provider sends the browser back.
            samesite="lax",
        )
        return response

    async def finish(self, request: Request) -> Response:
        """Take the provider's answer, which works once, in the browser that asked."""
        visit = visit_of(request.scope)
        token = request.cookies.get(self._attempt_cookie, "")
        try:
            identity, wanted = await self._provider.finish(token, request.query_params)
            step = await openid_people.admit(self._settings, identity, visit)
        except OpenIdRefused as refused:
            return self._without_attempt(self._refused(request, refused, "/"))
        # Whoever was signed in here before is not any more: this browser has one session.
        await signing_in.sign_out(request.cookies.get(self._session_cookie, ""), visit)
        wanted = safe_path(wanted)
        response = self._without_attempt(_after(step.stage, wanted))
        response.set_cookie(
            self._session_cookie,
            step.token,
            path="/",
            secure=self._settings.behind_tls,
            httponly=True,
            samesite="lax",
        )
        return response

    def _without_attempt(self, response: Response) -> Response:
        response.delete_cookie(
            self._attempt_cookie, path="/", secure=self._settings.behind_tls, httponly=True, samesite="lax"
        )
        return response

    def _refused(self, request: Request, refused: OpenIdRefused, wanted: str) -> Response:
        visit = visit_of(request.scope)
        _log.warning("openid.refused", reason=refused.reason, address=visit.address, request_id=visit.request_id)
        page = look.TEMPLATES.get_template("openid_refused.html")
        text = page.render(style=self._style.path, error=str(refused), notice="", next=wanted)
        return HTMLResponse(text, HTTPStatus.FORBIDDEN, {"Content-Security-Policy": CONTENT_SECURITY_POLICY})


def _after(stage: Stage, wanted: str) -> Response:
    """Where a session of this stage goes on."""
    path = STEPS.get(stage)
    where = wanted if path is None else path + ("" if wanted == "/" else "?" + urlencode({"next": wanted}))
    return RedirectResponse(where, HTTPStatus.SEE_OTHER)
