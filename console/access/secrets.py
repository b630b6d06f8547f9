"""What SECRET_KEY protects: encrypted secrets at rest and signed, short-lived tokens.

Every purpose has a key of its own, derived by HKDF-SHA256 (RFC 5869), so that what was made for one purpose
is worthless for another. A version byte leads each value, so that keys can be changed later.
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
    """The plaintext of what `encrypt` made. Raises Undecipherable."""
    if len(value) <= 1 + _NONCE_BYTES or value[0] != VERSION:
        raise Undecipherable(f"not a value of version {VERSION}")
    nonce, sealed = value[1 : 1 + _NONCE_BYTES], value[1 + _NONCE_BYTES :]
    try:
        return AESGCM(_key(purpose)).decrypt(nonce, sealed, bytes([VERSION]) + bound_to)
    except InvalidTag:
        raise Undecipherable("wrong key, purpose or owner, or the value was changed") from None


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


def _mac(purpose: str, expiry: bytes, message: bytes) -> bytes:
    return hmac.digest(_key(f"sign {purpose}"), bytes([VERSION]) + expiry + message, hashlib.sha256)[:_MAC_BYTES]


def _key(purpose: str) -> bytes:
    secret = settings().secret_key.get_secret_value()
    if not secret:
        raise SecretKeyMissing("SECRET_KEY is not set: make one with `openssl rand -hex 48`")
    return _derived(secret, purpose)


@lru_cache(maxsize=32)
def _derived(secret: str, purpose: str) -> bytes:
    info = f"check-review-console/{VERSION}/{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())
