"""Hints to every replica after a commit: "this item changed", "these people were told something". A hint holds ids
only; readers ask the database.

A lost hint heals itself, because pages read again every few seconds: so Redis being away never fails a commit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import after_commit
from db.redis_pool import REDIS_ERRORS, redis

CHANNEL = "items-changed"
NOTICES_CHANNEL = "notices-changed"
POLICIES_CHANNEL = "policies-changed"
_log = structlog.get_logger(__name__)


def hint_items(session: AsyncSession, institution_id: UUID, item_ids: Iterable[UUID], *, by: str = "") -> None:
    """Tell every replica, once this transaction has committed, that these items changed.

    No ids: many items changed, so read everything again. `by` is the request in which a page changed them and has seen
    what came of it: that page need not read again. What one request changed in one transaction is told in one message.
    """
    told: dict[tuple[UUID, str], list[UUID] | None] = session.info.setdefault("items_told", {})
    key, items = (institution_id, by), list(item_ids)
    if key not in told:
        told[key] = []

        async def publish() -> None:
            names = [str(item) for item in told[key] or ()]
            await _publish(CHANNEL, json.dumps({"institution": str(institution_id), "items": names, "by": by}))

        after_commit(session, publish)
    before = told[key]
    told[key] = None if before is None or not items else [*before, *items]


def hint_notices(session: AsyncSession, user_ids: Iterable[UUID]) -> None:
    """Tell every replica, once this transaction has committed, that these people's notices changed."""
    _publish_after_commit(session, NOTICES_CHANNEL, json.dumps([str(one) for one in user_ids]))


def hint_policy(session: AsyncSession, institution_id: UUID, version_id: UUID) -> None:
    """Tell every replica, once this transaction has committed, that this version of the policy changed."""
    _publish_after_commit(session, POLICIES_CHANNEL, _policy_message(institution_id, version_id))


async def tell_policy(institution_id: UUID, version_id: UUID) -> None:
    """Tell every replica now that somebody came to, or left, this version of the policy."""
    await _publish(POLICIES_CHANNEL, _policy_message(institution_id, version_id))


def _policy_message(institution_id: UUID, version_id: UUID) -> str:
    return json.dumps({"institution": str(institution_id), "version": str(version_id)})


def _publish_after_commit(session: AsyncSession, channel: str, message: str) -> None:
    async def publish() -> None:
        await _publish(channel, message)

    after_commit(session, publish)


async def _publish(channel: str, message: str) -> None:
    try:
        await redis().publish(channel, message)
    except REDIS_ERRORS as error:
        _log.warning("hint lost", channel=channel, error=type(error).__name__)
