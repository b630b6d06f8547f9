"""Writing X9.100-187 files: forward presentment and returns, with control totals that agree, one item at a time."""

from collections.abc import Iterable, Mapping
from typing import BinaryIO

from console.intake.x9 import layouts
from console.intake.x9.controls import Tally
from console.intake.x9.encode import RecordWriter, Value, X9WriteError
from console.intake.x9.fields import Layout
from console.intake.x9.layouts import LAYOUTS
from console.intake.x9.records import (
    Addendum,
    Bundle,
    CashLetter,
    Encoding,
    FileHeader,
    Framing,
    ItemKind,
    Side,
    Totals,
    X9ImageView,
    X9Item,
)
from console.intake.x9.tiff import write_tiff
from console.intake.x9.values import read_number

__all__ = ["X9WriteError", "write_file", "write_tiff"]

_SIDE_DIGITS = {Side.FRONT: "0", Side.BACK: "1"}
_KINDS = {
    "25": ItemKind.CHECK,
    "31": ItemKind.RETURN,
    "61": ItemKind.CREDIT,
    "62": ItemKind.CREDIT,
}
_REFERENCE_TYPES = ("27", "34")
_NO_CREDITS_IN_TOTALS = "0"


def write_file(
    stream: BinaryIO,
    header: FileHeader,
    cash_letters: Iterable[CashLetter],
    *,
    framing: Framing = Framing.LENGTH_PREFIXED,
    encoding: Encoding = Encoding.EBCDIC,
) -> Totals:
    """Write a whole file to `stream`, reading the cash letters, bundles and items once and holding none of them.

    Returns what was written. Raises X9WriteError when a value does not fit its field; the stream is then to be
    thrown away. An item's place, findings and addenda count are worked out here, whatever the item says of them.
    """
    return _Writer(RecordWriter(stream, framing, encoding)).file(header, cash_letters)


class _Writer:
    def __init__(self, out: RecordWriter) -> None:
        self._out = out
        self._totals = Totals()
        self._file, self._letter, self._bundle = Tally(), Tally(), Tally()

    def file(self, header: FileHeader, cash_letters: Iterable[CashLetter]) -> Totals:
        names = layouts.FILE_HEADER.by_name
        self._out.write(layouts.FILE_HEADER, {name: getattr(header, name) for name in names})
        for letter in cash_letters:
            self._cash_letter(letter)
        self._file.records = self._out.records + 1
        self._control(layouts.FILE_CONTROL, self._file)
        self._totals.records = self._out.records
        return self._totals

    def _cash_letter(self, letter: CashLetter) -> None:
        self._letter = Tally()
        self._file.cash_letters += 1
        names = layouts.CASH_LETTER_HEADER.by_name
        values: dict[str, Value] = {name: getattr(letter, name) for name in names}
        values["creation_date"] = letter.creation_date or letter.business_date
        self._out.write(layouts.CASH_LETTER_HEADER, values)
        for bundle in letter.bundles:
            self._write_bundle(letter, bundle)
        self._control(layouts.CASH_LETTER_CONTROL, self._letter)

    def _write_bundle(self, letter: CashLetter, bundle: Bundle) -> None:
        self._bundle = Tally()
        self._letter.bundles += 1
        self._out.write(
            layouts.BUNDLE_HEADER,
            {
                "collection_type": letter.collection_type,
                "destination_routing": letter.destination_routing,
                "ece_routing": letter.ece_routing,
                "business_date": letter.business_date,
                "creation_date": letter.creation_date or letter.business_date,
                "bundle_id": bundle.bundle_id,
                "bundle_sequence": bundle.sequence,
                "cycle_number": bundle.cycle_number,
            },
        )
        for item in bundle.items:
            self._item(letter, bundle, item)
        self._control(layouts.BUNDLE_CONTROL, self._bundle)

    def _control(self, layout: Layout, tally: Tally) -> None:
        self._out.write(layout, {**tally.expected(with_credits=False), "credit_indicator": _NO_CREDITS_IN_TOTALS})

    def _item(self, letter: CashLetter, bundle: Bundle, item: X9Item) -> None:
        self._count(item)
        self._out.write(LAYOUTS[item.record_type], _detail(item))
        for addendum in item.addenda:
            self._addendum(addendum)
        for view in item.views:
            self._view(letter, bundle, item, view)

    def _count(self, item: X9Item) -> None:
        for tally in (self._bundle, self._letter, self._file):
            tally.add(item.kind, item.amount_cents, item.micr_valid == "1")
            tally.images += len(item.views)
        totals = self._totals
        totals.views += len(item.views)
        if item.kind is ItemKind.CREDIT:
            totals.credits += 1
            return
        totals.checks += item.kind is ItemKind.CHECK
        totals.returns += item.kind is ItemKind.RETURN
        totals.amount_cents += item.amount_cents

    def _addendum(self, addendum: Addendum) -> None:
        fields, layout = addendum.fields, LAYOUTS[addendum.record_type]
        tail = ""
        if addendum.record_type in _REFERENCE_TYPES:
            tail = _reference_tail(fields)
        elif addendum.record_type == "68":
            tail = _user_data(fields)
        self._out.write(layout, fields, tail=tail)

    def _view(self, letter: CashLetter, bundle: Bundle, item: X9Item, view: X9ImageView) -> None:
        self._out.write(
            layouts.IMAGE_VIEW_DETAIL,
            {
                "image_indicator": "1",
                "creator_routing": view.creator_routing or letter.ece_routing,
                "creation_date": view.creation_date or letter.business_date,
                "image_format": view.format,
                "compression": view.compression,
                "image_size": len(view.data),
                "view_side": _SIDE_DIGITS[view.side],
                "view_descriptor": view.view_descriptor,
            },
        )
        self._out.write(
            layouts.IMAGE_VIEW_DATA,
            {
                "ece_routing": letter.ece_routing,
                "bundle_date": letter.business_date,
                "cycle_number": bundle.cycle_number,
                "item_sequence": item.sequence,
                "clipping_origin": "0",
                "key_length": len(view.reference_key),
            },
            data=b"".join(
                (
                    view.reference_key,
                    self._out.digits(len(view.signature), 5),
                    view.signature,
                    self._out.digits(len(view.data), 7),
                    view.data,
                )
            ),
        )
        if view.quality is not None:
            self._out.write(layouts.IMAGE_ANALYSIS, dict(view.quality))


