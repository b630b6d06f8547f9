"""The look of the sign-in: its templates, and a style sheet made from the console's colour roles."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_FOLDER = Path(__file__).parent / "templates"

TEMPLATES = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True)
class StyleSheet:
    """A style sheet and its address, which names the content so that browsers may keep it for good."""

    text: str
    path: str


def style_sheet(light: Mapping[str, str], dark: Mapping[str, str]) -> StyleSheet:
    """The sign-in's style sheet with the colours of `light` and `dark`, by role; the system's choice decides."""
    rules = (_FOLDER / "sign-in.css").read_text(encoding="utf-8")
    text = f"{_roles(light, 'light')}\n@media (prefers-color-scheme: dark) {{ {_roles(dark, 'dark')} }}\n{rules}"
    return StyleSheet(text, f"/sign-in/style-{hashlib.sha256(text.encode()).hexdigest()[:16]}.css")


def _roles(colours: Mapping[str, str], scheme: str) -> str:
    return f":root{{color-scheme:{scheme};" + "".join(f"--{role}:{colour};" for role, colour in colours.items()) + "}"
