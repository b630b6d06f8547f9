"""Reading an X9.37 / X9.100-187 file as a stream of items, with findings for whatever in it is not as it should be."""

from collections.abc import Iterator
from typing import BinaryIO

from console.intake.x9.assembly import Assembly
from console.intake.x9.framing import RECORD_TYPES, Frame, open_frames
from console.intake.x9.layouts import CREDIT_LONG, IMAGE_VIEW_DATA, LAYOUTS, USER_RECORD
from console.intake.x9.records import Encoding, FileHeader, Finding, Framing, Limits, Totals, X9Error, X9Item
from console.intake.x9.source import ByteSource
from console.intake.x9.structure import Record
from console.intake.x9.values import printable

_USUAL_COLUMNS = 80
_MOST_REFERENCE = 22 + 9_999 + 24  # a record 27 or 34 with the longest key its length field can announce
_MOST_USER_DATA = 100_000  # the registered formats need some hundred; more is cut off with a finding
# How much of a record is text. Bounded, because a record may be 25 MB of anything.
_TEXT_COLUMNS = {
    "27": _MOST_REFERENCE,
    "34": _MOST_REFERENCE,
    "52": IMAGE_VIEW_DATA.length,
    "62": CREDIT_LONG.length,
    "68": USER_RECORD.length + _MOST_USER_DATA,
}


class X9Reader:
    """Iterate over a file's items, once, holding one item in memory at a time.

    `stream` is read forward from where it stands; `file_size` (bytes) spares asking it. Iterating raises X9Error, and
    nothing else whatever the bytes, when the file must be refused: items yielded before that are to be thrown away.
    After the last item `header`, `totals`, `findings`, `findings_total`, `framing` and `encoding` describe the file.
    """

    def __init__(self, stream: BinaryIO, limits: Limits | None = None, *, file_size: int | None = None) -> None:
        self.limits = limits or Limits()
        self.framing: Framing | None = None
        self.encoding: Encoding | None = None
        self._stream = stream
        self._file_size = file_size
        self._assembly = Assembly(Encoding.ASCII, self.limits)

    @property
    def header(self) -> FileHeader | None:
        """The file header; None before the first item and in a file refused at its beginning."""
        return self._assembly.structure.header

    @property
    def totals(self) -> Totals:
        """Counts and amount of the items yielded so far."""
        return self._assembly.totals

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings on the file and its items so far, the first 10,000 of them."""
        return tuple(self._assembly.log.kept)

    @property
    def findings_total(self) -> int:
        """How many findings there were, kept or not."""
        return self._assembly.log.total

    def __iter__(self) -> Iterator[X9Item]:
        source = ByteSource(self._stream, self.limits, self._file_size)
        self.framing, self.encoding, frames = open_frames(source)
        assembly = self._assembly = Assembly(self.encoding, self.limits)
        try:
            for item in self._items(frames, assembly, self.encoding):
                # An item that cannot be read refuses the file; the rest is still looked at, to name all such items.
                if not assembly.refusals:
                    yield item
        except X9Error as error:
            error.problems += tuple(assembly.refusals)
            raise
        if assembly.refusals:
            raise _refusal(assembly.refusals)

    def _items(self, frames: Iterator[Frame], assembly: Assembly, encoding: Encoding) -> Iterator[X9Item]:
        types = RECORD_TYPES[encoding]
        most = self.limits.records
        record = None
        for number, (offset, raw) in enumerate(frames, 1):
            if number > most:
                problem = "The file holds more records than allowed."
                raise X9Error(number, offset, "record count", problem, f"more than {most}", f"at most {most}")
            record_type = types.get(raw[:2])
            if record_type is None:
                raise _no_type(number, offset, raw)
            record = _record(number, offset, record_type, raw, encoding, assembly)
            item = assembly.feed(record)
            if item is not None:
                yield item
        if record is not None and (last := assembly.finish(record)) is not None:
            yield last


def _record(number: int, offset: int, record_type: str, raw: bytes, encoding: Encoding, assembly: Assembly) -> Record:
    columns = _TEXT_COLUMNS.get(record_type, _USUAL_COLUMNS)
    text = raw[:columns].decode(encoding)
    record = Record(number, offset, record_type, text, raw)
    if len(raw) != columns and record_type in LAYOUTS:
        _check_length(record, assembly)
    if not text.isprintable():
        record.text = printable(record.text)
        problem = "The record's text holds bytes that are no printable characters; a placeholder stands for them."
        assembly.once("unprintable", record, "record", problem)
    return record


def _check_length(record: Record, assembly: Assembly) -> None:
    columns, length = LAYOUTS[record.type].length, len(record.raw)
    expected = f"{columns} columns"
    if length < columns:
        record.text = record.text.ljust(columns)
        problem = "The record is shorter than its layout; the columns it lacks count as blank."
        assembly.once("short record", record, "record length", problem, f"{length} columns", expected)
    elif length > _TEXT_COLUMNS.get(record.type, columns) and record.type != IMAGE_VIEW_DATA.record_type:
        problem = "The record is longer than its layout; the columns too many were left out."
        assembly.once("long record", record, "record length", problem, f"{length} columns", expected)


def _no_type(number: int, offset: int, raw: bytes) -> X9Error:
    problem = "Here a record should begin, but these bytes are no record type: the records' lengths do not fit."
    return X9Error(number, offset, "record type", problem, raw[:2].hex(" "), "two digits")


def _refusal(problems: list[Finding]) -> X9Error:
    first = problems[0]
    error = X9Error(first.record, first.offset, first.field, first.problem, first.found, first.expected)
    error.problems = tuple(problems)
    return error
