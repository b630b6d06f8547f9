"""What expires soon is told while there is time: the certificate that people's browsers see, and keys of programs."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import anyio
from cryptography import x509
from sqlalchemy import select

from console.access.permissions import Permission
from console.actor import system_actor
from console.institution import institution_ids
from console.notices.kinds import NoticeKind
from console.operations.checks import CheckName, keep
from console.operations.telling import tell_holders, tell_operators
from console.settings import Settings, settings
from db.engine import transaction
from db.models import ApiKey

CONNECT_SECONDS: Final = 5.0


async def check_certificate(current: Settings | None = None, now: datetime | None = None) -> int:
    """Look at the certificate of PUBLIC_ORIGIN, and tell administrators when it expires soon; how many were told."""
    current, now = current or settings(), now or datetime.now(UTC)
    if not current.behind_tls:
        return 0
    try:
        expires = await anyio.to_thread.run_sync(certificate_expiry, current.public_origin)
    except (OSError, ValueError) as error:
        detail = f"{current.public_origin} showed no certificate: {type(error).__name__}"
        await keep(CheckName.CERTIFICATE, ok=False, detail=detail)
        return 0
    soon = expires - now < timedelta(days=current.expiry_warning_days)
    detail = f"{current.public_origin}: until {expires:%Y-%m-%d %H:%M} UTC"
    await keep(CheckName.CERTIFICATE, ok=not soon, detail=detail, figures={"expires": expires.timestamp()})
    if not soon:
        return 0
    values = {"what": f"The certificate of {current.public_origin}", "expires_at": expires}
    return await tell_operators(NoticeKind.EXPIRY_NEAR, f"certificate {expires.isoformat()}", values)


async def check_api_keys(current: Settings | None = None, now: datetime | None = None) -> int:
    """Tell who manages keys of those that expire soon and are in use; how many were told."""
    current, now = current or settings(), now or datetime.now(UTC)
    until = now + timedelta(days=current.expiry_warning_days)
    told, first, count = 0, None, 0
    for institution_id in await institution_ids():
        for key in await _keys_until(institution_id, now, until):
            first, count = min(first or key.expires_at, key.expires_at), count + 1
            values = {"what": f"The API key {key.prefix}…", "expires_at": key.expires_at}
            told += await tell_holders(
                institution_id, (Permission.API_KEY_MANAGE,), NoticeKind.EXPIRY_NEAR, f"key {key.id}", values
            )
    detail = f"{count} expire within {current.expiry_warning_days} days" if count else "none expires soon"
    figures = {"expires": first.timestamp()} if first else {}
    await keep(CheckName.API_KEYS, ok=not count, detail=detail, figures=figures)
    return told


def certificate_expiry(origin: str) -> datetime:
    """Until when the certificate is valid that this address shows. Raises OSError or ValueError."""
    parts = urlsplit(origin)
    context = ssl.create_default_context()
    # Whether it is trusted is the browsers' business; one that has expired already must be seen as well.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host = parts.hostname or ""
    with (
        socket.create_connection((host, parts.port or 443), timeout=CONNECT_SECONDS) as line,
        context.wrap_socket(line, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    if shown is None:
        raise ValueError("no certificate was shown")
    return x509.load_der_x509_certificate(shown).not_valid_after_utc


async def _keys_until(institution_id: UUID, now: datetime, until: datetime) -> list[ApiKey]:
    query = select(ApiKey).where(ApiKey.revoked_at.is_(None), ApiKey.expires_at > now, ApiKey.expires_at <= until)
    async with transaction(system_actor(institution_id, "expiries")) as session:
        return list(await session.scalars(query.order_by(ApiKey.expires_at).limit(1000)))
