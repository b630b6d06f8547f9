"""One-time codes for who has not the authenticator at hand: ten, shown once, each of them good for one sign-in.

Stored as HMAC-SHA256 under a key made of the person's own TOTP secret, which is itself stored encrypted: whoever reads
the table cannot try codes, a new authenticator makes the old codes worthless, and a change of SECRET_KEY does not.
"""

from __future__ import annotations

import secrets as random
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import secrets, totp
from console.actor import Actor
from console.audit.entries import Event, record
from db.engine import transaction
from db.models import RecoveryCode, User

COUNT: Final = 10
# Crockford's base 32 without letters that look like digits; 16 of them are 80 bits (NIST SP 800-63B-4, 3.1.2.2:
# look-up secrets of 20 bits at least, and no throttling needed from 64 on).
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 16
_GROUP: Final = 4
# What people write for a digit that looks like it.
_READ_AS: Final = str.maketrans({"i": "1", "l": "1", "o": "0"})


class NoSecondFactor(Exception):
    """The person has no authenticator, for which codes could stand in."""

    def __init__(self) -> None:
        super().__init__("Set up an authenticator first: recovery codes stand in for it.")


async def make(session: AsyncSession, user_id: UUID) -> list[str]:
    """Ten new codes in place of all earlier ones, in the caller's transaction. Raises NoSecondFactor.

    They are known from here on to the person alone: `record` that they were made.
    """
    secret = await _totp_secret(session, user_id)
    if secret is None:
        raise NoSecondFactor
    institution_id = (await session.execute(select(User.institution_id).where(User.id == user_id))).scalar_one()
    await forget(session, user_id)
    codes = ["".join(random.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(COUNT)]
    session.add_all(
        RecoveryCode(institution_id=institution_id, user_id=user_id, code_hash=_hashed(secret, user_id, code))
        for code in codes
    )
    await session.flush()
    return ["-".join(code[i : i + _GROUP] for i in range(0, _LENGTH, _GROUP)) for code in codes]


async def make_own(actor: Actor) -> list[str]:
    """Ten new codes for the actor. Raises NoSecondFactor."""
    user_id = actor.user_id
    if user_id is None:
        raise NoSecondFactor
    async with transaction(actor) as session:
        codes = await make(session, user_id)
        await record(session, actor, Event.RECOVERY_CODES_MADE, "user", user_id, after={"codes": len(codes)})
    return codes


async def use(session: AsyncSession, user_id: UUID, code: str) -> bool:
    """Spend a code, in the caller's transaction; False where it is none of the person's or was spent before."""
    secret, plain = await _totp_secret(session, user_id), _plain(code)
    if secret is None or len(plain) != _LENGTH:
        return False
    spent = await session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _hashed(secret, user_id, plain),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=func.now())
        .returning(RecoveryCode.id)
    )
    return spent.scalar_one_or_none() is not None


async def left(session: AsyncSession, user_id: UUID) -> int:
    """How many codes can still be used."""
    query = (
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    )
    return int((await session.execute(query)).scalar_one())


async def forget(session: AsyncSession, user_id: UUID) -> None:
    """Void every code of a person, in the caller's transaction."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def looks_like_one(text: str) -> bool:
    """Whether this is a recovery code by its length, and no code of an authenticator."""
    return len(_plain(text)) == _LENGTH


async def _totp_secret(session: AsyncSession, user_id: UUID) -> str | None:
    query = select(User.totp_secret).where(User.id == user_id, User.totp_confirmed_at.is_not(None))
    sealed = (await session.execute(query)).scalar_one_or_none()
    return None if sealed is None else totp.unseal(user_id, sealed)


def _plain(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter not in "- \t\u00a0").translate(_READ_AS)


def _hashed(secret: str, user_id: UUID, code: str) -> bytes:
    return secrets.keyed_hash(secret.encode(), "recovery codes", user_id.bytes + code.encode())
