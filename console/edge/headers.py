"""Security headers on every response, and the nonces that let a page's own scripts run.

A nonce is new for each response. It is written where the page's template has its scripts, never searched for
in a finished page, so that markup which somebody smuggled into a page's data gets none.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any, Final

from jinja2 import BaseLoader, Environment
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.edge.gate import is_api_path
from console.settings import Settings

# What the API answers is for programs: a browser that shows it loads nothing.
# Under this name a page leaves in its request's state the addresses of images that it shows at once: the browser
# fetches them while it reads the page's scripts.
PRELOADED: Final = "preloaded"
API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_NONCE_BYTES: Final = 18
_UNUSED_FEATURES: Final = (
    "accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
    "microphone", "midi", "payment", "publickey-credentials-get", "screen-wake-lock", "usb", "xr-spatial-tracking",
)  # fmt: skip


def content_security_policy(nonce: str, settings: Settings) -> str:
    """The policy of a page: its own scripts by nonce, nothing from elsewhere; no worker, medium, manifest or plug-in.

    Vue compiles templates in the browser, hence 'unsafe-eval'; Quasar sets styles, hence 'unsafe-inline' there; codes
    to photograph are drawn into the page, hence data: for images. docs/security.md says more.
    """
    socket = re.sub("^http", "ws", settings.public_origin)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' {socket}",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class SecurityHeaders:
    """Pure ASGI middleware, the outermost: adds the headers, and a nonce to the request's state.

    A route that sets a Content-Security-Policy or Cache-Control of its own keeps it.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._fixed = _fixed_headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce, api = secrets.token_urlsafe(_NONCE_BYTES), is_api_path(scope["path"], self._settings)
        scope.setdefault("state", {})["csp_nonce"] = nonce

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._fixed.items():
                    headers[name] = value
                policy = API_POLICY if api else content_security_policy(nonce, self._settings)
                headers.setdefault("Content-Security-Policy", policy)
                headers.setdefault("Cache-Control", "no-store")
                for path in scope["state"].get(PRELOADED, ()):
                    headers.append("Link", f"<{path}>; rel=preload; as=image")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _fixed_headers(settings: Settings) -> dict[str, str]:
    fixed = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # Browsers send `Origin: null` with our own forms for it: see `edge.origin`.
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED_FEATURES),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if settings.behind_tls:
        fixed["Strict-Transport-Security"] = "max-age=63072000"
    return fixed


def stamp_scripts(environment: Environment) -> None:
    """Have the page templates of this Jinja environment write the request's nonce on their scripts.

    Call it once, at start, with the environment from which NiceGUI renders its pages.
    """
    if environment.loader is None:
        raise ValueError("the environment has no templates")
    environment.loader = _StampedTemplates(environment.loader)
    environment.filters["with_nonce"] = _with_nonce
    environment.globals["nonce_of"] = _nonce_of


class _StampedTemplates(BaseLoader):
    """Another loader's templates, their scripts stamped."""

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, name, current = self._loader.get_source(environment, template)
        return stamped_source(source), name, current


# Scripts of the template itself, and module scripts that it announces.
_SCRIPT: Final = re.compile(r'<(?:script|link rel="modulepreload")(?=[\s>])')
# Where the template takes in head and body HTML that pages gave. By our own rule no data of users is in it.
_INCLUDED: Final = re.compile(r"\{\{\s*(head_html|body_html)\s*\|\s*safe\s*\}\}")


def stamped_source(source: str) -> str:
    """A template's source with `nonce` on each script, also on those in the HTML that it includes."""
    source = _SCRIPT.sub(lambda match: match[0] + ' nonce="{{ nonce_of(request) }}"', source)
    return _INCLUDED.sub(lambda match: "{{ " + match[1] + " | with_nonce(nonce_of(request)) | safe }}", source)


def _with_nonce(html: str, nonce: str) -> str:
    return _SCRIPT.sub(lambda match: f'{match[0]} nonce="{nonce}"', html)


def _nonce_of(request: Any) -> str:
    return str(request.scope.get("state", {}).get("csp_nonce", ""))
