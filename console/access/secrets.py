"""What SECRET_KEY protects: encrypted secrets at rest and signed, short-lived tokens.

Every purpose has a key of its own, derived by HKDF-SHA256 (RFC 5869), so that what was made for one purpose
is worthless for another. A version byte leads each value and enters the derivation, so that the scheme can be
changed later. When SECRET_KEY itself is changed, PREVIOUS_SECRET_KEY still opens what it protected, until
`main.py rotate-key` has encrypted everything anew.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import time
from datetime import timedelta
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from console.settings import settings

VERSION = 1
_NONCE_BYTES = 12  # NIST SP 800-38D: 96-bit nonces, here random; far fewer than 2^32 values per key
_MAC_BYTES = 16
_EXPIRY_BYTES = 6


class SecretKeyMissing(Exception):
    """SECRET_KEY is not set, so nothing can be protected."""


class Undecipherable(Exception):
    """The value was changed, belongs to something else, or was made with another key."""


def encrypt(purpose: str, plaintext: bytes, *, bound_to: bytes) -> bytes:
    """AES-256-GCM: version, nonce, ciphertext and tag. It opens only with the same purpose and `bound_to`."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_key(purpose)).encrypt(nonce, plaintext, bytes([VERSION]) + bound_to)
    return bytes([VERSION]) + nonce + sealed


def decrypt(purpose: str, value: bytes, *, bound_to: bytes) -> bytes:
    """The plaintext of what `encrypt` made, with the key of now or the previous one. Raises Undecipherable."""
    return _opened(purpose, value, bound_to)[0]


def reencrypt(purpose: str, value: bytes, *, bound_to: bytes) -> bytes | None:
    """The same secret encrypted with the key of now; None where it is already. Raises Undecipherable."""
    plaintext, is_current = _opened(purpose, value, bound_to)
    return None if is_current else encrypt(purpose, plaintext, bound_to=bound_to)


def keyed_hash(key: bytes, purpose: str, message: bytes) -> bytes:
    """32 bytes, HMAC-SHA256 of `message` under a key that HKDF makes for this purpose out of `key`."""
    return hmac.digest(_derived(key, purpose), message, hashlib.sha256)


def key_of(purpose: str) -> bytes:
    """The 32 bytes for this purpose, for a library that signs by itself."""
    return _key(purpose)


def keyed_hashes(purpose: str, message: bytes) -> tuple[bytes, ...]:
    """32 bytes, HMAC-SHA256 of `message` under the key of now; then under the previous one, where there is one."""
    previous = settings().previous_secret_key.get_secret_value().encode()
    keys = [_key(purpose)] + ([_derived(previous, purpose)] if previous else [])
    return tuple(hmac.digest(key, message, hashlib.sha256) for key in keys)


def pseudonym(purpose: str, text: str) -> str:
    """A name for `text` that says nothing of it to whoever does not know SECRET_KEY: 32 hexadecimal digits."""
    return hmac.digest(_key(f"pseudonym {purpose}"), text.encode(), hashlib.sha256).hex()[:32]


def sign(purpose: str, message: bytes, *, lifetime: timedelta) -> str:
    """A URL-safe token of 31 characters that proves, until `lifetime` from now is over, that we know `message`.

    The message itself is not in the token.
    """
    expiry = int(time.time() + lifetime.total_seconds()).to_bytes(_EXPIRY_BYTES, "big")
    token = bytes([VERSION]) + expiry + _mac(purpose, expiry, message)
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def verify(purpose: str, message: bytes, token: str) -> bool:
    """Whether `token` was signed for this purpose and message and has not expired. Compares in constant time."""
    try:
        value = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return False
    if len(value) != 1 + _EXPIRY_BYTES + _MAC_BYTES or value[0] != VERSION:
        return False
    expiry, mac = value[1 : 1 + _EXPIRY_BYTES], value[1 + _EXPIRY_BYTES :]
    genuine = hmac.compare_digest(mac, _mac(purpose, expiry, message))
    return genuine and time.time() < int.from_bytes(expiry, "big")


def _opened(purpose: str, value: bytes, bound_to: bytes) -> tuple[bytes, bool]:
    """The plaintext, and whether the key of now opened it."""
    if len(value) <= 1 + _NONCE_BYTES or value[0] != VERSION:
        raise Undecipherable(f"not a value of version {VERSION}")
    nonce, sealed = value[1 : 1 + _NONCE_BYTES], value[1 + _NONCE_BYTES :]
    previous = settings().previous_secret_key.get_secret_value().encode()
    keys = [_key(purpose)] + ([_derived(previous, purpose)] if previous else [])
    for number, key in enumerate(keys):
        try:
            return AESGCM(key).decrypt(nonce, sealed, bytes([VERSION]) + bound_to), number == 0
        except InvalidTag:
            continue
    raise Undecipherable("wrong key, purpose or owner, or the value was changed")


def _mac(purpose: str, expiry: bytes, message: bytes) -> bytes:
    return hmac.digest(_key(f"sign {purpose}"), bytes([VERSION]) + expiry + message, hashlib.sha256)[:_MAC_BYTES]


def _key(purpose: str) -> bytes:
    secret = settings().secret_key.get_secret_value()
    if not secret:
        raise SecretKeyMissing("SECRET_KEY is not set: make one with `openssl rand -hex 48`")
    return _derived(secret.encode(), purpose)


@lru_cache(maxsize=64)
def _derived(key: bytes, purpose: str) -> bytes:
    info = f"check-review-console/{VERSION}/{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)
