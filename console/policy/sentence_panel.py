"""A rule's sentence as it stands on a page: fields, values and actions each in their own look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from console.policy.sentences import Names, Part, sentence
from console.ui.still import Node, node

_OPENING: Final = frozenset({"("})
_CLOSING: Final = frozenset({")", ":", ","})


def sentence_node(rule: Mapping[str, Any], names: Names) -> Node:
    """The sentence of a rule as a paragraph."""
    parts = sentence(rule, names)
    shown = [_part(one) for one in parts]
    first = parts[0].text
    return node("p", node("span", first[:1].upper() + first[1:], data_kind="words"), *shown[1:], class_="crc-sentence")


def _part(part: Part) -> Node:
    kind = "open" if part.text in _OPENING else "close" if part.text in _CLOSING else part.kind.value
    return node("span", part.text, data_kind=kind)


def tool(act: str, sign: str, words: str) -> Node:
    """A small button with an icon in what only shows."""
    shown = node("i", sign, class_="q-icon material-icons-outlined", aria_hidden="true")
    return node("button", shown, class_="crc-tool", type="button", data_act=act, title=words, aria_label=words)
