"""Logging of every process: one line of JSON per event on standard error."""

from __future__ import annotations

import logging
import sys

import structlog

from console.settings import Settings


def configure_logging(settings: Settings) -> None:
    """One line of JSON per event on standard error; DEBUG shows more."""
    level = logging.DEBUG if settings.debug else logging.INFO
    logging.basicConfig(level=level, format="%(levelname)s %(name)s %(message)s")
    if not settings.debug:
        # uvicorn names each websocket's address, which opens the page it belongs to.
        for name in ("httpx", "apscheduler", "uvicorn.error"):
            logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
