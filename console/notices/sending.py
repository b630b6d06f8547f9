"""Writes notices, each inside the transaction of what it tells of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.audit.canonical import plain
from console.hints import hint_notices
from console.notices.kinds import KINDS, NoticeKind
from console.settings import settings

# What a person wrote is told in part; the item's page has it whole.
MAX_TEXT: Final = 500

# One statement however many are told: people who have left are passed over, and so is who has been told already.
_WRITE: Final = text(
    """
    insert into notice (id, institution_id, user_id, kind, item_id, values, key, created_at, in_app, mail_state,
        mail_due_at)
    select gen_random_uuid(), u.institution_id, u.id, :kind, told.item_id, told.values, told.key,
        clock_timestamp(), :always or coalesce(s.in_app, true), way.mail,
        case when way.mail is not null then now() end
    from jsonb_to_recordset(cast(:told as jsonb)) as told(user_id uuid, item_id uuid, values jsonb, key text)
    join app_user u on u.id = told.user_id and u.active
    left join notice_setting s on s.user_id = u.id and s.kind = :kind
    cross join lateral (
        select case when :sends and u.email is not null and coalesce(s.by_email, :by_email) then 'waiting' end as mail
    ) way
    on conflict (user_id, key) do nothing
    returning user_id
    """
)


@dataclass(frozen=True)
class Told:
    """Whom to tell, of which item, with which values; a `key` that the person was told before tells nothing."""

    user_id: UUID
    item_id: UUID | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None


async def notify(
    session: AsyncSession,
    actor: Actor,
    kind: NoticeKind,
    *,
    to: Iterable[UUID],
    item_id: UUID | None = None,
    values: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> int:
    """Tell these people, but for the actor, in the caller's transaction; how many were told.

    `values` are data and not prose: what the kind needs (`KINDS[kind].needs`), never an account number or an amount.
    With a `key` each person is told once, however often it is called. Open pages learn of it after the commit.
    Raises ValueError where the kind needs a value that is missing.
    """
    return await notify_each(session, actor, kind, [Told(one, item_id, values or {}, key) for one in dict.fromkeys(to)])


async def notify_each(session: AsyncSession, actor: Actor, kind: NoticeKind, told: Sequence[Told]) -> int:
    """`notify` for many at once, each with an item and values of its own. Raises ValueError as `notify` does."""
    rows = [_row(kind, one) for one in told if one.user_id != actor.user_id]
    if not rows:
        return 0
    words = KINDS[kind]
    wanted = {
        "kind": kind.value,
        "always": bool(words.always),
        "by_email": words.by_email,
        "sends": settings().sends_mail,
        "told": json.dumps(rows),
    }
    reached = list(await session.scalars(_WRITE, wanted))
    if reached:
        hint_notices(session, set(reached))
    return len(reached)


def _row(kind: NoticeKind, told: Told) -> dict[str, Any]:
    if missing := KINDS[kind].needs - told.values.keys():
        raise ValueError(f"a notice of {kind.value} needs {', '.join(sorted(missing))}")
    values = {name: _bounded(value) for name, value in told.values.items()}
    return {
        "user_id": str(told.user_id),
        "item_id": str(told.item_id) if told.item_id else None,
        "values": values,
        "key": told.key,
    }


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        value = value.replace("\x00", "")
        return value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1].rstrip() + "…"
    return plain(value)
