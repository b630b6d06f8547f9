"""Keys with which other systems of the bank call the API: named, bounded in what, whence and how long, shown once.

Only a keyed hash of a key is stored, so that whoever reads the database can call nothing. A key never decides a check
and never administers: those are people's acts.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select, text, tuple_, update

from console.access import allowlist, secrets, step_up
from console.access.allowlist_rules import RuleRefused, parse_network
from console.access.permissions import Permission, require
from console.access.visit import Visit, ip_of
from console.actor import Actor, Grant, system_actor
from console.audit.entries import Event, record
from db.engine import transaction
from db.models import ApiKey, User

PREFIX: Final = "crc_"
# What the API has routes for.
GRANTABLE: Final = (
    Permission.QUEUE_READ,
    Permission.ITEM_READ,
    Permission.FILE_READ,
    Permission.FILE_IMPORT,
    Permission.ADVICE_WRITE,
)
LONGEST: Final = timedelta(days=365)
MAXIMUM_NAME: Final = 60
MAXIMUM_NETWORKS: Final = 20
PAGE: Final = 50
_PURPOSE: Final = "api key"
_SHOWN: Final = len(PREFIX) + 6
_LENGTH: Final = len(PREFIX) + 43  # 32 bytes in base64url
_USE_NOTED: Final = timedelta(minutes=1)


class KeyRefused(Exception):
    """The key opens nothing: unknown, revoked, expired, or not for this address."""

    def __init__(self) -> None:
        super().__init__("The API key is not valid here.")


class InvalidKey(Exception):
    """A key cannot be made so; the message says why and what to do."""


@dataclass(frozen=True)
class Key:
    """A key as it is listed: `prefix` is what people recognise it by, and opens nothing."""

    id: UUID
    name: str
    prefix: str
    permissions: tuple[str, ...]
    networks: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    def state(self, now: datetime) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.expires_at > now else "expired"


@dataclass(frozen=True)
class KeyPlace:
    """Where a page of keys ended."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True)
class KeyPage:
    """Keys, the latest first, and the place to go on from; None at the end."""

    rows: tuple[Key, ...]
    next: KeyPlace | None


async def create(
    actor: Actor, name: str, permissions: Collection[str], networks: Sequence[str], expires_at: datetime
) -> tuple[Key, str]:
    """A new key, and the key itself, which is kept nowhere. No networks: from anywhere.

    Raises NotAllowed, CodeNeeded or InvalidKey.
    """
    require(actor, Permission.API_KEY_MANAGE)
    step_up.require_fresh_code(actor)
    name, held = _checked_name(name), _checked_permissions(permissions)
    within, now = _checked_networks(networks), datetime.now(UTC)
    if not now < expires_at <= now + LONGEST:
        raise InvalidKey(f"A key expires within {LONGEST.days} days: choose an earlier day, after today.")
    secret = PREFIX + random.token_urlsafe(32)
    key = Key(uuid4(), name, secret[:_SHOWN], held, within, now, actor.name, expires_at, None, None)
    assert actor.user_id is not None
    row = ApiKey(
        id=key.id,
        institution_id=actor.institution_id,
        name=name,
        prefix=key.prefix,
        key_hash=_hashes(secret)[0],
        permissions=list(held),
        networks=list(within),
        created_at=now,
        created_by=actor.user_id,
        expires_at=expires_at,
    )
    async with transaction(actor) as session:
        session.add(row)
        await session.flush()
        after = {"name": name, "prefix": key.prefix, "permissions": list(held), "networks": list(within)}
        after["expires_at"] = expires_at.isoformat()
        await record(session, actor, Event.API_KEY_CREATED, "api_key", key.id, after=after)
    return key, secret


async def list_keys(actor: Actor, *, after: KeyPlace | None = None, limit: int = PAGE) -> KeyPage:
    """One page of the keys, revoked and expired ones too. Raises NotAllowed."""
    require(actor, Permission.API_KEY_MANAGE)
    query = select(ApiKey, User.display_name).join(User, User.id == ApiKey.created_by)
    query = query.where(ApiKey.institution_id == actor.institution_id)
    if after is not None:
        query = query.where(tuple_(ApiKey.created_at, ApiKey.id) < tuple_(after.created_at, after.id))
    query = query.order_by(ApiKey.created_at.desc(), ApiKey.id.desc()).limit(limit + 1)
    async with transaction(actor) as session:
        found = (await session.execute(query)).all()
    rows = tuple(_key(row.ApiKey, row.display_name) for row in found[:limit])
    return KeyPage(rows, KeyPlace(rows[-1].created_at, rows[-1].id) if len(found) > limit else None)


