"""`/metrics`: what this process counted, how its pool stands, and what the installation shares.

On a port of its own, which no load balancer reaches, or on the site's for who has METRICS_TOKEN; by default on neither.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from http import HTTPStatus

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from console.edge.draining import Draining
from console.metrics import REGISTRY
from console.operations.shared_metrics import SharedMetrics
from console.settings import Settings
from db.engine import pool_state
from db.replica import reads

PATH = "/metrics"

_log = structlog.get_logger(__name__)


class Exposition:
    """The text that Prometheus reads."""

    def __init__(self, settings: Settings, draining: Draining | None = None) -> None:
        self._token = settings.metrics_token.get_secret_value()
        self._draining = draining
        self._shared = SharedMetrics()

    async def answer(self, request: Request) -> Response:
        """The metrics; 401 without the token, where there is one."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._token and not hmac.compare_digest(given.encode(), self._token.encode()):
            return PlainTextResponse("Send the METRICS_TOKEN as a bearer token.\n", HTTPStatus.UNAUTHORIZED)
        await self._shared.read()
        parts = (generate_latest(REGISTRY), generate_latest(self), generate_latest(self._shared))
        return Response(b"".join(parts), media_type=CONTENT_TYPE_LATEST)

    def collect(self) -> Iterator[Metric]:
        """How this process stands at this moment."""
        pool = pool_state()
        yield GaugeMetricFamily("crc_pool_used", "Connections to the database in use.", value=pool.used)
        yield GaugeMetricFamily("crc_pool_open", "Connections to the database that are open.", value=pool.open)
        yield GaugeMetricFamily("crc_pool_size", "Connections that the pool may open.", value=pool.most)
        yield CounterMetricFamily("crc_pool_waits", "Times somebody asked for a connection.", value=pool.waits.count)
        told = "Seconds that they waited for it."
        yield CounterMetricFamily("crc_pool_wait_seconds", told, value=pool.waits.seconds)
        if told_by := reads():
            told = "Reports, lab and exports read, by who answered: the replica, or the primary in its place."
            answered = CounterMetricFamily("crc_replica_reads", told, labels=("answered_by",))
            answered.add_metric(("replica",), told_by.replica)
            answered.add_metric(("primary",), told_by.primary)
            yield answered
        draining = float(self._draining is not None and self._draining.begun)
        yield GaugeMetricFamily("crc_draining", "Whether this process was told to stop.", value=draining)

    def router(self) -> APIRouter:
        """`/metrics`."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route(PATH, self.answer, methods=["GET"])
        return router


@asynccontextmanager
async def listening(exposition: Exposition, host: str, port: int) -> AsyncIterator[None]:
    """Answer on a port of its own until the block ends; port 0: not at all. A port that is taken is logged."""
    if not port:
        yield
        return
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(exposition.router())
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, server_header=False)
    server = _WithoutSignals(config)
    task = asyncio.create_task(_serve(server, port), name="metrics")
    try:
        yield
    finally:
        server.should_exit = True
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(task, 2)


async def _serve(server: uvicorn.Server, port: int) -> None:
    try:
        await server.serve()
    except SystemExit:
        # What uvicorn does where the port is taken. The console works without being measured.
        _log.error("metrics port taken", port=port)


class _WithoutSignals(uvicorn.Server):
    """Signals are the main server's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
