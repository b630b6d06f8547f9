"""Filling records from values by their layout, and framing them: the inverse of framing.py and the layouts' split."""

from collections.abc import Mapping
from datetime import date
from typing import BinaryIO

from console.intake.x9.fields import Field, Kind, Layout
from console.intake.x9.records import Encoding, Framing

_RIGHT_JUSTIFIED = frozenset({Kind.NUMERIC_OR_BLANK, Kind.MICR})
_ENCODE_AS = {Encoding.ASCII: "ascii", Encoding.EBCDIC: "cp037"}
_LINE_END = {Encoding.ASCII: b"\n", Encoding.EBCDIC: b"\x25"}

Value = str | int | date | None


class X9WriteError(ValueError):
    """A value that the format cannot hold: too wide for its field, or in characters the encoding lacks."""


class RecordWriter:
    """Writes records to a stream, one call each, and counts them."""

    def __init__(self, stream: BinaryIO, framing: Framing, encoding: Encoding) -> None:
        self.records = 0
        self._stream = stream
        self._framing = framing
        self._codec = _ENCODE_AS[encoding]
        self._line_end = _LINE_END[encoding]

    def write(self, layout: Layout, values: Mapping[str, Value], *, tail: str = "", data: bytes = b"") -> None:
        """One record: the layout's fields, `tail` as further text, `data` as raw bytes behind it.

        Raises X9WriteError when a value does not fit; fields that are not given are blank, or zero where numeric.
        """
        text = "".join(_columns(layout, values)) + tail
        if not text.isprintable():
            raise X9WriteError(f"A {layout.title} cannot hold control characters")
        try:
            record = text.encode(self._codec) + data
        except UnicodeEncodeError as error:
            raise X9WriteError(f"A {layout.title} cannot hold {text[error.start]!r} in this encoding") from error
        if self._framing is Framing.LENGTH_PREFIXED:
            self._stream.write(len(record).to_bytes(4, "big"))
        self._stream.write(record)
        if self._framing is Framing.NEWLINE:
            self._stream.write(self._line_end)
        self.records += 1

    def digits(self, number: int, width: int) -> bytes:
        """A length field that stands among raw bytes. Raises X9WriteError when it does not fit."""
        if number >= 10**width:
            raise X9WriteError(f"A length of {number} does not fit in {width} digits")
        return f"{number:0{width}}".encode(self._codec)


def _columns(layout: Layout, values: Mapping[str, Value]) -> list[str]:
    parts = [layout.record_type]
    column = 3
    for field in layout.fields:
        parts.append(" " * (field.first - column))
        parts.append(fill(field, values.get(field.name), layout.title))
        column = field.last + 1
    parts.append(" " * (layout.length - column + 1))
    return parts


def fill(field: Field, value: Value, record: str = "record") -> str:
    """A value in its field's columns. Raises X9WriteError when it is wider than the field.

    An empty text leaves any field blank, as real files do; None fills a numeric field with zeros.
    """
    if isinstance(value, date):
        text = f"{value:%Y%m%d}" if value.year >= 1000 else f"{value.year:04}{value:%m%d}"
    elif value is None:
        text = "0" if field.kind is Kind.NUMERIC else ""
    else:
        text = str(value)
        if isinstance(value, int) and value < 0:
            raise X9WriteError(f"The {field.label} of a {record} cannot be negative")
    width = field.width
    if len(text) > width:
        raise X9WriteError(f"The {field.label} of a {record} holds {width} characters, not {len(text)}")
    if field.kind is Kind.NUMERIC or isinstance(value, int):
        return text.rjust(width, "0") if text else " " * width
    return text.rjust(width) if field.kind in _RIGHT_JUSTIFIED else text.ljust(width)
