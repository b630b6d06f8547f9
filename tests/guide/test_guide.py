"""The reviewer's guide shows every picture that is taken for it, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


def test_the_guide_shows_what_is_taken_for_it() -> None:
    shown = re.findall(r"\(guide/([a-z-]+)\.png\)", (ROOT / "docs/reviewer-guide.md").read_text())
    taken = re.findall(r'\.take\(\s*\w+,\s*"([a-z-]+)"', (ROOT / "tests/guide/scenes.py").read_text())
    assert sorted(shown) == sorted(taken)
    assert sorted(shown) == sorted(path.stem for path in (ROOT / "docs/guide").glob("*.png"))
