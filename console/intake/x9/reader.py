"""Reading an X9.37 / X9.100-187 file as a stream of items, with findings for whatever in it is not as it should be."""

from collections.abc import Iterator
from typing import BinaryIO

from console.intake.x9.assembly import Assembly
from console.intake.x9.drafts import Record
from console.intake.x9.framing import RECORD_TYPES, ByteSource, Frame, open_frames
from console.intake.x9.layouts import IMAGE_VIEW_DATA, LAYOUTS
from console.intake.x9.records import Encoding, FileHeader, Finding, Framing, Limits, Totals, X9Error, X9Item

_VIEW_DATA = IMAGE_VIEW_DATA.record_type
_VIEW_DATA_TEXT = IMAGE_VIEW_DATA.length  # the bytes behind may be anything


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
        return self._assembly.header

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
    text = (raw if record_type != _VIEW_DATA else raw[:_VIEW_DATA_TEXT]).decode(encoding)
    record = Record(number, offset, record_type, text, raw)
    layout = LAYOUTS.get(record_type)
    if layout and len(raw) < layout.length:
        record.text = text.ljust(layout.length)
        problem = "The record is shorter than its layout; the columns it lacks count as blank."
        found, expected = f"{len(raw)} columns", f"{layout.length} columns"
        assembly.once("short record", record, "record length", problem, found, expected)
    if not text.isprintable():
        # PostgreSQL takes no NUL and a screen no control character; the image bytes are not touched.
        record.text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in record.text)
        problem = "The record's text holds bytes that are no printable characters; a placeholder stands for them."
        assembly.once("unprintable", record, "record", problem)
    return record


def _no_type(number: int, offset: int, raw: bytes) -> X9Error:
    problem = "Here a record should begin, but these bytes are no record type: the records' lengths do not fit."
    return X9Error(number, offset, "record type", problem, raw[:2].hex(" "), "two digits")


def _refusal(problems: list[Finding]) -> X9Error:
    first = problems[0]
    error = X9Error(first.record, first.offset, first.field, first.problem, first.found, first.expected)
    error.problems = tuple(problems)
    return error
