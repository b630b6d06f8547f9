"""Actors whose last code is as old as a test wants it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from console.actor import Actor


def fresh(actor: Actor, ago: timedelta = timedelta(0)) -> Actor:
    """The person, who gave a code so long ago."""
    return replace(actor, code_at=datetime.now(UTC) - ago)
