"""A rule's sentence as it stands on a page: fields, values and actions each in their own look."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from console.policy.sentences import Names, sentence
from console.ui.still import Node, node

_OPENING: Final = frozenset({"("})
_CLOSING: Final = frozenset({")", ":", ","})


def sentence_node(rule: Mapping[str, Any], names: Names) -> Node:
    """The sentence of a rule as a paragraph."""
    parts = sentence(rule, names)
    first = parts[0].text
    shown: list[Node] = [node("span", first[:1].upper() + first[1:], data_kind="words")]
    for before, one in pairwise(parts):
        if before.text not in _OPENING and one.text not in _CLOSING:
            shown.append(" ")
        shown.append(node("span", one.text, data_kind=one.kind.value))
    return node("p", *shown, class_="crc-sentence")


def tool(act: str, sign: str, words: str) -> Node:
    """A small button with an icon in what only shows."""
    shown = node("i", sign, class_="q-icon material-icons-outlined", aria_hidden="true")
    return node("button", shown, class_="crc-tool", type="button", data_act=act, title=words, aria_label=words)
