"""Who hears of a version's steps and of a list's changes: those who may approve, those who wrote, and whoever edits."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.holders import holders
from console.access.permissions import Permission
from console.actor import Actor
from console.notices.kinds import NoticeKind
from console.notices.sending import notify
from db.models import PolicyContributor, PolicyListChange, PolicyVersion, User


async def tell_approvers(session: AsyncSession, actor: Actor, row: PolicyVersion) -> None:
    """A version waits for somebody who approves it and wrote no part of it."""
    people = set(await holders(session, [Permission.POLICY_APPROVE])) - set(await _writers(session, row))
    values = {"by": await _name(session, actor), "version": row.number, "text": row.note}
    await notify(session, actor, NoticeKind.POLICY_WAITING, to=people, values=values)


async def tell_writers(session: AsyncSession, actor: Actor, row: PolicyVersion, why: str) -> None:
    """A version was sent back to those who wrote it."""
    values = {"by": await _name(session, actor), "version": row.number, "text": why}
    await notify(session, actor, NoticeKind.POLICY_SENT_BACK, to=await _writers(session, row), values=values)


async def tell_active(session: AsyncSession, actor: Actor, row: PolicyVersion) -> None:
    """Another version judges checks from now on."""
    people = await holders(session, [Permission.POLICY_EDIT])
    key = f"policy {row.id} active"
    await notify(session, actor, NoticeKind.POLICY_ACTIVE, to=people, values={"version": row.number}, key=key)


async def tell_not_activated(session: AsyncSession, actor: Actor, row: PolicyVersion, why: str) -> None:
    """A version's moment came and it could not become active."""
    people = await holders(session, [Permission.POLICY_ACTIVATE])
    values = {"version": row.number, "text": why}
    await notify(session, actor, NoticeKind.POLICY_NOT_ACTIVATED, to=people, values=values)


async def tell_of_list_change(session: AsyncSession, actor: Actor, row: PolicyListChange, name: str) -> None:
    """A change of a list waits for somebody else who approves it."""
    people = set(await holders(session, [Permission.POLICY_APPROVE])) - {row.proposed_by}
    count = len(row.entries)
    what = f"{count} {'entry' if count == 1 else 'entries'} {'on' if row.act == 'add' else 'off'}"
    said = f"{name}: {row.reason}"
    values = {"by": await _name(session, actor), "what": what, "list": str(row.list_id), "text": said}
    await notify(session, actor, NoticeKind.LIST_CHANGE_WAITING, to=people, values=values)


async def tell_of_list_answer(session: AsyncSession, actor: Actor, row: PolicyListChange, name: str) -> None:
    """A change of a list was approved or refused."""
    values = {"by": await _name(session, actor), "what": row.status, "list": str(row.list_id),
              "text": f"{name}: {row.answer}" if row.answer else name}  # fmt: skip
    await notify(session, actor, NoticeKind.LIST_CHANGE_DECIDED, to=[row.proposed_by], values=values)


async def _writers(session: AsyncSession, row: PolicyVersion) -> list[UUID]:
    query = select(PolicyContributor.user_id).where(PolicyContributor.version_id == row.id)
    return list(await session.scalars(query))


async def _name(session: AsyncSession, actor: Actor) -> str:
    """The person's display name; of the console itself, its own."""
    name = await session.scalar(select(User.display_name).where(User.id == actor.user_id))
    return name or actor.name
