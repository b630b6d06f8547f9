"""Codes: the standard's own vectors, the tolerated steps, and each code once."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from console.access import totp
from console.actor import system_actor
from db.engine import transaction
from tests.factories import make_bank

NOON = datetime(2026, 11, 20, 12, 0, 10, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    # Appendix B, SHA-1; the last six of its eight digits.
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert totp.code_at(secret, datetime.fromtimestamp(seconds, UTC)) == code


@pytest.mark.parametrize(("away", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_one_step_either_way(away: int, accepted: bool) -> None:
    code = totp.code_at(SECRET, NOON + timedelta(seconds=away))
    step = totp.matching_step(SECRET, code, NOON)
    assert step == (totp.step_at(NOON) + away // 30 if accepted else None)


@pytest.mark.parametrize("written", ["{0} {1}", " {0}{1} ", "{0}\u00a0{1}"])
def test_blanks_do_not_matter(written: str) -> None:
    code = totp.code_at(SECRET, NOON)
    assert totp.matching_step(SECRET, written.format(code[:3], code[3:]), NOON) is not None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "1e1000"])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert totp.matching_step(SECRET, code, NOON) is None


def test_a_step_is_spent_once_however_many_try(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()

        async def spend(step: int) -> bool:
            async with transaction(bank.system) as session:
                return await totp.use_step(session, bank.reviewer.user_id, step)

        assert sorted(await asyncio.gather(*(spend(1000) for _ in range(8)))) == [False] * 7 + [True]
        assert not await spend(999)  # an earlier one is over too
        assert await spend(1001)
        stranger = system_actor(bank.reviewer.user_id, "another institution")
        async with transaction(stranger) as session:
            assert not await totp.use_step(session, bank.reviewer.user_id, 2000)

    run(story())


def test_what_an_authenticator_reads() -> None:
    uri = urlsplit(totp.provisioning_uri(SECRET, "m.reyes"))
    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp", "/Check Review Console:m.reyes")
    assert parse_qs(uri.query) == {"secret": [SECRET], "issuer": ["Check Review Console"]}
    assert totp.qr_data_uri(SECRET, "m.reyes").startswith("data:image/svg+xml")
    assert totp.in_groups("ABCDEFGHIJ") == "ABCD EFGH IJ"
    assert len(base64.b32decode(totp.new_secret())) == 20
