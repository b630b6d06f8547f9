import datetime
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from console.intake.x9 import (
    Addendum,
    Bundle,
    CashLetter,
    Encoding,
    FileHeader,
    Framing,
    ItemKind,
    Side,
    X9ImageView,
    X9Item,
    X9Reader,
    write_file,
)

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "x9"
DAY = datetime.date(2026, 1, 15)
BANK, OTHER_BANK = "122000661", "061000146"


@pytest.fixture(scope="session")
def real_files() -> Path:
    if not SHARED.is_dir():
        pytest.skip("needs the public X9 files of ../shared/data/x9")
    return SHARED


def _views(front: bytes, back: bytes) -> tuple[X9ImageView, ...]:
    pairs = ((Side.FRONT, front), (Side.BACK, back))
    return tuple(X9ImageView(side=s, data=d, creator_routing=BANK, creation_date=DAY) for s, d in pairs)


@pytest.fixture(scope="session")
def items() -> list[X9Item]:
    """Two checks, a return and a credit; the images hold line ends and record types in both encodings."""
    addendum_a = {"record_number": "1", "bofd_routing": OTHER_BANK, "bofd_date": "20260114", "payee_name": "Ann Payee"}
    key = {"key_indicator": "1", "key_length": "0034", "reference_key": "K" * 34, "description": "film"}
    check = X9Item(
        kind=ItemKind.CHECK,
        record_type="25",
        routing=BANK,
        on_us="20915353/111",
        amount_cents=12_345,
        sequence="000000000000001",
        documentation="G",
        micr_valid="1",
        views=_views(b"II*\x00\n25\r\n52\x25\xf5\xf2\x15", b"\n\n\x00\xff stub"),
        addenda=(Addendum("26", 0, 0, addendum_a), Addendum("27", 0, 0, key)),
    )
    business = X9Item(
        kind=ItemKind.CHECK,
        record_type="25",
        routing=OTHER_BANK,
        auxiliary_on_us="004711",
        on_us="998-877/22",
        amount_cents=1,
        views=_views(b"front", b"back"),
    )
    returned = X9Item(
        kind=ItemKind.RETURN,
        record_type="31",
        routing=BANK,
        on_us="555/",
        auxiliary_on_us="12",
        amount_cents=9_999_999_999,
        return_reason="A",
        forward_bundle_date=DAY,
        views=_views(b"front", b"back"),
        addenda=(
            Addendum("32", 0, 0, addendum_a),
            Addendum("33", 0, 0, {"payor_bank_name": "Payor", "auxiliary_on_us": "12"}),
        ),
    )
    credit = X9Item(kind=ItemKind.CREDIT, record_type="61", routing=BANK, on_us="777", amount_cents=5)
    return [check, business, returned, credit]


@pytest.fixture(scope="session")
def written() -> Callable[..., bytes]:
    """Writes items into one bundle of a whole file."""

    def write(
        some: list[X9Item],
        framing: Framing = Framing.LENGTH_PREFIXED,
        encoding: Encoding = Encoding.EBCDIC,
        collection_type: str = "01",
    ) -> bytes:
        out = io.BytesIO()
        letter = CashLetter(
            cash_letter_id="LETTER1",
            destination_routing=BANK,
            ece_routing=OTHER_BANK,
            business_date=DAY,
            collection_type=collection_type,
            bundles=[Bundle(bundle_id="BUNDLE1", items=some)],
        )
        header = FileHeader(destination_routing=BANK, origin_routing=OTHER_BANK, creation_date=DAY)
        write_file(out, header, [letter], framing=framing, encoding=encoding)
        return out.getvalue()

    return write


@pytest.fixture(scope="session")
def read() -> Callable[[bytes], tuple[list[X9Item], X9Reader]]:
    def read_all(data: bytes) -> tuple[list[X9Item], X9Reader]:
        reader = X9Reader(io.BytesIO(data))
        return list(reader), reader

    return read_all
