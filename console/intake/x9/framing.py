"""Cutting a byte stream into records: by length prefix, by line, or bare. Nothing here looks past a record's length."""

from collections.abc import Callable, Iterator

from console.intake.x9.records import Encoding, Framing, X9Error
from console.intake.x9.source import PADDING, ByteSource
from console.intake.x9.values import printable

_HEADER_WIDTH = 80
_VIEW_TEXT = 105  # columns of a record 52 up to its first length field
_CONTROL_COLUMNS = 40  # columns of a file control that hold its totals
_FILE_CONTROL = tuple("99".encode(encoding) for encoding in Encoding)
_LINE_ENDS = {Encoding.ASCII: (b"\n",), Encoding.EBCDIC: (b"\x25", b"\x15", b"\n")}

Frame = tuple[int, bytes]  # offset of the record's first column in the file, the record's bytes

RECORD_TYPES: dict[Encoding, dict[bytes, str]] = {
    encoding: {f"{number:02}".encode(encoding): f"{number:02}" for number in range(100)} for encoding in Encoding
}


def open_frames(source: ByteSource) -> tuple[Framing, Encoding, Iterator[Frame]]:
    """Recognise framing and encoding by the first record, which must be a file header, and cut the rest accordingly.

    Raises X9Error for an empty file or a beginning that is no file header in any known framing.
    """
    source.record = 1
    start = source.peek(6)
    framing, encoding, mark = _recognise(source, start)
    source.record = 0
    if framing is Framing.LENGTH_PREFIXED:
        return framing, encoding, _length_prefixed(source)
    if framing is Framing.NEWLINE:
        return framing, encoding, _lines(source, encoding, mark)
    return framing, encoding, _fixed(source, encoding)


def _recognise(source: ByteSource, start: bytes) -> tuple[Framing, Encoding, bytes]:
    if not start:
        raise source.refuse("file", "The file is empty.", "0 bytes", "an X9.37 or X9.100-187 file")
    for encoding in Encoding:
        header = "01".encode(encoding)
        if start.startswith(header):
            framing, mark = _sniff_unprefixed(source, encoding)
            return framing, encoding, mark
        if start[4:] == header:
            return Framing.LENGTH_PREFIXED, encoding, b""
    raise source.refuse(
        "record type",
        "The file does not begin with a file header record, so it cannot be told how to read it.",
        start.hex(" "),
        "record 01 in ASCII or EBCDIC, with or without a 4-byte length before it",
    )


def _sniff_unprefixed(source: ByteSource, encoding: Encoding) -> tuple[Framing, bytes]:
    """A line end within the header's width means lines; the next record's type right behind it means bare records."""
    ahead = source.peek(256)
    marks = [(at, mark) for mark in _LINE_ENDS[encoding] if (at := ahead.find(mark)) >= 0]
    first, mark = min(marks, default=(len(ahead), b""))
    following = ahead[_HEADER_WIDTH : _HEADER_WIDTH + 2]
    if mark and (first <= _HEADER_WIDTH + 1 or following not in RECORD_TYPES[encoding]):
        return Framing.NEWLINE, mark
    return Framing.FIXED, b""


def _length_prefixed(source: ByteSource) -> Iterator[Frame]:
    most = source.limits.record_bytes
    size = source.size
    while True:
        source.record += 1
        prefix = source.peek(4)
        length = int.from_bytes(prefix, "big")
        if len(prefix) < 4 or length < 2 or length > most:
            if _ends_here(source, prefix):
                return
            raise _bad_length(source, prefix, length)
        start = source.offset + 4
        if size is not None and start + length > size:
            raise _truncated(source, length, size - start)
        record = source.take(4 + length)[4:]
        if len(record) < length:
            raise _truncated(source, length, len(record), start - 4)
        yield start, record


def _ends_here(source: ByteSource, ahead: bytes) -> bool:
    """Whether the file ends here, apart from padding. Asked only where no record can begin."""
    if not ahead:
        return True
    return not ahead.strip(PADDING) and _only_padding(source)


def _only_padding(source: ByteSource) -> bool:
    """True, or X9Error at the padding's beginning when data follows it."""
    place = source.offset
    if source.only_padding_left():
        return True
    raise X9Error(
        source.record, place, "record length", "Here a record should begin, but there is padding with data behind it."
    )


def _bad_length(source: ByteSource, prefix: bytes, length: int) -> X9Error:
    if len(prefix) < 4:
        return source.refuse(
            "record length", "The file ends inside a record's length.", f"{len(prefix)} bytes", "4 bytes"
        )
    if length < 2:
        return source.refuse("record length", "The record is too short to be one.", f"{length} bytes", "80 bytes")
    return source.refuse(
        "record length",
        "The record is longer than allowed.",
        f"{length} bytes",
        f"at most {source.limits.record_bytes} bytes",
    )


def _truncated(source: ByteSource, length: int, left: int, place: int | None = None) -> X9Error:
    problem = "The file ends inside this record: it was cut off."
    offset = source.offset if place is None else place
    return X9Error(source.record, offset, "record length", problem, f"{left} bytes left", f"{length} bytes")


