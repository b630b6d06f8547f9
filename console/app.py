"""The composition root: settings, resources, edge and pages become one application."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import core, ui
from nicegui.client import templates as page_templates

from console import live
from console.access import (  # noqa: F401 - importing a page makes it
    access_campaign_page,
    access_review_page,
    account_page,
    allowlist_page,
    api_keys_page,
    changes_page,
    keys_page,
    people_page,
    person_page,
    roles_page,
    sessions_page,
)
from console.access.permissions import may
from console.auditing import audit_page  # noqa: F401
from console.edge import attachments, check_images, file_upload, session_renewal
from console.edge.draining import Draining
from console.edge.exposition import Exposition, listening
from console.edge.install import install
from console.edge.measure import watch_loop
from console.garbage import collect_in_time
from console.insight import reports_page  # noqa: F401
from console.intake import intake_page  # noqa: F401 - importing a page makes it
from console.lab import lab_page  # noqa: F401
from console.log import configure_logging
from console.operations import compliance_page, operations_page  # noqa: F401
from console.policy import editor_page, list_page, lists_page, version_page, versions_page  # noqa: F401
from console.resources import resources
from console.retention import legal_holds_page  # noqa: F401
from console.review import approvals_page, hours_page, queue_page, queues_page, review_page  # noqa: F401
from console.serving import DrainingServer
from console.settings import Settings
from console.ui import double_click, error_pages, open_pages, theme
from console.ui.areas import AREAS
from console.ui.line_guard import SIGN_OF_LIFE_EVERY, SIGN_OF_LIFE_WITHIN
from console.ui.open_pages import page_owner
from console.ui.page import TITLE
from console.ui.refusal import refusal

RECONNECT_TIMEOUT = 30.0
# As uvicorn itself ends where it could not start.
STARTUP_FAILED = 3
_log = structlog.get_logger(__name__)


def create_app(settings: Settings, draining: Draining | None = None) -> FastAPI:
    """The application for these settings. One per process: NiceGUI's pages are the process's."""
    draining = draining or Draining()
    draining.on_leaving.append(open_pages.send_elsewhere)
    measured = Exposition(settings, draining)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # NiceGUI, which has begun by now, takes four fifths of the time for which it keeps a page.
        core.sio.eio.ping_interval, core.sio.eio.ping_timeout = SIGN_OF_LIFE_EVERY, SIGN_OF_LIFE_WITHIN
        async with resources(settings), listening(measured, settings.metrics_host, settings.metrics_port):
            live.session_ended.subscribe(open_pages.close_pages)
            tasks = [
                asyncio.create_task(live.listen(), name="live messages"),
                asyncio.create_task(open_pages.keep_watch(), name="watch over open pages"),
                asyncio.create_task(watch_loop(), name="watch over the event loop"),
                asyncio.create_task(collect_in_time(), name="look for garbage"),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task

    app = FastAPI(title=TITLE, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, debug=settings.debug)
    theme.install(app)
    double_click.install()
    install(
        app,
        settings,
        light=theme.LIGHT,
        dark=theme.DARK,
        page_templates=page_templates.env,
        page_owner=page_owner,
        draining=draining,
    )
    app.include_router(check_images.router)
    app.include_router(file_upload.router)
    app.include_router(attachments.router)
    app.include_router(session_renewal.router(settings))
    app.add_api_route("/", first_page, include_in_schema=False)
    ui.run_with(
        app,
        title=TITLE,
        favicon="🏦",
        dark=None,
        language="en-US",
        tailwind=False,
        reconnect_timeout=RECONNECT_TIMEOUT,
        binding_refresh_interval=1.0,
        show_welcome_message=False,
    )
    # The gate lets live pages speak through websockets only, which it checks message by message.
    core.app.config.socket_io_js_transports = ["websocket"]
    error_pages.install(core.app)
    return app


async def first_page(request: Request) -> Response:
    """The first area of the rail that this person may open."""
    for area in AREAS:
        if may(request.state.actor, area.permission):
            return RedirectResponse(area.path, HTTPStatus.SEE_OTHER)
    return refusal(HTTPStatus.FORBIDDEN, "Your role has no page of its own in this version. Ask an administrator.")


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    configure_logging(settings)
    draining = Draining()
    config = uvicorn.Config(
        create_app(settings, draining),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        # `edge.proxies` judges them, by TRUSTED_PROXIES.
        proxy_headers=False,
        ws_max_size=1 << 20,
        # Messages are small, and what is compressed beside a secret tells of it.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=3,
    )
    server = DrainingServer(config, draining, settings.drains_for, settings.grace_seconds)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILED)
