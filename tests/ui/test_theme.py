"""The tokens: the same roles in both themes, and contrast that WCAG 2.2 AA asks for."""

import re

import pytest

from console.ui.stylesheet import RULES
from console.ui.theme import DARK, LIGHT, stylesheet

TEXT_ON = [
    *((ink, ground) for ink in ("ink", "ink-soft", "accent") for ground in ("ground", "panel", "panel-soft")),
    ("ink", "accent-soft"),
    ("ink-soft", "accent-soft"),
    *((tone, f"{tone}-soft") for tone in ("accent", "ok", "warning", "breach", "two")),
    *((tone, "panel") for tone in ("ok", "warning", "breach", "two")),
    ("flag-ink", "flag-soft"),
    ("on-accent", "accent-fill"),
    ("paper", "breach-fill"),  # what Quasar writes in white
    ("on-flag", "flag-fill"),
    ("on-flag", "weak-fill"),
    ("image-ink", "image-bar"),
    ("image-ink", "image-active"),
    ("image-ink-soft", "image-ground"),
    ("rail-ink", "rail-ground"),
    ("on-rail", "rail-active"),
    ("on-rail", "brand"),
]
SEEN_ON = [("focus", "panel"), ("focus", "ground"), ("focus-dark-ground", "rail-ground"), ("line-strong", "panel")]


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2, definition)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(tokens: dict[str, str]) -> None:
    faint = {pair: round(contrast(*(tokens[role] for role in pair)), 2) for pair in TEXT_ON}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < 4.5} == {}
    outlines = {pair: round(contrast(*(tokens[role] for role in pair)), 2) for pair in SEEN_ON}
    assert {pair: ratio for pair, ratio in outlines.items() if ratio < 3} == {}


def test_both_themes_have_the_same_roles() -> None:
    assert list(LIGHT) == list(DARK)


def test_every_role_the_rules_name_exists_and_no_role_is_idle() -> None:
    named = set(re.findall(r"var\(--([a-z-]+)\)", RULES))
    own = set(re.findall(r"--([a-z-]+):", RULES))
    assert named - own - set(LIGHT) == set()
    assert set(LIGHT) - named == set()


def test_colours_are_named_in_the_tokens_alone() -> None:
    # White paper and the shadows of what floats are no roles: they are the same in both themes.
    stray = set(re.findall(r"#[0-9a-f]{3,8}\b", RULES)) - {"#fff"}
    assert stray == set()
    assert stylesheet().startswith(":root{color-scheme:light;")
