"""Mounts the API under its prefix."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from console.edge.api import auth_routes, file_routes, item_routes, policy_routes, problems
from console.edge.api.door import Caller
from console.intake.arrivals import NAME_HEADER
from console.settings import Settings

TITLE = "Check Review Console API"


def install(app: FastAPI, settings: Settings, open_routes: APIRouter) -> None:
    """Answer under API_V1_PREFIX; browsers of the origins in CORS_ORIGINS may read what it says.

    `open_routes` need no credential.
    """
    api = create_api(open_routes)
    if settings.cors_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["Authorization", "Content-Type", NAME_HEADER],
            expose_headers=["X-Request-ID", "Retry-After"],
        )
    app.mount(settings.api_v1_prefix, api)


def create_api(open_routes: APIRouter) -> FastAPI:
    """The API by itself. Its description is for who is signed in, like everything else."""
    api = FastAPI(title=TITLE, version="1", openapi_url=None, docs_url=None, redoc_url=None)
    problems.install(api)
    api.include_router(open_routes)
    for routes in (auth_routes, item_routes, file_routes, policy_routes):
        api.include_router(routes.router)

    @api.get("/openapi.json", include_in_schema=False)
    async def description(caller: Caller) -> dict[str, Any]:
        return api.openapi()

    return api
