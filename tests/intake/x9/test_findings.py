"""What is wrong in a file that can be read becomes findings with a place, never a refusal."""

import dataclasses
import io

import pytest

from console.intake.x9 import Encoding, Framing, ItemKind, Side, X9Error, X9Reader

LINES = (Framing.NEWLINE, Encoding.ASCII)


def _changed(data, old, new):
    assert data.count(old) == 1, old
    return data.replace(old, new)


def _lines(data):
    """The records of a file in lines whose images hold no line end."""
    return data.split(b"\n")


def _without(data, record_type):
    return b"\n".join(line for line in _lines(data) if line[:2] != record_type)


@pytest.fixture(scope="session")
def plain(items):
    """One check whose images hold no line end."""
    return dataclasses.replace(items[1], on_us="31086035/7", amount_cents=4_321)


def _findings(reader):
    return {(f.field, f.found, f.expected) for f in reader.findings}


def test_a_sound_file_has_no_findings(items, plain, written, read):
    _, reader = read(written([items[0], plain]))
    assert reader.findings == ()
    _, reader = read(written([items[2]], collection_type="03"))
    assert reader.findings == ()


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (b"\n700001", b"\n700003", ("item count", "0003", "1")),
        (b"\n700001", b"\n70   ", ("item count", "0", "1")),
        (b"\n700001000000004321", b"\n700001000000004320", ("total amount", "000000004320", "4321")),
        (b"\n90000001", b"\n90000002", ("bundle count", "000002", "1")),
        (b"\n99000001", b"\n99      ", ("cash letter count", "blank", "1")),
        (b"0000001100000001", b"0000009900000001", ("record count", "00000099", "11")),
    ],
)
def test_control_totals_that_disagree(plain, written, read, old, new, finding):
    found, reader = read(_changed(written([plain], *LINES), old, new))
    assert len(found) == 1
    assert finding in _findings(reader)


def test_a_finding_names_record_offset_and_field(plain, written, read):
    payor = b"061000146          31086035/7"
    data = _changed(written([plain], *LINES), payor, payor.replace(b"6 ", b"9 ", 1))
    (item,), reader = read(data)

    (finding,) = reader.findings
    assert item.findings == (finding,)
    assert (finding.record, finding.item) == (4, 1)
    assert (finding.field, finding.found, finding.expected) == ("payor routing", "061000149", "061000146")
    assert data[finding.offset : finding.offset + 8] == b"06100014"
    assert item.routing == "061000149"


def test_left_justified_counts_and_amounts_are_read(plain, written, read):
    data = _changed(written([plain], *LINES), b"\n700001", b"\n701   ")
    data = _changed(data, b"7" + b"0000004321" + b" ", b"7" + b"4321      " + b" ")
    (item,), reader = read(data)
    assert item.amount_cents == 4_321
    assert _findings(reader) == {("amount", "4321", "10 digits")}


def test_missing_images_are_named_by_side(plain, written, read):
    front_only = dataclasses.replace(plain, views=plain.views[:1])
    (item,), _ = read(written([front_only]))
    assert [(f.field, f.expected) for f in item.findings] == [("image", "a back image")]

    data = _without(written([plain], *LINES), b"52")
    (item,), reader = read(data)
    assert item.views == ()
    assert {f.expected for f in item.findings} == {"a record 52", "a front image", "a back image"}
    assert ("image count", "00002", "0") in _findings(reader)


def test_images_without_their_detail_keep_their_place(plain, written, read):
    (item,), _ = read(_without(written([plain], *LINES), b"50"))
    assert [(v.side, v.data) for v in item.views] == [(Side.FRONT, b"front"), (Side.BACK, b"back")]
    assert [f.field for f in item.findings] == ["image view detail"] * 2


def test_image_details_may_come_before_all_image_data(plain, written, read):
    lines = _lines(written([plain], *LINES))
    assert [line[:2] for line in lines[4:8]] == [b"50", b"52", b"50", b"52"]
    lines[5], lines[6] = lines[6], lines[5]
    (item,), reader = read(b"\n".join(lines))
    assert [(v.side, v.data) for v in item.views] == [(Side.FRONT, b"front"), (Side.BACK, b"back")]
    assert reader.findings == ()


def _prefixed(lines):
    return b"".join(len(line).to_bytes(4, "big") + line for line in lines if line)


@pytest.mark.parametrize(
    ("lengths", "rest", "kept", "field"),
    [
        (b"0000" + b"00000" + b"0000009", b"front", b"front", "image length"),
        (b"0000" + b"00000" + b"0000000", b"front", b"front", "image length"),
        (b"    " + b"     " + b"       ", b"front", b"front", "image length"),
        (b"0000" + b"00000" + b"0000003", b"front", b"fro", "image length"),
        (b"0000" + b"0?000" + b"0000003", b"front", b"0000003front", "signature length"),
        (b"0002" + b"ke00000" + b"0000005", b"front", b"front", None),
        (b"0   " + b"0    " + b"5      ", b"front", b"front", None),
    ],
)
def test_image_bytes_survive_wrong_lengths(plain, written, read, lengths, rest, kept, field):
    lines = _lines(written([plain], *LINES))
    lines[5] = lines[5][:101] + lengths + rest
    (item,), _ = read(_prefixed(lines))
    assert item.views[0].data == kept
    assert [f.field for f in item.findings if "size" not in f.field] == ([field] if field else [])


