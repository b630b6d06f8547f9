"""What SECRET_KEY protects."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from console.access import secrets
from console.access.secrets import SecretKeyMissing, Undecipherable, decrypt, encrypt, sign, verify
from console.settings import settings

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_KEY", "0123456789abcdef" * 6)
    settings.cache_clear()
    yield
    settings.cache_clear()


@given(plaintext=st.binary(max_size=200), owner=st.binary(max_size=40))
@hypothesis_settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip_and_never_the_same_twice(plaintext: bytes, owner: bytes) -> None:
    first, second = (encrypt("p", plaintext, bound_to=owner) for _ in range(2))
    assert first != second
    assert decrypt("p", first, bound_to=owner) == plaintext


def test_every_changed_bit_is_refused() -> None:
    value = encrypt("p", b"JBSWY3DPEHPK3PXP", bound_to=b"me")
    for position in range(len(value) * 8):
        changed = bytearray(value)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(Undecipherable):
            decrypt("p", bytes(changed), bound_to=b"me")
    for length in range(len(value)):
        with pytest.raises(Undecipherable):
            decrypt("p", value[:length], bound_to=b"me")


def test_purpose_owner_and_key_each_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    value = encrypt("p", b"secret", bound_to=b"me")
    with pytest.raises(Undecipherable):
        decrypt("q", value, bound_to=b"me")
    with pytest.raises(Undecipherable):
        decrypt("p", value, bound_to=b"you")
    monkeypatch.setenv("SECRET_KEY", "fedcba9876543210" * 6)
    settings.cache_clear()
    with pytest.raises(Undecipherable):
        decrypt("p", value, bound_to=b"me")


def test_a_token_holds_for_its_purpose_message_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign("links", b"image 1", lifetime=MINUTE)
    assert len(token) == 31
    assert verify("links", b"image 1", token)
    assert not verify("links", b"image 2", token)
    assert not verify("other", b"image 1", token)
    now = secrets.time.time()
    monkeypatch.setattr(secrets.time, "time", lambda: now + 61)
    assert not verify("links", b"image 1", token)


def test_a_changed_token_is_refused() -> None:
    token = sign("links", b"image 1", lifetime=MINUTE)
    for position, character in enumerate(token[:-1]):  # the last one carries unused bits
        changed = token[:position] + ("A" if character != "A" else "B") + token[position + 1 :]
        assert not verify("links", b"image 1", changed)
    for odd in ("", "=", "é", token[:-4], token + "AAAA", "!" * 31, "\x00"):
        assert not verify("links", b"image 1", odd)


def test_without_a_key_nothing_is_protected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    settings.cache_clear()
    with pytest.raises(SecretKeyMissing):
        sign("links", b"image 1", lifetime=MINUTE)
