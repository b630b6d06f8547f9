"""The demo day as an X9.100-187 file: the reader finds everything in it and nothing wrong with it."""

import io

import pytest

from console.intake.demo.demo_file import item_sequence, write_demo_file
from console.intake.x9 import Encoding, Framing, Side, X9Reader


@pytest.fixture(scope="module")
def written(bank) -> bytes:
    stream = io.BytesIO()
    totals = write_demo_file(bank, stream)
    assert (totals.checks, totals.views) == (len(bank.items), 2 * len(bank.items))
    return stream.getvalue()


def test_the_reader_finds_every_item_and_nothing_wrong(bank, written):
    reader = X9Reader(io.BytesIO(written))
    read = {item.sequence: item for item in reader}
    assert reader.findings == ()
    assert (reader.framing, reader.encoding) == (Framing.LENGTH_PREFIXED, Encoding.EBCDIC)
    assert reader.totals.amount_cents == int(sum(item.amount for item in bank.items).scaleb(2))
    assert len(read) == len(bank.items)
    for item in bank.items:
        got = read[item_sequence(item)]
        assert (got.routing, got.on_us, got.auxiliary_on_us) == (item.routing, item.on_us, item.auxiliary_on_us)
        assert got.account == item.paper.account_number
        assert got.serial == (item.serial.lstrip("0") or "0")
        assert got.amount_cents == int(item.amount.scaleb(2))
        assert got.view(Side.FRONT).data == item.front
        assert got.view(Side.BACK).data == item.back
        assert got.payee == item.payee[:15].strip()
        assert got.bofd_routing == item.paper.endorsement.bank_of_first_deposit.routing
        assert got.deposit_account == item.paper.endorsement.account
        assert got.business_date == bank.business_date


def test_bundles_hold_at_most_fifty(bank, written):
    sizes: dict[tuple[str, str], int] = {}
    for item in X9Reader(io.BytesIO(written)):
        key = (item.cash_letter_id, item.bundle_id)
        sizes[key] = sizes.get(key, 0) + 1
    assert max(sizes.values()) <= 50
    assert sum(sizes.values()) == len(bank.items)
    assert len({letter for letter, _ in sizes}) == 2


def test_writing_it_again_gives_the_same_bytes(bank, written):
    stream = io.BytesIO()
    write_demo_file(bank, stream)
    assert stream.getvalue() == written