def _lines(source: ByteSource, encoding: Encoding, mark: bytes) -> Iterator[Frame]:
    view_data = "52".encode(encoding)
    user_record = "68".encode(encoding)
    while True:
        head = source.peek(2)
        if not head:
            return
        if head[:1] == mark or head == b"\r" + mark:
            source.take(head.index(mark) + 1)
            continue
        source.record += 1
        if not head.strip(PADDING) and _ends_here(source, head):
            return
        offset = source.offset
        if head == view_data:
            record = _line_with_image(source, encoding, mark)
        elif head == user_record:
            record = _line_with_user_data(source, encoding, mark)
        else:
            record = _line(source, mark)
        yield offset, record


def _line(source: ByteSource, mark: bytes) -> bytes:
    most = source.limits.record_bytes + 2
    end = source.find(mark, most)
    if end < 0:
        if source.left(most) >= most:
            raise source.refuse(
                "record length", "The record is longer than allowed.", "", f"at most {most - 2} bytes before a line end"
            )
        record = source.take(most)
        # The last line may lack its end, but when it is the file control its totals must be there.
        if record[:2] in _FILE_CONTROL and len(record) < _CONTROL_COLUMNS:
            raise _truncated(source, _HEADER_WIDTH, len(record), source.offset - len(record))
        return record
    record = source.take(end)
    source.take(1)
    return record[:-1] if record.endswith(b"\r") else record


def _line_with_image(source: ByteSource, encoding: Encoding, mark: bytes) -> bytes:
    """Image bytes may hold line ends, so the record's own lengths decide, and must lead to a line end."""
    if source.find(mark, _VIEW_TEXT) >= 0:
        return _line(source, mark)  # trailing blanks were cut, so there is no image
    return _counted(source, view_data_length(source, encoding), mark, "image length")


def _line_with_user_data(source: ByteSource, encoding: Encoding, mark: bytes) -> bytes:
    """User data may be binary too: its length counts when it leads to a line end, else the line does."""
    length = _number(source.peek(45)[38:45], encoding)
    if length is not None and 45 + length <= source.limits.record_bytes:
        tail = source.ahead(45 + length, 2)
        if tail[:1] == mark or tail == b"\r" + mark:
            return _counted(source, 45 + length, mark, "data length")
    return _line(source, mark)


def _counted(source: ByteSource, length: int, mark: bytes, field: str) -> bytes:
    if (left := source.left(length)) < length:
        raise _truncated(source, length, left)
    tail = source.ahead(length, 2)
    if tail and tail[:1] != mark and tail != b"\r" + mark:
        raise source.refuse(
            field,
            "The lengths inside this record do not lead to the end of its line, so its end cannot be told.",
            f"no line end after {length} bytes",
            "a line end",
        )
    record = source.take(length)
    source.take(1 if tail[:1] == mark else len(tail))
    return record


def view_data_length(source: ByteSource, encoding: Encoding) -> int:
    """Bytes of the record 52 that lies ahead, from its three length fields; blank ones count as zero.

    Raises X9Error when one is not a number or the record would exceed the limit.
    """
    length = 101
    for field, width in (("key length", 4), ("signature length", 5), ("image length", 7)):
        digits = source.ahead(length, width)
        if len(digits) < width:
            raise _truncated(source, length + width, source.left(length + width))
        part = _number(digits, encoding)
        if part is None:
            raise source.refuse(
                field,
                "This length is not a number, so the record's end cannot be told.",
                printable(digits.decode(encoding)),
                f"{width} digits",
            )
        length += width + part
        if length > source.limits.record_bytes:
            raise source.refuse(
                field, "The record is longer than allowed.", f"{length} bytes", f"at most {source.limits.record_bytes}"
            )
    return length


def _fixed(source: ByteSource, encoding: Encoding) -> Iterator[Frame]:
    types = RECORD_TYPES[encoding]
    lengths: dict[str, Callable[[ByteSource, Encoding], int]] = {
        "27": _reference_length,
        "34": _reference_length,
        "52": view_data_length,
        "62": lambda source, encoding: 100,
        "68": _user_length,
    }
    while True:
        source.record += 1
        head = source.peek(2)
        if not head.strip(PADDING) and _ends_here(source, head):
            return
        if head not in types:
            problem = "Here a record should begin, but these bytes are no record type: the records' lengths do not fit."
            raise source.refuse("record type", problem, head.hex(" "), "two digits")
        size_of = lengths.get(types[head])
        length = size_of(source, encoding) if size_of else 80
        offset = source.offset
        record = source.peek(length)
        # A last record may have lost trailing blanks, but none of the control totals.
        if len(record) < length and not (head in _FILE_CONTROL and len(record) >= _CONTROL_COLUMNS):
            raise _truncated(source, length, len(record))
        source.take(length)
        yield offset, record


def _reference_length(source: ByteSource, encoding: Encoding) -> int:
    key = _number(source.peek(22)[18:22], encoding)
    return _length_that_fits(source, encoding, (80 if key is None else 46 + key, 80))


def _user_length(source: ByteSource, encoding: Encoding) -> int:
    data = _number(source.peek(45)[38:45], encoding)
    return _length_that_fits(source, encoding, (80 if data is None else 45 + data, 80))


def _length_that_fits(source: ByteSource, encoding: Encoding, candidates: tuple[int, int]) -> int:
    """The first length behind which the file ends or another record type stands; the reader refuses if none does."""
    for length in candidates:
        if length <= source.limits.record_bytes and source.ahead(length, 2) in RECORD_TYPES[encoding]:
            return length
    return candidates[-1]


def _number(raw: bytes, encoding: Encoding) -> int | None:
    text = raw.decode(encoding).strip()
    if not text:
        return 0
    return int(text) if text.isdecimal() else None
