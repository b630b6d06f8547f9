"""Puts the edge around the application, in the one order that is right."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI
from jinja2 import Environment

from console.access import look, openid_routes, sign_in
from console.access.permissions import NotAllowed
from console.edge import exposition, health
from console.edge.api import install as api
from console.edge.draining import Draining
from console.edge.gate import Gate, PageOwner
from console.edge.headers import SecurityHeaders, stamp_scripts
from console.edge.measure import Measured
from console.edge.proxies import TrustedProxies
from console.edge.refused import KeepRefusals, answer_not_allowed
from console.settings import Settings


def install(
    app: FastAPI,
    settings: Settings,
    *,
    light: Mapping[str, str],
    dark: Mapping[str, str],
    page_templates: Environment,
    page_owner: PageOwner,
    draining: Draining | None = None,
) -> None:
    """Add sign-in, health, metrics, the API, the gate and security headers. Call it before NiceGUI is mounted at `/`.

    `light` and `dark` give each colour role its colour. `page_templates` are those from which NiceGUI renders
    pages; `page_owner` tells the session for which a page was built, see `Gate`.
    """
    style = look.style_sheet(light, dark)
    app.include_router(sign_in.router(settings, style))
    app.include_router(openid_routes.router(settings, style))
    open_paths = sign_in.open_paths(style) | openid_routes.open_paths(settings) | health.PATHS
    draining = draining or Draining()
    app.include_router(health.probes(draining))
    if settings.metrics_token.get_secret_value():
        app.include_router(exposition.Exposition(settings, draining).router())
        open_paths |= {exposition.PATH}
    api.install(app, settings, health.routes())
    stamp_scripts(page_templates)
    app.add_exception_handler(NotAllowed, answer_not_allowed)
    # The last one added is the outermost: headers stand on refusals too.
    app.add_middleware(KeepRefusals)
    app.add_middleware(Gate, settings=settings, open_paths=open_paths, style=style, page_owner=page_owner)
    app.add_middleware(SecurityHeaders, settings=settings)
    app.add_middleware(TrustedProxies, settings=settings)
    app.add_middleware(Measured)
