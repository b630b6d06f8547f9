"""Image views: records 50, 52 and 54 joined into the views of one item."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from console.intake.x9.layouts import IMAGE_ANALYSIS, IMAGE_VIEW_DETAIL
from console.intake.x9.records import Encoding, Side, X9ImageView
from console.intake.x9.values import printable, read_date, read_number

_SIDES = {"0": Side.FRONT, "1": Side.BACK}
_QUALITY = tuple(IMAGE_ANALYSIS.by_name)
_EMPTY_LENGTHS = "000000000"  # of reference key and signature, as nearly every file has them

Problem = tuple[int, str, str, str, str]  # column, field, problem, found, expected


@dataclass(slots=True)
class ViewData:
    """A record 52 taken apart: its key, signature and image, and what was odd about it."""

    reference_key: bytes
    signature: bytes
    data: bytes
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class DraftView:
    """A view while its records are still coming."""

    detail: "ViewDetail | None"
    record: int
    offset: int
    content: ViewData
    quality: dict[str, int] | None = None

    def build(self, position: int) -> X9ImageView:
        """The view; without a readable side the first view is the front and the others the back."""
        detail = self.detail or _NO_DETAIL
        return X9ImageView(
            detail.side or (Side.BACK if position else Side.FRONT),
            self.content.data,
            detail.descriptor,
            detail.format,
            detail.compression,
            detail.creator_routing,
            read_date(detail.creation_date),
            self.quality,
            self.content.reference_key,
            self.content.signature,
            self.record,
            self.offset,
        )


@dataclass(slots=True)
class ViewDetail:
    """A record 50."""

    record: int
    offset: int
    indicator: str
    creator_routing: str
    creation_date: str
    format: str
    compression: str
    size: int | None
    side_text: str
    descriptor: str
    side: Side | None = field(init=False)

    def __post_init__(self) -> None:
        self.side = _SIDES.get(self.side_text)


_NO_DETAIL = ViewDetail(0, 0, "", "", "", "", "", None, "", "")


def read_detail(record: int, offset: int, text: str) -> ViewDetail:
    """A record 50 from its 80 columns."""
    indicator, creator, created, form, compression, size, side, descriptor = IMAGE_VIEW_DETAIL.split(text)
    return ViewDetail(
        record, offset, indicator, creator.strip(), created, form, compression, read_number(size), side, descriptor
    )


def read_quality(text: str) -> dict[str, int]:
    """The metrics of a record 54 that hold a digit, by name."""
    return {
        name: int(digit) for name, digit in zip(_QUALITY, IMAGE_ANALYSIS.split(text), strict=True) if digit.isdecimal()
    }


def split_view_data(raw: bytes, encoding: Encoding) -> ViewData:
    """A record 52 cut by its own length fields. Never raises: where they are wrong, what is there is kept as it is.

    The text part ends where the reference key begins; key, signature and image are raw bytes in any encoding.
    """
    lengths = raw[101:117].decode(encoding)
    if lengths[:9] == _EMPTY_LENGTHS and lengths[9:].isdecimal() and len(raw) == 117 + int(lengths[9:]):
        return ViewData(b"", b"", raw[117:])
    return _split_odd_view_data(raw, encoding)


def _split_odd_view_data(raw: bytes, encoding: Encoding) -> ViewData:
    parts: list[bytes] = []
    problems: list[Problem] = []
    at = 101
    for label, width in (("key length", 4), ("signature length", 5), ("image length", 7)):
        digits = raw[at : at + width].decode(encoding)
        length = read_number(digits) if digits.strip() else 0
        if length is None:
            problem = "This length is not a number; everything behind it was kept as the image."
            problems.append((at, label, problem, printable(digits.strip()), f"{width} digits"))
            return ViewData(*_padded(parts), raw[at + width :], tuple(problems))
        at += width
        left = max(len(raw) - at, 0)
        if length > left:
            problem = "The record holds fewer bytes than this length says; what is there was kept."
            problems.append((at - width, label, problem, f"{left} bytes", f"{length} bytes"))
        parts.append(raw[at : at + length])
        at += length
    problems += _left_over(raw, at, parts)
    return ViewData(parts[0], parts[1], parts[2], tuple(problems))


def _left_over(raw: bytes, at: int, parts: list[bytes]) -> Iterator[Problem]:
    rest = raw[at:]
    if not rest:
        return
    label = "image length"
    length = len(parts[2])
    if length == 0 and rest.strip(b" \x40\x00"):
        parts[2] = rest
        yield (
            at - 7,
            label,
            "The length says there is no image, but bytes follow: they were kept as the image.",
            (f"{len(rest)} bytes"),
            "0 bytes",
        )
    elif rest.strip(b" \x40\x00\r\n"):
        yield (
            at - length - 7,
            label,
            "Bytes follow the image inside its record; they are no part of it.",
            (f"{len(rest)} bytes more"),
            f"{length} bytes",
        )


def _padded(parts: list[bytes]) -> tuple[bytes, bytes]:
    return (parts[0] if parts else b""), (parts[1] if len(parts) > 1 else b"")
