"""What the writer writes, the reader reads back equal, in every framing and encoding, with totals that agree."""

import dataclasses
import datetime
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

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
    X9WriteError,
    write_file,
    write_tiff,
)

EVERY_FORM = [(framing, encoding) for framing in Framing for encoding in Encoding]
BANK = "061000146"
RECORD_TYPES = {"25": ItemKind.CHECK, "31": ItemKind.RETURN, "61": ItemKind.CREDIT, "62": ItemKind.CREDIT}


def _content(item: X9Item) -> X9Item:
    """The item without what says where it stood."""
    return dataclasses.replace(
        item,
        ordinal=0,
        record=0,
        offset=0,
        collection_type="",
        cash_letter_id="",
        bundle_id="",
        business_date=None,
        findings=(),
        addenda=tuple(
            dataclasses.replace(a, record=0, offset=0, fields={k: v for k, v in a.fields.items() if v})
            for a in item.addenda
        ),
        views=tuple(dataclasses.replace(v, record=0, offset=0) for v in item.views),
    )


def _digits(width):
    return st.integers(0, 10**width - 1).map(lambda n: f"{n:0{width}}")


def _text(width):
    letters = st.characters(min_codepoint=32, max_codepoint=126)
    return st.text(letters, max_size=width).map(str.strip)


_routings = st.one_of(_digits(9), st.sampled_from(["122000661", "061000146", "12200066 "]))
_days = st.dates(datetime.date(1000, 1, 1), datetime.date(9999, 12, 31))
_quality = st.dictionaries(st.sampled_from(["image_quality", "piggyback", "payee_usability"]), st.integers(0, 2))
_views = st.builds(
    X9ImageView,
    side=st.sampled_from(Side),
    data=st.one_of(st.binary(min_size=1, max_size=300), st.sampled_from([b"\n", b"\r\n25", b"\x25\xf5\xf2", b" " * 9])),
    creator_routing=_digits(9),
    creation_date=_days,
    compression=st.sampled_from(["00", "01", "99"]),
    quality=st.none() | _quality,
    reference_key=st.binary(max_size=40).filter(lambda key: not set(key) & set(b"\n\x15\x25")),
    signature=st.binary(max_size=40),
)
_addenda_a = st.fixed_dictionaries(
    {
        "record_number": st.just("1"),
        "bofd_routing": _digits(9),
        "bofd_date": st.just("20260114"),
        "payee_name": _text(15),
    }
)
_user_data = st.builds(
    lambda data: Addendum("68", 0, 0, {"owner": "US", "data_length": f"{len(data):07}", "data": data}), _text(60)
)


@st.composite
def _items(draw):
    record_type = draw(st.sampled_from(list(RECORD_TYPES)))
    kind = RECORD_TYPES[record_type]
    addendum_type = "32" if kind is ItemKind.RETURN else "26"
    addenda = [Addendum(addendum_type, 0, 0, fields) for fields in draw(st.lists(_addenda_a, max_size=2))]
    addenda += draw(st.lists(_user_data, max_size=1))
    own = {}
    if kind is ItemKind.CHECK:
        own = {"auxiliary_on_us": draw(_digits(15)), "micr_valid": draw(st.sampled_from(["", "1", "4"]))}
    if kind is ItemKind.RETURN:
        own = {"return_reason": draw(st.sampled_from("AQZ3")), "forward_bundle_date": draw(st.none() | _days)}
    return X9Item(
        kind=kind,
        record_type=record_type,
        routing=draw(_routings) if kind is not ItemKind.CREDIT else "122000661",
        on_us=draw(_text(20)),
        amount_cents=draw(st.integers(0, 10**10 - 1)),
        sequence=draw(_text(15)),
        addenda=tuple(a if a.record_type == "68" else dataclasses.replace(a, fields=_filled(a)) for a in addenda),
        views=tuple(draw(st.lists(_views, max_size=3))),
        **own,
    )


def _filled(addendum):
    return {name: value for name, value in addendum.fields.items() if value}


