"""Reading a byte stream forward with a small look-ahead, never asking memory for what the stream does not hold."""

import io
from typing import BinaryIO

from console.intake.x9.records import Limits, X9Error

_CHUNK = 256 * 1024
# What files are filled up with at their end: zeros, blanks, line ends, and the end-of-file mark, in both encodings.
PADDING = b"\x00\x1a\x20\x40\x0a\x0d\x15\x25"


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
        return self.ahead(0, count)

    def ahead(self, distance: int, count: int) -> bytes:
        """`count` bytes from `distance` bytes on, without taking any and without copying what lies before."""
        start = self._pos + distance
        if start + count > len(self._buffer) and not self._ended:
            self._fill(distance + count)
            start = self._pos + distance
        return self._buffer[start : start + count]

    def left(self, most: int) -> int:
        """How many bytes follow, counting up to `most`."""
        if self._pos + most > len(self._buffer) and not self._ended:
            self._fill(most)
        return min(len(self._buffer) - self._pos, most)

    def take(self, count: int) -> bytes:
        """The next `count` bytes; fewer at the end of the file."""
        end = self._pos + count
        if end > len(self._buffer):
            if not self._ended:
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
            if data.strip(PADDING):
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
