"""Time-based one-time passwords (RFC 6238): 6 digits, 30 seconds, SHA-1, as every authenticator app has them."""

from __future__ import annotations

import hmac
from datetime import datetime
from uuid import UUID

import pyotp
import segno
from sqlalchemy import or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import secrets
from db.models import User

ISSUER = "Check Review Console"
DIGITS = 6
STEP_SECONDS = 30
# RFC 6238, 5.2: at most one step for clocks that differ and people who type slowly.
TOLERATED_STEPS = 1
_PURPOSE = "totp secret"


def new_secret() -> str:
    """A random secret of 160 bits in base 32 (RFC 4226, 4: 160 recommended)."""
    return pyotp.random_base32()


def seal(user_id: UUID, secret: str) -> bytes:
    """The secret as it is stored: encrypted, and useless in another user's row."""
    return secrets.encrypt(_PURPOSE, secret.encode(), bound_to=user_id.bytes)


def unseal(user_id: UUID, sealed: bytes) -> str:
    """The secret in base 32. Raises secrets.Undecipherable."""
    return secrets.decrypt(_PURPOSE, sealed, bound_to=user_id.bytes).decode()


def reseal(user_id: UUID, sealed: bytes) -> bytes | None:
    """The same secret encrypted with the key of now; None where it is already. Raises secrets.Undecipherable."""
    return secrets.reencrypt(_PURPOSE, sealed, bound_to=user_id.bytes)


def step_at(moment: datetime) -> int:
    """The number of whole steps from 1970 to `moment`."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_at(secret: str, moment: datetime) -> str:
    """The code that an authenticator shows at `moment`."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).generate_otp(step_at(moment))


def matching_step(secret: str, code: str, moment: datetime) -> int | None:
    """The step for which `code` is right, no further than one step from `moment`; else None.

    Blanks are ignored, because authenticators show the digits in two groups.
    """
    digits = "".join(code.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    generator = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    now, found = step_at(moment), None
    for step in range(now - TOLERATED_STEPS, now + TOLERATED_STEPS + 1):
        if hmac.compare_digest(generator.generate_otp(step), digits):
            found = step
    return found


async def use_step(session: AsyncSession, user_id: UUID, step: int) -> bool:
    """Spend a step's code; False where it, or a later one, was spent before, on whichever replica."""
    spent = await session.execute(
        update(User)
        .where(User.id == user_id, or_(User.totp_last_step.is_(None), User.totp_last_step < step))
        .values(totp_last_step=step)
        .returning(User.id)
    )
    return spent.scalar_one_or_none() is not None


def provisioning_uri(secret: str, username: str) -> str:
    """The `otpauth://` address that an authenticator reads from the QR code."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=username, issuer_name=ISSUER)


def qr_data_uri(secret: str, username: str) -> str:
    """The QR code of the address as a `data:image/svg+xml` URI, for an `img` element."""
    code = segno.make(provisioning_uri(secret, username), error="m", micro=False)
    return code.svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def in_groups(secret: str) -> str:
    """The secret in groups of four characters, for people who type it."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
