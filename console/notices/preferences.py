"""How a person wants to be told: for each kind in the console, by e-mail, by both or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from console.actor import Actor
from console.notices.kinds import KINDS, NoticeKind
from db.engine import transaction
from db.models import NoticeSetting, User


class AlwaysShown(Exception):
    """A kind that cannot be turned off in the console."""

    def __init__(self, kind: NoticeKind) -> None:
        words = KINDS[kind]
        super().__init__(
            f"“{words.label}” is always shown in the console: {words.always}. Your choice was not changed."
        )


@dataclass(frozen=True)
class Wish:
    """How a person is told of one kind."""

    kind: NoticeKind
    in_app: bool
    by_email: bool


@dataclass(frozen=True)
class Wishes:
    """Every kind, in the order of the enum, and the person's address; None: there is none."""

    email: str | None
    each: tuple[Wish, ...]


async def read_own(actor: Actor) -> Wishes:
    """How the actor is told of each kind."""
    async with transaction(actor) as session:
        rows = await session.scalars(select(NoticeSetting).where(NoticeSetting.user_id == actor.user_id))
        said = {row.kind: (row.in_app, row.by_email) for row in rows}
        email = (await session.execute(select(User.email).where(User.id == actor.user_id))).scalar_one_or_none()
    return Wishes(email, tuple(Wish(kind, *said.get(kind.value, (True, KINDS[kind].by_email))) for kind in NoticeKind))


async def choose(actor: Actor, kind: NoticeKind, *, in_app: bool | None = None, by_email: bool | None = None) -> None:
    """From now on the actor is told of this kind in these ways; None: as it was. Raises AlwaysShown."""
    if KINDS[kind].always and in_app is False:
        raise AlwaysShown(kind)
    chosen = {way: on for way, on in (("in_app", in_app), ("by_email", by_email)) if on is not None}
    if actor.user_id is None or not chosen:
        return  # a program has no bell and no mailbox
    whose = {"user_id": actor.user_id, "kind": kind.value, "institution_id": actor.institution_id}
    row = whose | {"in_app": True, "by_email": KINDS[kind].by_email} | chosen
    change = insert(NoticeSetting).values(row).on_conflict_do_update(index_elements=["user_id", "kind"], set_=chosen)
    async with transaction(actor) as session:
        await session.execute(change)
