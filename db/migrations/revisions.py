"""The chain's revisions, read from its files: cheap enough for a process that never migrates."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

_VERSIONS = Path(__file__).parent / "versions"
_REVISION = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
_DOWN = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)


@lru_cache(maxsize=1)
def known_revisions() -> frozenset[str]:
    """Every revision that this version of the console knows."""
    return frozenset(found[1] for text in _texts() if (found := _REVISION.search(text)))


@lru_cache(maxsize=1)
def head_revision() -> str:
    """The newest one. Raises ValueError where the chain has not exactly one end."""
    (head,) = known_revisions() - {found[1] for text in _texts() if (found := _DOWN.search(text))}
    return head


def _texts() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(_VERSIONS.glob("*.py"))]