def _detail(item: X9Item) -> dict[str, Value]:
    """The values of an item's first record."""
    if _KINDS.get(item.record_type) is not item.kind:
        raise X9WriteError(f"Record {item.record_type} is no {item.kind}")
    values: dict[str, Value] = {
        "auxiliary_on_us": item.auxiliary_on_us,
        "external_processing_code": item.epc,
        "on_us": item.on_us,
        "amount": item.amount_cents,
        "item_sequence": item.sequence,
        "documentation": item.documentation,
        "return_acceptance": item.return_acceptance,
        "micr_valid": item.micr_valid,
        "bofd_indicator": item.bofd_indicator,
        "addendum_count": sum(addendum.record_type != "68" for addendum in item.addenda),
        "correction_indicator": item.correction_indicator,
        "archive_type": item.archive_type,
        "return_reason": item.return_reason,
        "forward_bundle_date": item.forward_bundle_date,
        "return_notification": item.return_notification,
        "times_returned": item.times_returned,
    }
    if item.kind is ItemKind.CREDIT:
        return values | {"payor_routing": item.routing}
    if item.kind is ItemKind.RETURN and item.auxiliary_on_us and "33" not in {a.record_type for a in item.addenda}:
        raise X9WriteError("A return carries its auxiliary on-us in an addendum 33, and this one has none")
    return values | {"payor_routing": item.routing[:8], "payor_check_digit": item.routing[8:]}


def _reference_tail(fields: Mapping[str, str]) -> str:
    """What follows the key length in records 27 and 34, the key filled up to the length its field gives."""
    key = fields.get("reference_key", "").ljust(read_number(fields.get("key_length", "")) or 0)
    rest = f"{fields.get('description', ''):15}{fields.get('user_field', ''):4}"
    if len(key) != (read_number(fields.get("key_length", "")) or 0) or len(rest) > 19:
        raise X9WriteError("The key length, key, description or user field of an addendum do not fit together")
    return f"{key}{rest}     "


def _user_data(fields: Mapping[str, str]) -> str:
    """What follows the data length in record 68, filled up to it."""
    length = read_number(fields.get("data_length", "")) or 0
    data = fields.get("data", "").ljust(length)
    if len(data) != length:
        raise X9WriteError("The data of a user record is longer than its data length")
    return data
