"""Parts of a page that only show: any number of tags and words in one element of the server.

An element of NiceGUI costs the server some 150 µs and the browser a component; a panel of a hundred words is quicker
as one. Use it where nothing inside keeps a state of its own; what can be clicked names its act.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from nicegui.element import Element

#: A tag with its attributes and parts, as the browser is sent it; a string is text.
Node = tuple[Any, ...] | str

_TAG: Final = re.compile(r"(?!script|style|iframe|object|embed)[a-z][a-z0-9]*")
# Nothing that a browser would run, load as code or take for markup. By its `key` a part is the same one where others
# beside it come and go, and keeps the focus.
_ATTRIBUTE: Final = re.compile(
    r"key|class|title|role|scope|src|alt|loading|type|tabindex|href|draggable|disabled|(data|aria)-[a-z-]+"
)


def node(tag: str, *parts: Node | None, **attributes: str | None) -> Node:
    """A tag with its parts; None stands for nothing. Attributes have underscores: ``data_tone``, ``class_``.

    Raises ValueError for a tag or attribute that a part which only shows has no use for.
    """
    named = {_attribute(key): value for key, value in attributes.items() if value is not None}
    return _tag(tag), named, tuple(part for part in parts if part is not None)


# The names come from our own source, a few dozen of them.
@lru_cache
def _tag(name: str) -> str:
    if not _TAG.fullmatch(name):
        raise ValueError(f"not a tag to show: {name!r}")
    return name


@lru_cache
def _attribute(given: str) -> str:
    name = given.rstrip("_").replace("_", "-")
    if not _ATTRIBUTE.fullmatch(name):
        raise ValueError(f"not an attribute to show: {name}")
    return name


class Still(Element, component="still.js"):
    """Shows nodes; ``on_act(act)`` is told of a click on a node with ``data_act``, as long as that is shown.

    ``root`` is the tag that holds them.
    """

    def __init__(self, *, root: str = "div", on_act: Callable[[str], Any] | None = None) -> None:
        super().__init__()
        self.props["root"] = root
        self.props["tree"] = "[]"
        self._acts: frozenset[str] = frozenset()
        if on_act:
            # The browser may send anything: only what is on the screen can be meant.
            self.on("act", lambda event: on_act(event.args) if event.args in self._acts else None)

    def show(self, nodes: Iterable[Node]) -> None:
        """Show these in place of what was there."""
        tree = tuple(nodes)
        self._acts = frozenset(_acts(tree))
        # As text, because NiceGUI looks through whatever else is in a property: for changes, and for bytes.
        text = json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
        if text != self.props["tree"]:
            self.props["tree"] = text


def _acts(nodes: Iterable[Node]) -> Iterable[str]:
    for one in nodes:
        if not isinstance(one, str):
            if act := one[1].get("data-act"):
                yield act
            yield from _acts(one[2])
