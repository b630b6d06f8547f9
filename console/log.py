"""Logging of every process: one line of JSON per event on standard error, and no secret in any of them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from console.settings import Settings

HIDDEN: Final = "***"
# Libraries that, at DEBUG, write down what they carry: headers with cookies, addresses with tokens, frames.
_TALKATIVE: Final = (
    "uvicorn.error", "uvicorn.access", "websockets", "engineio", "socketio", "httpx", "httpcore", "urllib3",
    "python_multipart", "multipart", "asyncio", "apscheduler", "PIL", "authlib", "fontTools", "fpdf",
)  # fmt: skip
_SECRET_NAMES: Final = frozenset(
    {"password", "code", "token", "access_token", "refresh_token", "cookie", "authorization", "secret", "key", "url"}
)
# What a secret of ours looks like, should one come along in the text of somebody else's error.
_SECRETS: Final = re.compile(
    r"crc_[\w-]{43}"  # an API key
    r"|eyJ[\w-]{10,}\.[\w-]+\.[\w-]+"  # a JWT
    r"|(?<=\bsession=)[\w.-]+|(?<=[?&]token=)[\w.-]+|(?<=[?&]client_id=)[\w-]+|(?<=[?&]code=)[\w.-]+"
    r"|(?<=://)[^/@\s]+(?=@)"  # a password in an address
)


def configure_logging(settings: Settings) -> None:
    """One line of JSON per event on standard error; DEBUG shows more of our own."""
    level = logging.DEBUG if settings.debug else logging.INFO
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, censored, _as_json()],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *shared, censored, _as_json()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def censored(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event without secrets: neither under a telling name nor within a text."""
    for name, value in event.items():
        if name in _SECRET_NAMES:
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = _SECRETS.sub(HIDDEN, value)
    return event


def _as_json() -> Any:
    # Escaped, so that no value, whatever line ends it has, begins another line.
    return structlog.processors.JSONRenderer()
