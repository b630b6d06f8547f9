"""Cutting a byte stream into records: by length prefix, by line, or bare. Nothing here looks past a record's length."""

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from console.intake.x9.records import Encoding, Framing, Limits, X9Error

_CHUNK = 256 * 1024
_PADDING = b"\x00\x1a\x20\x40\x0a\x0d\x15\x25"
_HEADER_WIDTH = 80
_LINE_ENDS = {Encoding.ASCII: (b"\n",), Encoding.EBCDIC: (b"\x25", b"\x15", b"\n")}

Frame = tuple[int, bytes]  # offset of the record's first column in the file, the record's bytes

RECORD_TYPES: dict[Encoding, dict[bytes, str]] = {
    encoding: {f"{number:02}".encode(encoding): f"{number:02}" for number in range(100)} for encoding in Encoding
}


class ByteSource:
    """A stream read once, forward, through one small buffer; nothing is asked for that the file cannot hold."""

    __slots__ = ("_base", "_buffer", "_ended", "_pos", "_stream", "limits", "record", "size")

    def __init__(self, stream: BinaryIO, limits: Limits, size: int | None) -> None:
        self._stream = stream
        self._buffer = b""
        self._pos = 0
        self._base = 0
        self._ended = False
        self.limits = limits
        self.record = 0  # number of the record being cut, for errors
        self.size = _remaining(stream) if size is None else size
        if self.size is not None and self.size > limits.file_bytes:
            self._refuse_size(self.size)

    @property
    def offset(self) -> int:
        """Bytes of the file already taken."""
        return self._base + self._pos

    def peek(self, count: int) -> bytes:
        """The next `count` bytes without taking them; fewer at the end of the file."""
        if self._pos + count > len(self._buffer):
            self._fill(count)
        return self._buffer[self._pos : self._pos + count]

    def take(self, count: int) -> bytes:
        """The next `count` bytes; fewer at the end of the file."""
        end = self._pos + count
        if end > len(self._buffer):
            self._fill(count)
            end = min(self._pos + count, len(self._buffer))
        data = self._buffer[self._pos : end]
        self._pos = end
        return data

    def find(self, mark: bytes, most: int) -> int:
        """How far ahead the one-byte `mark` is, looking at `most` bytes; -1 when it is not there."""
        seen = 0
        while True:
            at = self._buffer.find(mark, self._pos + seen, self._pos + most)
            if at >= 0:
                return at - self._pos
            seen = len(self._buffer) - self._pos
            if seen >= most or self._ended:
                return -1
            self._fill(max(seen * 2, _CHUNK))

    def only_padding_left(self) -> bool:
        """Whether nothing but blanks, zeros and line ends follows; takes what it looks at."""
        while data := self.take(_CHUNK):
            if data.strip(_PADDING):
                return False
        return True

    def refuse(self, field: str, problem: str, found: str = "", expected: str = "") -> X9Error:
        """An error at the present place."""
        return X9Error(self.record, self.offset, field, problem, found, expected)

    def _fill(self, count: int) -> None:
        parts = [self._buffer[self._pos :]]
        have = len(parts[0])
        self._base += self._pos
        self._pos = 0
        while have < count and not self._ended:
            # Small reads: a length field alone never makes us allocate what the file does not hold.
            data = self._stream.read(min(max(count - have, _CHUNK), 4 * _CHUNK))
            if not data:
                self._ended = True
                break
            parts.append(data)
            have += len(data)
        self._buffer = b"".join(parts)
        if self._base + have > self.limits.file_bytes:
            self._refuse_size(self._base + have)

    def _refuse_size(self, size: int) -> None:
        raise X9Error(
            0, 0, "file size", "The file is larger than allowed.", f"{size} bytes", f"at most {self.limits.file_bytes}"
        )


def _remaining(stream: BinaryIO) -> int | None:
    """Bytes from the stream's position to its end, None when it cannot tell (a pipe, an upload in progress)."""
    try:
        if not stream.seekable():
            return None
        here = stream.tell()
        end = stream.seek(0, io.SEEK_END)
        stream.seek(here)
    except (OSError, AttributeError):
        return None
    return end - here


