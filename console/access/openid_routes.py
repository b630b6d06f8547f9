"""The two addresses of the sign-in through an OpenID Connect provider: there, and back."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from console.access import attempts, look, openid_people, refusals, signing_in
from console.access.attempts import Kind, TooManyAttempts
from console.access.openid import ATTEMPT_LIFETIME, CALLBACK, START, Identity, Provider
from console.access.openid_provider import OpenIdRefused
from console.access.refusals import Refusal, Why
from console.access.sign_in_answers import CONTENT_SECURITY_POLICY, Answers, safe_path
from console.access.visit import Visit, visit_of
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
        self._answers = Answers(settings, style)
        self._provider = Provider(settings)
        # Behind TLS the prefix ties the cookie to this host (RFC 6265bis, 4.1.3.2).
        self._cookie = ("__Host-" if settings.behind_tls else "") + "console_openid"

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider."""
        wanted, visit = safe_path(request.query_params.get("next", "/")), visit_of(request.scope)
        try:
            # Each beginning is kept for a while: nobody fills the memory with them.
            await attempts.require(Kind.API, f"openid from {visit.address}")
            address, token = await self._provider.begin(wanted)
        except (OpenIdRefused, TooManyAttempts) as refused:
            return self._refused(request, refused, wanted)
        response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
        response.set_cookie(
            self._cookie,
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
        try:
            identity, wanted = await self._proved(request, visit)
            step = await openid_people.admit(self._settings, identity, visit)
        except OpenIdRefused as refused:
            return self._without_attempt(self._refused(request, refused, "/"))
        # Whoever was signed in here before is not any more: this browser has one session.
        await signing_in.sign_out(self._answers.token(request), visit)
        return self._without_attempt(self._answers.step(step, safe_path(wanted)))

    async def _proved(self, request: Request, visit: Visit) -> tuple[Identity, str]:
        """Who the answer proves to be here, and where they wanted to go. Raises OpenIdRefused, which is audited."""
        try:
            return await self._provider.finish(request.cookies.get(self._cookie, ""), request.query_params)
        except OpenIdRefused as refused:
            await refusals.keep_of_nobody(visit, Refusal(f"sign-in: openid, {refused.reason}", Why.UNPROVED))
            raise

    def _without_attempt(self, response: Response) -> Response:
        response.delete_cookie(self._cookie, path="/", secure=self._settings.behind_tls, httponly=True, samesite="lax")
        return response

    def _refused(self, request: Request, refused: OpenIdRefused | TooManyAttempts, wanted: str) -> Response:
        visit, headers = visit_of(request.scope), {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        status, reason = HTTPStatus.FORBIDDEN, getattr(refused, "reason", "too many attempts")
        if isinstance(refused, TooManyAttempts):
            status = HTTPStatus.TOO_MANY_REQUESTS
            headers["Retry-After"] = str(refused.retry_after)
        _log.warning("openid.refused", reason=reason, address=visit.address, request_id=visit.request_id)
        page = look.TEMPLATES.get_template("openid_refused.html")
        text = page.render(style=self._style.path, error=str(refused), notice="", next=wanted)
        return HTMLResponse(text, status, headers)