def _letters(bundles):
    day = datetime.date(2026, 1, 15)
    made = [Bundle(bundle_id=str(n), items=iter(items)) for n, items in enumerate(bundles)]
    yield CashLetter(cash_letter_id="A", destination_routing=BANK, ece_routing=BANK, business_date=day, bundles=made)
    yield CashLetter(cash_letter_id="B", destination_routing=BANK, ece_routing=BANK, business_date=day, bundles=[])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    form=st.sampled_from(EVERY_FORM),
    bundles=st.lists(st.lists(_items(), max_size=3), max_size=3),
    names=st.tuples(_text(18), _text(18)),
    day=_days,
)
def test_what_is_written_reads_back_equal(form, bundles, names, day):
    header = FileHeader(
        destination_routing=BANK,
        origin_routing="122000661",
        creation_date=day,
        creation_time="0930",
        destination_name=names[0],
        origin_name=names[1],
    )
    out = io.BytesIO()
    totals = write_file(out, header, _letters(bundles), framing=form[0], encoding=form[1])

    reader = X9Reader(io.BytesIO(out.getvalue()))
    items = list(reader)

    assert (reader.framing, reader.encoding) == form
    assert reader.header == header
    assert [_content(item) for item in items] == [_content(item) for bundle in bundles for item in bundle]
    assert reader.totals == totals
    assert [item.ordinal for item in items] == list(range(1, len(items) + 1))
    assert not [f for f in reader.findings if "control" in f.problem or "size" in f.field or "count" in f.field]


@pytest.mark.parametrize(("framing", "encoding"), EVERY_FORM)
def test_the_containers_say_where_an_item_stands(items, written, read, framing, encoding):
    back, reader = read(written(items, framing, encoding))

    assert {(i.cash_letter_id, i.bundle_id, i.business_date) for i in back} == {
        ("LETTER1", "BUNDLE1", datetime.date(2026, 1, 15))
    }
    assert back[0].addenda[1].fields["reference_key"] == "K" * 34
    assert back[2].auxiliary_on_us == "12"
    assert (reader.totals.amount_cents, reader.totals.credits) == (12_345 + 1 + 9_999_999_999, 1)


def test_images_are_written_as_banks_write_them():
    drawn = Image.new("L", (1200, 550), 255)
    drawn.paste(0, (100, 200, 400, 260))
    data = write_tiff(drawn)

    with Image.open(io.BytesIO(data)) as tiff:
        tags = dict(tiff.tag_v2)
        assert data[:4] == b"II*\x00"
        assert tags[259] == 4  # CCITT G4
        assert tags[262] == 0  # WhiteIsZero
        assert tags[278] == 550
        assert len(tags[273]) == 1
        assert tiff.info["dpi"] == (200, 200)
        assert (tiff.getpixel((0, 0)), tiff.getpixel((150, 230))) == (255, 0)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "P"])
def test_any_image_becomes_bitonal(mode):
    with Image.open(io.BytesIO(write_tiff(Image.new(mode, (40, 30))))) as tiff:
        assert (tiff.mode, tiff.size) == ("1", (40, 30))


@pytest.mark.parametrize(
    "change",
    [
        {"on_us": "1" * 21},
        {"amount_cents": 10**10},
        {"amount_cents": -1},
        {"sequence": "a\nb"},
        {"sequence": "№"},
        {"kind": ItemKind.RETURN},
        {"addenda": (Addendum("27", 0, 0, {"key_length": "0002", "reference_key": "abc"}),)},
        {"addenda": (Addendum("68", 0, 0, {"data_length": "0000002", "data": "abc"}),)},
    ],
)
def test_what_the_format_cannot_hold_is_not_written(items, written, change):
    with pytest.raises(X9WriteError):
        written([dataclasses.replace(items[0], **change)])


def test_a_return_without_a_place_for_its_auxiliary_on_us_is_not_written(items, written):
    with pytest.raises(X9WriteError, match="addendum 33"):
        written([dataclasses.replace(items[2], addenda=())])
