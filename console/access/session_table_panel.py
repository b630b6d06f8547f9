"""How the Sessions page shows a session: as a line of its table, and in full."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from console.access.browsers import browser_of
from console.access.session_data import EndReason
from console.access.session_list import SessionRow
from console.actor import Actor
from console.ui.format import clock, in_full
from console.ui.item_table import Column, ItemRow

_OPEN: Final = (
    Column("name", "Name", sortable=False),
    Column("username", "Username", "180px", sortable=False),
    Column("address", "Address", "150px", sortable=False),
    Column("browser", "Browser", "150px", sortable=False),
    Column("since", "Since", "130px", sortable=False),
    Column("seen", "Last seen", "130px", sortable=False),
)
_ENDED: Final = (
    *_OPEN,
    Column("end", "Ended", "130px", sortable=False),
    Column("why", "Why", "200px", sortable=False),
)
WHY: Final = {
    EndReason.SIGNED_OUT: "signed out",
    EndReason.IDLE: "nothing was done",
    EndReason.EXPIRED: "time was over",
    EndReason.ENDED_BY_ADMINISTRATOR: "by an administrator",
    EndReason.DEACTIVATED: "person deactivated",
    EndReason.ACCESS_CHANGED: "access changed",
    EndReason.TOO_MANY_SESSIONS: "too many sessions",
    EndReason.PASSWORD_CHANGED: "password changed",
    EndReason.CREDENTIALS_RESET: "sign-in reset",
    EndReason.TOKEN_REUSED: "a token was used twice",
    EndReason.LOST: "lost by the session service",
}
_METHODS: Final = {"password": "password and code", "openid": "OpenID Connect", "token": "API token"}


def columns(*, ended: bool) -> tuple[Column, ...]:
    """The table's columns; why a session ended is of those that have."""
    return _ENDED if ended else _OPEN


def why(row: SessionRow) -> str:
    """Why it ended, in words."""
    return WHY[EndReason(row.end_reason)] if row.end_reason else ""


def session_facts(row: SessionRow, zone: ZoneInfo) -> list[tuple[str, str]]:
    """Everything that is known of a session, as terms and words."""
    facts = [
        ("Username", row.username),
        ("Method", _METHODS.get(row.method, row.method)),
        ("Address", row.address or "unknown"),
        ("Browser", row.agent or "unknown"),
        ("Since", in_full(row.started_at, zone)),
        ("Last seen", in_full(row.last_seen_at, zone)),
    ]
    if row.ended_at is not None:
        facts.append(("Ended", f"{in_full(row.ended_at, zone)}: {why(row)}"))
    return [*facts, ("Reference", row.reference)]


def session_line(row: SessionRow, actor: Actor, zone: ZoneInfo, now: datetime) -> ItemRow:
    """A line of the table; the actor's own session says so."""
    values: dict[str, Any] = {
        "id": row.reference,
        "name": row.display_name + (" (this one)" if row.reference == actor.session else ""),
        "name_title": row.display_name,
        "username": row.username,
        "username_title": row.username,
        "address": row.address or "unknown",
        "browser": browser_of(row.agent),
        "browser_title": row.agent,
        "since": clock(row.started_at, zone, now=now),
        "since_title": in_full(row.started_at, zone),
        "seen": clock(row.last_seen_at, zone, now=now),
        "seen_title": in_full(row.last_seen_at, zone),
        "end": clock(row.ended_at, zone, now=now) if row.ended_at else "",
        "end_title": in_full(row.ended_at, zone) if row.ended_at else "",
        "why": why(row),
    }
    return cast("ItemRow", values)
