"""Reads a policy's document, and says in words what is wrong with one and where. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from console.policy.model import PolicyDocument, Rule

MAX_FAULTS: Final = 50
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Fault:
    """What is wrong: where, in words from the outside in (`rules`, `New account`, `all`, `2`, `value`), and what.

    `keys` is the same place as keys and indexes of the document.
    """

    path: tuple[str, ...]
    message: str
    keys: tuple[str | int, ...]

    @property
    def where(self) -> str:
        return " › ".join(self.path)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.path else self.message


class InvalidDocument(ValueError):
    """A document that is no policy; `faults` says everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


def read_document(values: object) -> PolicyDocument:
    """The document that these plain values are. Raises InvalidDocument."""
    return _read(TypeAdapter(PolicyDocument), values)


def read_rule(values: object) -> Rule:
    """One rule. Raises InvalidDocument, its paths beginning inside the rule."""
    return _read(TypeAdapter(Rule), values)


def _read(adapter: TypeAdapter[_Model], values: object) -> _Model:
    try:
        return adapter.validate_python(values)
    except ValidationError as error:
        raise InvalidDocument(faults_of(error, values)) from error


def faults_of(error: ValidationError, values: object) -> list[Fault]:
    """The faults of a refused document, with their places in words, the first of them."""
    found = error.errors(include_url=False)
    inner = [one["loc"] for one in found]
    # A list whose only part is wrong counts as empty: what is wrong is that part.
    said = (
        one
        for one in found
        if one["type"] != "too_short" or not any(loc[: len(one["loc"])] == one["loc"] != loc for loc in inner)
    )
    return [_fault(one, values) for one in islice(said, MAX_FAULTS)]


def _fault(error: Any, values: object) -> Fault:
    keys = [part for part in error["loc"] if not str(part).startswith("#")]
    if where := error.get("ctx", {}).get("where"):
        keys.append(where)
    keys = _without_tags(keys, values)
    return Fault(tuple(_in_words(keys, values)), _message(error), tuple(keys))


def _without_tags(keys: Sequence[str | int], values: object) -> list[str | int]:
    """Without the names that only tell which action it is: `then › 1 › set_priority › priority`."""
    found: list[str | int] = []
    for at, key in enumerate(keys):
        if at >= 2 and isinstance(keys[at - 1], int) and keys[at - 2] == "then":
            continue
        found.append(key)
    return found


def _in_words(keys: Sequence[str | int], values: object) -> list[str]:
    words: list[str] = []
    at = values
    for key in keys:
        at = _inside(at, key)
        if isinstance(key, int):
            name = at.get("name") if words[-1:] == ["rules"] and isinstance(at, Mapping) else None
            words.append(name.strip()[:80] if isinstance(name, str) and name.strip() else str(key + 1))
        else:
            words.append(key.replace("_", " "))
    return words


def _inside(values: object, key: str | int) -> object:
    if isinstance(values, Mapping):
        return values.get(key)
    if isinstance(values, Sequence) and isinstance(key, int) and not isinstance(values, str):
        return values[key] if key < len(values) else None
    return None


_MESSAGES: Final = {
    "missing": "This is missing.",
    "extra_forbidden": "There is no such thing here.",
    "union_tag_not_found": "Say what to do: `do` names the action.",
    "union_tag_invalid": "There is no such action.",
    "too_short": "At least one is wanted here.",
    "too_long": "These are too many.",
    **dict.fromkeys(("decimal_parsing", "decimal_type", "finite_number"), "Write a number, such as 2.5."),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "Write a whole number."),
    "decimal_max_digits": "Write {max_digits} digits at the most.",
    "decimal_whole_digits": "Write {whole_digits} digits at the most before the point.",
    "decimal_max_places": "Write {decimal_places} decimals at the most.",
    "greater_than": "Write more than {gt}.",
    "greater_than_equal": "Write {ge} or more.",
    "less_than_equal": "Write {le} or less.",
    "string_too_short": "Write some words.",
    "string_too_long": "Write {max_length} characters at the most.",
}


def _message(error: Any) -> str:
    known = _MESSAGES.get(error["type"])
    message = known.format(**error.get("ctx", {})) if known else str(error["msg"]).removeprefix("Value error, ")
    return message if message.endswith((".", "?", "!", "`")) else f"{message}."
