"""Passwords: argon2id hashes, made and checked in a bounded number of threads."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from functools import lru_cache

import anyio
from anyio import to_thread
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from console.access.password_rules import MAXIMUM_LENGTH, WeakPassword, check_new, normal
from console.settings import settings

__all__ = ["WeakPassword", "check_new", "hash_again", "hash_new", "needs_rehash", "one_time", "verify"]

# No 0, 1, i, l, o: 31 characters, 4.95 bits each.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"

# Each computation takes the settings' memory and a core: more at once than cores would only cost memory.
_SLOTS = anyio.CapacityLimiter(max(1, min(4, os.cpu_count() or 1)))


async def hash_new(password: str, about: Iterable[str] = ()) -> str:
    """The argon2id hash of a new password, in PHC form. Raises WeakPassword.

    `about` is what is known of its owner, see `password_rules.check_new`.
    """
    await to_thread.run_sync(check_new, password, tuple(about), limiter=_SLOTS)
    return await hash_again(password)


def one_time() -> str:
    """A password for a first sign-in, at which it is changed: 99 random bits in groups that can be read out."""
    letters = "".join(secrets.choice(_READABLE) for _ in range(20))
    return "-".join(letters[i : i + 5] for i in range(0, 20, 5))


async def hash_again(password: str) -> str:
    """The hash of a password that was chosen before, with the parameters of now."""
    return await to_thread.run_sync(_hasher().hash, normal(password), limiter=_SLOTS)


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
    # Composing makes a text shorter, by no more than this.
    password = normal(password[: 4 * MAXIMUM_LENGTH])
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