def test_a_key_before_the_image_is_no_part_of_it(plain, written, read):
    view = dataclasses.replace(plain.views[0], reference_key=b"\x00key\xff", signature=b"s" * 10)
    (item,), _ = read(written([dataclasses.replace(plain, views=(view, plain.views[1]))]))
    assert (item.views[0].reference_key, item.views[0].signature, item.views[0].data) == (
        b"\x00key\xff",
        b"s" * 10,
        b"front",
    )


def test_odd_records_are_tolerated(plain, written, read):
    lines = _lines(written([plain], *LINES))
    odd = [b"40", b"41" + b"x" * 78, b"75", b"85061000146", b"77 something", b"68" + b" " * 43 + b"data", b"77 again"]
    (item,), reader = read(b"\n".join(lines[:4] + lines[4:8] + odd + lines[8:]))
    assert len(item.views) == 2
    unknown = [f for f in reader.findings if "not known" in f.problem]
    assert [(f.record, f.found) for f in unknown] == [(13, "77")]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_short_lines_and_both_line_ends_read_the_same(plain, written, read, line_end):
    lines = [line.rstrip() if line[:2] not in (b"52", b"25") else line for line in _lines(written([plain], *LINES))]
    (item,), reader = read(line_end.join(lines))
    assert reader.framing is Framing.NEWLINE
    assert (item.on_us, item.amount_cents) == (plain.on_us, plain.amount_cents)
    assert [v.data for v in item.views] == [v.data for v in plain.views]
    assert [f.field for f in reader.findings] == ["record length"]


@pytest.mark.parametrize("padding", [b"\x1a", b"\n\n", b" " * 50, bytes(500), b"\r\n\x1a"])
@pytest.mark.parametrize("framing", list(Framing))
def test_padding_behind_the_file_is_no_fault(plain, written, read, framing, padding):
    found, reader = read(written([plain], framing, Encoding.ASCII) + padding)
    assert len(found) == 1
    assert reader.findings == ()


def test_missing_frame_records_are_findings(plain, written, read):
    data = written([plain], *LINES)
    for record_type, titles in (
        (b"70", {"This bundle header is never closed by its bundle control."}),
        (b"90", {"This cash letter header is never closed by its cash letter control."}),
        (b"20", {"This item stands outside any bundle.", "This bundle control has no bundle header before it."}),
        (b"10", {"This bundle stands outside any cash letter."}),
    ):
        found, reader = read(_without(data, record_type))
        assert len(found) == 1
        assert titles <= {f.problem for f in reader.findings}


def test_an_item_behind_its_bundle_does_not_take_the_bundles_place(plain, written, read):
    lines = _lines(written([plain, plain], *LINES))
    assert lines[8][:2] == b"25"
    second, control = lines[8:13], lines[13]
    found, _ = read(b"\n".join([*lines[:8], control, *second, *lines[14:]]))
    assert [(i.cash_letter_id, i.bundle_id) for i in found] == [("LETTER1", "BUNDLE1"), ("LETTER1", "")]
    assert found[1].business_date == plain.views[0].creation_date
    assert "This item stands outside any bundle." in [f.problem for f in found[1].findings]


def test_a_return_among_forward_items_is_said(items, written, read):
    (item,), _ = read(written([items[2]]))
    assert [f.found for f in item.findings] == ["collection type 01"]


def test_a_wrong_count_of_addenda_is_said(items, written, read):
    data = written([items[0]], *LINES)
    (item,), _ = read(_changed(data, b"1 02  ", b"1 05  "))
    assert [(f.field, f.found, f.expected) for f in item.findings] == [("addendum count", "05", "2")]


def test_a_credit_shifted_by_a_digit_is_recognised(items, written, read):
    lines = _lines(written([items[3]], *LINES))
    standard = lines[3]
    lines[3] = standard[:2] + b"1" + standard[2:79]
    (shifted,), _ = read(b"\n".join(lines))
    assert (shifted.kind, shifted.routing, shifted.on_us, shifted.amount_cents) == (
        ItemKind.CREDIT, "122000661", "777", 5)  # fmt: skip


def test_a_credit_whose_amount_cannot_be_read_is_a_finding(items, written, read):
    data = _changed(written([items[3]], *LINES), b"777" + b"0000000005", b"777" + b"ABCDEFGHIJ")
    (credit,), _ = read(data)
    assert credit.amount_cents == 0
    assert ("amount", "ABCDEFGHIJ") in [(f.field, f.found) for f in credit.findings]


def test_characters_that_cannot_be_printed_do_not_pass(plain, written, read):
    data = _changed(written([plain], *LINES), b"LETTER1", b"LET\x00ER1")
    (item,), reader = read(data)
    assert item.cash_letter_id == "LET\ufffdER1"
    assert [f.record for f in reader.findings] == [2]


def test_joined_files_are_read_with_a_finding(plain, written, read):
    data = written([plain])
    found, reader = read(data + data)
    assert len(found) == 2
    assert [f.problem for f in reader.findings] == ["A second file header: several files seem to have been joined."]


def test_findings_kept_are_bounded_and_all_counted(plain, written):
    views_missing = dataclasses.replace(plain, views=())
    reader = X9Reader(io.BytesIO(written([views_missing] * 6_000)))
    assert sum(1 for _ in reader) == 6_000
    assert (len(reader.findings), reader.findings_total) == (10_000, 12_000)


def test_a_file_without_its_end_is_refused(plain, written):
    with pytest.raises(X9Error, match="cut off"):
        list(X9Reader(io.BytesIO(_without(written([plain], *LINES), b"99"))))
