"""Passwords: argon2id hashes, made and checked in a bounded number of threads."""

from __future__ import annotations

import os
from functools import lru_cache

import anyio
from anyio import to_thread
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from console.settings import settings

# NIST SP 800-63B-4 asks for 15 characters where the password stands alone and 8 beside a second factor. 12 is
# ours. The upper bound is far above the 64 that must be accepted and keeps a megabyte from being hashed.
MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256

# Each computation takes the settings' memory and a core: more at once than cores would only cost memory.
_SLOTS = anyio.CapacityLimiter(max(1, min(4, os.cpu_count() or 1)))


class WeakPassword(Exception):
    """A new password breaks a rule; the message says which and what to do."""


def check_new(password: str) -> None:
    """Raise WeakPassword unless `password` may be chosen. Lengths count characters."""
    if len(password) < MINIMUM_LENGTH:
        raise WeakPassword(f"Use {MINIMUM_LENGTH} characters or more. A few words in a row are fine.")
    if len(password) > MAXIMUM_LENGTH:
        raise WeakPassword(f"Use at most {MAXIMUM_LENGTH} characters.")


async def hash_new(password: str) -> str:
    """The argon2id hash of a new password, in PHC form. Raises WeakPassword."""
    check_new(password)
    return await hash_again(password)


async def hash_again(password: str) -> str:
    """The hash of a password that was chosen before, with the parameters of now."""
    return await to_thread.run_sync(_hasher().hash, password, limiter=_SLOTS)


async def verify(stored: str | None, password: str) -> bool:
    """Whether `password` belongs to the stored hash.

    Without a stored hash (no such user) the answer is False and takes as long as for a real one.
    """
    return await to_thread.run_sync(_verify, stored, password, limiter=_SLOTS)


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other parameters than the settings ask for now."""
    return _hasher().check_needs_rehash(stored)


def _verify(stored: str | None, password: str) -> bool:
    # Nobody's password is longer, so a longer one is wrong; it is cut to cost no more than any other.
    possible = stored is not None and len(password) <= MAXIMUM_LENGTH
    try:
        _hasher().verify(stored or _dummy_hash(), password[:MAXIMUM_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return possible


def _hasher() -> PasswordHasher:
    current = settings()
    return _hasher_with(current.argon2_time_cost, current.argon2_memory_kib, current.argon2_parallelism)


@lru_cache(maxsize=4)
def _hasher_with(time_cost: int, memory_kib: int, parallelism: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism, type=Type.ID)


def _dummy_hash() -> str:
    current = settings()
    return _dummy_hash_with(current.argon2_time_cost, current.argon2_memory_kib, current.argon2_parallelism)


@lru_cache(maxsize=4)
def _dummy_hash_with(time_cost: int, memory_kib: int, parallelism: int) -> str:
    # Of a random password that is thrown away: nothing verifies against it.
    return _hasher_with(time_cost, memory_kib, parallelism).hash(os.urandom(32).hex())
