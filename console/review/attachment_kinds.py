"""What an attachment is, told by its bytes and never by its name; and how a name may be shown. No I/O but reading."""

from __future__ import annotations

import codecs
import unicodedata
from typing import IO, Final

from console.images.render import inspect

PDF: Final = "application/pdf"
TEXT: Final = "text/plain"
MAX_NAME: Final = 120
_CHUNK: Final = 1 << 16
# Media type: the first bytes; endings that its name may have, the first one where it has another.
_IMAGES: Final[dict[str, tuple[bytes, ...]]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/tiff": (b"II*\0", b"MM\0*"),
}
_ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    PDF: (".pdf",),
    TEXT: (".txt", ".csv", ".log", ".md"),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/tiff": (".tif", ".tiff"),
}
KINDS_IN_WORDS: Final = "PDF, PNG, JPEG, TIFF or plain text"
_TEXT_CONTROLS: Final = frozenset("\t\n\r\f")


def kind_of(file: IO[bytes]) -> str | None:
    """The media type of a file's content; None for what is not taken. An image must decode to its end."""
    file.seek(0)
    head = file.read(_CHUNK)
    if head.startswith(b"%PDF-"):
        return PDF if b"%%EOF" in head or _ends_as_pdf(file) else None
    for media_type, starts in _IMAGES.items():
        if head.startswith(starts):
            file.seek(0)
            facts = inspect(file.read())
            return media_type if facts.problem is None and media_type.endswith(facts.format) else None
    return TEXT if head and _is_text(file) else None


def shown_name(given: str, media_type: str) -> str:
    """A file's name as it may be shown and offered for saving: no folder, nothing invisible, the content's ending."""
    name = given.replace("\\", "/").rpartition("/")[2]
    # Category C: control characters, and those that turn the direction of writing around.
    name = "".join(" " if unicodedata.category(letter)[0] == "C" else letter for letter in name)
    name = " ".join(name.split()).strip(". ")
    endings = _ENDINGS[media_type]
    stem, dot, ending = name.rpartition(".")
    if not dot or f".{ending.lower()}" not in endings:
        stem, ending = name, endings[0][1:]
    return f"{stem[: MAX_NAME - len(ending) - 1].strip('. ') or 'attachment'}.{ending}"


def _ends_as_pdf(file: IO[bytes]) -> bool:
    file.seek(0, 2)
    file.seek(max(0, file.tell() - 2048))
    return b"%%EOF" in file.read()


def _is_text(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            if not _printable(decoder.decode(chunk)):
                return False
        return _printable(decoder.decode(b"", final=True))
    except UnicodeDecodeError:
        return False


def _printable(text: str) -> bool:
    return all(letter in _TEXT_CONTROLS or unicodedata.category(letter) != "Cc" for letter in text)
