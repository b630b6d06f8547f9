"""One of several processes that race for the same items: run by test_races.py with its orders on standard input."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from console.actor import Actor
from console.resources import resources
from console.review.choices import Choice
from console.review.claims import claim, claim_next
from console.review.committing import commit_pending
from console.review.decisions import confirm, decide
from console.review.errors import HeldByOther, NotClaimable, NotYours, StaleItem, TooLate
from console.review.evidence import Seen
from console.review.item_reading import load_view
from console.review.queue_moves import move
from console.review.states import Act
from console.review.undo import undo
from console.roles import Role
from console.settings import settings
from db.engine import transaction

Result = TypeVar("Result")


# On a machine that is busy with more than the race, a lock or a connection may take longer than the console waits for
# one. The console then says so, and people try again. A deadlock is another error, and nobody tries that again here.
_PATIENCE = 50
_WAITED_IN_VAIN = {"55P03", "57014"}  # lock_not_available, and query_canceled by the statement's timeout


async def patiently(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do the work, again where a lock or a connection was waited for in vain."""
    for _ in range(_PATIENCE):
        try:
            return await work()
        except PoolTimeout:
            continue
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") not in _WAITED_IN_VAIN:
                raise
    return await work()


async def race(orders: dict[str, object]) -> dict[str, list[str]]:
    role = Role(str(orders.get("role", "reviewer")))
    actor = Actor(UUID(str(orders["institution"])), UUID(str(orders["user"])), str(orders["name"]), frozenset({role}))
    won: list[str] = []

    async def take(item: str) -> None:
        try:
            await patiently(lambda: claim(actor, UUID(item)))
        except (HeldByOther, NotClaimable):
            return
        won.append(item)

    async def see(item: UUID) -> Seen:
        async with transaction(actor) as session:
            view = await load_view(session, item, looking=actor)
        return Seen(view.version, view.digest)

    async def work() -> None:
        while (held := await patiently(lambda: claim_next(actor))) is not None:
            item_id = held.item_id
            seen = await patiently(partial(see, item_id))
            try:
                await patiently(partial(decide, actor, item_id, Choice(Act.PAY), seen))
            except (NotYours, StaleItem):
                continue
            won.append(str(item_id))

    async def take_back(item: UUID) -> bool:
        try:
            await undo(actor, item)
        except TooLate:
            return False
        return True

    async def commit(item: UUID) -> bool:
        return await commit_pending(actor.institution_id, item) is not None

    async def sign(item: UUID) -> bool:
        try:
            await claim(actor, item)
            await confirm(actor, item, await see(item))
        except (HeldByOther, NotClaimable, NotYours, StaleItem):
            return False
        return True

    async def pay(item: UUID) -> bool:
        try:
            await claim(actor, item)
            await decide(actor, item, Choice(Act.PAY), await see(item))
        except (HeldByOther, NotClaimable, NotYours, StaleItem):
            return False
        return True

    async def put_elsewhere(item: UUID) -> bool:
        return item in (await move(actor, [item], "special_review", "a race")).done

    async def one_by_one(act: Callable[[UUID], Awaitable[bool]]) -> None:
        items: list[str] = list(orders["items"])  # type: ignore[call-overload]
        won.extend([item for item in items if await patiently(partial(act, UUID(item)))])

    singly = {"undo": take_back, "commit": commit, "sign": sign, "pay": pay, "move": put_elsewhere}
    async with resources(settings()):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)  # the others are ready as well
        if orders["act"] in singly:
            await one_by_one(singly[str(orders["act"])])
        elif orders["act"] == "claim":
            items: list[str] = list(orders["items"])  # type: ignore[call-overload]
            await asyncio.gather(*(take(items[n % len(items)]) for n in range(int(str(orders["times"])))))
        else:
            await asyncio.gather(*(work() for _ in range(int(str(orders.get("workers", 5))))))
    return {"won": won}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(race(json.loads(sys.stdin.readline())))), flush=True)
