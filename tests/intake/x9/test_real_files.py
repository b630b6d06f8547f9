"""The public files: what an open library and their makers say of them, and what their control totals get wrong."""

import base64
import json

import pytest

from console.intake.x9 import Encoding, Framing, ItemKind, Side, X9Error, X9Reader


def _read(path):
    with path.open("rb") as stream:
        reader = X9Reader(stream)
        return list(reader), reader


def _fields_disagreeing(reader):
    return [(f.field, f.found, f.expected) for f in reader.findings if "does not agree with what" in f.problem]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("moov__valid-ascii_2021.x937", Encoding.ASCII), ("moov__valid-ebcdic_2021.x937", Encoding.EBCDIC)],
)
def test_a_valid_check_reads_as_the_open_library_reads_it(real_files, name, encoding):
    expected = json.loads((real_files / "valid-x937.expected.json").read_text())
    check = expected["cashLetters"][0]["bundles"][0]["checks"][0]
    addendum = check["checkDetailAddendumA"][0]

    (item,), reader = _read(real_files / name)

    assert (reader.framing, reader.encoding) == (Framing.LENGTH_PREFIXED, encoding)
    assert item.routing == check["payorBankRoutingNumber"] + check["payorBankCheckDigit"]
    assert item.on_us == check["onUs"]
    assert item.account == "1211123456789"
    assert item.serial is None
    assert item.amount_cents == check["itemAmount"]
    assert item.sequence == check["eceInstitutionItemSequenceNumber"]
    assert item.bofd_routing == addendum["returnLocationRoutingNumber"]
    assert item.bofd_date.isoformat() == addendum["bofdEndorsementDate"][:10]
    assert [v.side for v in item.views] == [Side.FRONT, Side.BACK]
    assert [v.data for v in item.views] == [base64.b64decode(v["imageData"]) for v in check["imageViewData"]]
    assert reader.header.origin_name == expected["fileHeader"]["ImmediateOriginName"]
    assert reader.header.creation_date.isoformat() == expected["fileHeader"]["fileCreationDate"][:10]
    assert reader.totals.records == expected["fileControl"]["totalRecordCount"]
    assert reader.findings_total == 0


def test_the_sample_reads_as_its_fronts_say(real_files):
    truth = json.loads((real_files / "x9ware-sample.truth.json").read_text())
    items, reader = _read(real_files / "x9ware-sample__x937_dstu.x9")

    for item, front in zip(items, truth.values(), strict=True):
        transit = front["micr"].split("T")[1]
        assert item.routing == transit
        assert item.amount_cents == round(front["amount"] * 100)
        assert item.payee == front["payee"]
        # T…T on-us U serial A…, or U auxiliary U T…T on-us U A…
        assert item.account == front["micr"].split("T")[2].split("U")[0]
        serial = front["micr"].split("U")[1] if front["micr"][0] == "U" else front["micr"].split("U")[1].split("A")[0]
        assert item.serial == serial
        assert all(view.data[:4] == b"II*\x00" for view in item.views)
    assert reader.totals.views == 20
    assert reader.totals.amount_cents == 100_090
    assert reader.findings_total == 0


def test_returns_and_checks_mixed_with_wrong_item_counts(real_files):
    items, reader = _read(real_files / "moov__BNK20180905121042882-A_len4.icl")
    lines, _ = _read(real_files / "moov__BNK20180905121042882-A_newline.icl")

    assert [i.kind for i in items] == 2 * [ItemKind.CHECK, ItemKind.CHECK, ItemKind.RETURN, ItemKind.RETURN]
    assert (reader.totals.checks, reader.totals.returns, reader.totals.views) == (4, 4, 8)
    assert reader.totals.amount_cents == 800_000
    assert _fields_disagreeing(reader) == [
        ("item count", "0014", "2"),
        ("item count", "0016", "2"),
        ("item count", "00000030", "4"),
        ("item count", "0014", "2"),
        ("item count", "0016", "2"),
        ("item count", "00000030", "4"),
        ("item count", "00000060", "8"),
    ]
    returned = items[2]
    assert (returned.return_reason, returned.auxiliary_on_us) == ("A", "123456789")
    assert returned.views[0].quality["date_usability"] == 2
    assert [(i.routing, i.on_us, i.amount_cents, i.views[0].data) for i in lines] == [
        (i.routing, i.on_us, i.amount_cents, i.views[0].data) for i in items
    ]


@pytest.mark.parametrize(
    ("name", "cents"),
    [("moov__creditRecord61.icl", 102_088), ("moov__BNK20181010121042882-A_len4_credit62.icl", 100_000)],
)
def test_credits_are_listed_and_not_added(real_files, name, cents):
    items, reader = _read(real_files / name)

    assert items[0].kind is ItemKind.CREDIT
    assert items[0].amount_cents == cents
    assert (reader.totals.checks, reader.totals.credits, reader.totals.amount_cents) == (4, 1, 400_000)
    assert any(f.item == 1 and "credit" in f.problem for f in reader.findings)


def test_a_micr_valid_total_without_valid_items_is_a_finding(real_files):
    _, reader = _read(real_files / "moov__without-micrValidIndicator.icl")
    assert _fields_disagreeing(reader) == [("micr valid amount", "000000010000", "0")]


def test_hostile_files_are_refused_with_a_place(real_files):
    hostile = sorted((real_files / "hostile").iterdir())
    assert hostile
    for path in hostile:
        with pytest.raises(X9Error) as refused:
            _read(path)
        assert refused.value.record > 0
        assert refused.value.field
