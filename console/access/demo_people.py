"""Second factors of demo users, whose codes a command prints. Nothing here works outside demo mode."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from console.access import totp
from console.access.people import confirm_totp, find_account, set_totp
from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.settings import settings
from db.engine import transaction


async def enrol_demo_user(actor: Actor, user_id: UUID) -> None:
    """Give a demo user a confirmed second factor whose code `main.py totp` prints. Raises NotAllowed.

    Refused outside demo mode (PermissionError): elsewhere only the person's own device knows the secret.
    """
    require(actor, Permission.USER_MANAGE)
    if not settings().demo_mode:
        raise PermissionError("only demo users are enrolled without a device")
    async with transaction(actor) as session:
        await set_totp(session, user_id, totp.new_secret())
        await confirm_totp(session, user_id)
        await record(session, actor, Event.MFA_ENROLLED, "user", user_id, after={"by": "demo"})


async def current_demo_code(username: str) -> str | None:
    """The code that a demo user's device would show now; None for nobody. Refused outside demo mode."""
    if not settings().demo_mode:
        raise PermissionError("codes are shown in demo mode only")
    account = await find_account(username)
    if account is None or account.totp_secret is None:
        return None
    return totp.code_at(totp.unseal(account.person.user_id, account.totp_secret), datetime.now(UTC))