def open_frames(source: ByteSource) -> tuple[Framing, Encoding, Iterator[Frame]]:
    """Recognise framing and encoding by the first record, which must be a file header, and cut the rest accordingly.

    Raises X9Error for an empty file or a beginning that is no file header in any known framing.
    """
    source.record = 1
    start = source.peek(6)
    if not start:
        raise source.refuse("file", "The file is empty.", "0 bytes", "an X9.37 or X9.100-187 file")
    for encoding in Encoding:
        header = "01".encode(encoding)
        if start.startswith(header):
            framing, mark = _sniff_unprefixed(source, encoding)
            if framing is Framing.NEWLINE:
                return framing, encoding, _lines(source, encoding, mark)
            return framing, encoding, _fixed(source, encoding)
        if start[4:] == header:
            return Framing.LENGTH_PREFIXED, encoding, _length_prefixed(source)
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
        if size is not None and source.offset + 4 + length > size:
            raise _truncated(source, length, size - source.offset - 4)
        source.take(4)
        offset = source.offset
        record = source.take(length)
        if len(record) < length:
            raise _truncated(source, length, len(record))
        yield offset, record


def _ends_here(source: ByteSource, ahead: bytes) -> bool:
    """Whether the file ends here, apart from padding. Asked only where no record can begin."""
    if not ahead:
        return True
    return not ahead.strip(_PADDING) and _copy_refusal_place(source)


def _copy_refusal_place(source: ByteSource) -> bool:
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


def _truncated(source: ByteSource, length: int, left: int) -> X9Error:
    return source.refuse(
        "record length", "The file ends inside this record: it was cut off.", f"{left} bytes left", f"{length} bytes"
    )


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
        if not head.strip(_PADDING) and _ends_here(source, head):
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
        if len(source.peek(most)) >= most:
            raise source.refuse(
                "record length", "The record is longer than allowed.", "", f"at most {most - 2} bytes before a line end"
            )
        return source.take(most)
    record = source.take(end)
    source.take(1)
    return record[:-1] if record.endswith(b"\r") else record


def _line_with_image(source: ByteSource, encoding: Encoding, mark: bytes) -> bytes:
    """Image bytes may hold line ends, so the record's own lengths decide, and must lead to a line end."""
    if 0 <= source.find(mark, 105) < 105:
        return _line(source, mark)  # trailing blanks were cut, so there is no image
    return _counted(source, view_data_length(source, encoding), mark, "image length")


def _line_with_user_data(source: ByteSource, encoding: Encoding, mark: bytes) -> bytes:
    """User data may be binary too: its length counts when it leads to a line end, else the line does."""
    length = _number(source.peek(45)[38:45], encoding)
    if length is not None and 45 + length <= source.limits.record_bytes:
        tail = source.peek(45 + length + 2)[45 + length :]
        if not tail or tail[:1] == mark or tail == b"\r" + mark:
            return _counted(source, 45 + length, mark, "data length")
    return _line(source, mark)


def _counted(source: ByteSource, length: int, mark: bytes, field: str) -> bytes:
    if len(source.peek(length)) < length:
        raise _truncated(source, length, len(source.peek(length)))
    tail = source.peek(length + 2)[length:]
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
        ahead = source.peek(length + width)
        if len(ahead) < length + width:
            raise _truncated(source, length + width, len(ahead))
        part = _number(ahead[length:], encoding)
        if part is None:
            raise source.refuse(
                field,
                "This length is not a number, so the record's end cannot be told.",
                ahead[length:].decode(encoding).encode("ascii", "replace").decode(),
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
        if not head.strip(_PADDING) and _ends_here(source, head):
            return
        size_of = lengths.get(types.get(head, ""))
        length = size_of(source, encoding) if size_of else 80
        offset = source.offset
        record = source.peek(length)
        # A last record may have lost trailing blanks, but none of the control totals (columns 1-40).
        if len(record) < length and not (types.get(head) == "99" and len(record) >= 40):
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
        if length <= source.limits.record_bytes:
            behind = source.peek(length + 2)[length:]
            if behind in RECORD_TYPES[encoding]:
                return length
    return candidates[-1]


def _number(raw: bytes, encoding: Encoding) -> int | None:
    text = raw.decode(encoding).strip()
    if not text:
        return 0
    return int(text) if text.isdecimal() else None
