"""A policy's document as JSON and as YAML, and back: bounded, plain data only, and no amount ever a float. No I/O."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

import yaml

MAX_TEXT: Final = 400_000


class TextFormat(StrEnum):
    JSON = "json"
    YAML = "yaml"


MEDIA_TYPES: Final = {TextFormat.JSON: "application/json", TextFormat.YAML: "application/yaml"}


class UnreadableText(ValueError):
    """The text is neither JSON nor YAML that can be a document; the message says what is wrong and where."""


def write_text(document: dict[str, Any], form: TextFormat) -> str:
    """The document as text: `read_text` reads it back as it was."""
    if form is TextFormat.JSON:
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return str(yaml.dump(document, Dumper=yaml.SafeDumper, sort_keys=False, allow_unicode=True, width=110))


def read_text(text: str) -> Any:
    """Plain values from JSON or YAML, whichever it is. Numbers with a point and dates stay text, as they are written.

    Raises UnreadableText: too long, not well-formed, too deep, a key twice, or something that is more than data.
    """
    if len(text) > MAX_TEXT:
        raise UnreadableText(f"This is longer than any policy: {MAX_TEXT:,} characters at the most.")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise UnreadableText("Nothing is written here.")
    try:
        return _json(text) if text.lstrip().startswith("{") else yaml.load(text, Loader=_Loader)  # noqa: S506
    except json.JSONDecodeError as error:
        raise UnreadableText(f"Line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise UnreadableText(f"{where}{error.problem}.") from None
    except yaml.YAMLError:
        raise UnreadableText("This has characters that no text has.") from None
    except RecursionError:
        raise UnreadableText("This is deeper than any policy.") from None


def _json(text: str) -> Any:
    return json.loads(
        text, object_pairs_hook=_once, parse_float=str, parse_int=_whole, parse_constant=lambda name: name
    )


def _whole(digits: str) -> int | str:
    """A whole number; one longer than any of a policy stays text, and is refused as such."""
    return int(digits) if len(digits) <= 40 else digits


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UnreadableText(f"“{key[:60]}” is there twice in one place.")
        found[key] = value
    return found


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Data alone. Without anchors, which let a short text mean an endless one, and without YAML's own dates and floats,
    so that an amount is read as it is written."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.composer.ComposerError(None, None, "anchors are not read here", event.start_mark)
        return super().compose_node(parent, index)

    def whole(self, node: Any) -> int | str:
        """A number in plain digits; other notations of YAML (octal, sexagesimal) stay text."""
        digits = str(node.value)
        plain = digits.isascii() and digits.removeprefix("-").isdecimal()
        return _whole(digits) if plain else digits

    def mapping(self, node: Any) -> dict[str, Any]:
        """A mapping, each key once."""
        read = functools.partial(self.construct_object, deep=True)
        pairs = [(read(key), read(value)) for key, value in node.value]
        if wrong := next((key for key, _ in pairs if not isinstance(key, str)), None):
            raise UnreadableText(f"A name is wanted in place of “{str(wrong)[:60]}”.")
        return _once(pairs)


_NOT_READ: Final = {f"tag:yaml.org,2002:{kind}" for kind in ("float", "timestamp", "merge")}
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag not in _NOT_READ]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.whole)
_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.mapping)