async def revoke(actor: Actor, key_id: UUID, reason: str) -> bool:
    """Make a key worthless from now on; False where it is so already. Raises NotAllowed or InvalidKey."""
    require(actor, Permission.API_KEY_MANAGE)
    reason = " ".join(reason.split())[:200]
    if not reason:
        raise InvalidKey("Say why the key is revoked.")
    async with transaction(actor) as session:
        change = (
            update(ApiKey)
            .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
            .values(revoked_at=func.now(), revoked_by=actor.user_id)
        )
        name = (await session.execute(change.returning(ApiKey.name))).scalar_one_or_none()
        if name is not None:
            after = {"name": name, "reason": reason}
            await record(session, actor, Event.API_KEY_REVOKED, "api_key", key_id, after=after)
    return name is not None


async def actor_of(secret: str, visit: Visit) -> Actor:
    """Who acts with this key, at this moment and from this address. Raises KeyRefused."""
    if not secret.startswith(PREFIX) or len(secret) != _LENGTH or not secret.isascii():
        raise KeyRefused
    hashes = _hashes(secret)
    for hash_ in hashes:
        async with transaction(None) as session:
            found = (
                await session.execute(text("select key_id, institution_id from api_key_lookup(:hash)"), {"hash": hash_})
            ).one_or_none()
        if found is not None:
            return await _use(found.institution_id, found.key_id, hashes[0], visit)
    raise KeyRefused


async def _use(institution_id: UUID, key_id: UUID, hash_: bytes, visit: Visit) -> Actor:
    """The key's actor where the key is good here; notes the use, and keeps the hash under the key of now."""
    async with transaction(system_actor(institution_id, "api key")) as session:
        row = (await session.execute(select(ApiKey).where(ApiKey.id == key_id))).scalar_one()
        if row.revoked_at is not None or row.expires_at <= datetime.now(UTC) or not _from_here(row, visit):
            raise KeyRefused
        used = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < func.now() - _USE_NOTED)
        change = update(ApiKey).where(ApiKey.id == key_id, or_(used, ApiKey.key_hash != hash_))
        await session.execute(change.values(last_used_at=func.now(), key_hash=hash_))
    actor = Actor(
        institution_id,
        None,
        f"API key {row.name}",
        session=f"key {row.prefix}",
        address=visit.address,
        request_id=visit.request_id,
        grants=(Grant(frozenset(row.permissions) & set(GRANTABLE), Decimal(0)),),
    )
    return await allowlist.placed(actor)


def _from_here(row: ApiKey, visit: Visit) -> bool:
    ip = ip_of(visit.address)
    return not row.networks or (ip is not None and any(ip in parse_network(network) for network in row.networks))


def _hashes(secret: str) -> tuple[bytes, ...]:
    return secrets.keyed_hashes(_PURPOSE, secret.encode())


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAXIMUM_NAME or not name.isprintable():
        raise InvalidKey(f"Give the key a name of 1 to {MAXIMUM_NAME} characters: the system that will use it.")
    return name


def _checked_permissions(permissions: Collection[str]) -> tuple[str, ...]:
    unknown = sorted(set(permissions) - set(GRANTABLE))
    if unknown:
        raise InvalidKey(f"No key may hold {', '.join(unknown)}: people decide and administer.")
    if not permissions:
        raise InvalidKey("Choose at least one permission.")
    return tuple(sorted(str(one) for one in set(permissions)))


def _checked_networks(networks: Sequence[str]) -> tuple[str, ...]:
    if len(networks) > MAXIMUM_NETWORKS:
        raise InvalidKey(f"At most {MAXIMUM_NETWORKS} networks.")
    try:
        return tuple(str(parse_network(network)) for network in networks if network.strip())
    except RuleRefused as refused:
        raise InvalidKey(str(refused)) from None


def _key(row: ApiKey, created_by: str) -> Key:
    return Key(
        row.id, row.name, row.prefix, tuple(row.permissions), tuple(row.networks), row.created_at, created_by,
        row.expires_at, row.last_used_at, row.revoked_at,
    )  # fmt: skip
