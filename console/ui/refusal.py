"""The page in place of one that cannot be shown."""

from __future__ import annotations

from http import HTTPStatus

from fastapi.responses import HTMLResponse, Response

from console.access import look
from console.access.sign_in import CONTENT_SECURITY_POLICY
from console.ui.theme import DARK, LIGHT


def refusal(status: HTTPStatus, detail: str) -> Response:
    """A page that says what is the matter and leads back to the queue."""
    template = look.TEMPLATES.get_template("refusal.html")
    heading = {HTTPStatus.FORBIDDEN: "Not for your role", HTTPStatus.NOT_FOUND: "Not found"}.get(status, status.phrase)
    text = template.render(style=_style_path(), heading=heading, detail=detail, error="", notice="")
    return HTMLResponse(text, status, {"Content-Security-Policy": CONTENT_SECURITY_POLICY})


def _style_path() -> str:
    return look.style_sheet(LIGHT, DARK).path
