"""The look of the console: every colour role in light and dark, and how pages get them.

No other module names a colour. Rules in :mod:`console.ui.stylesheet` refer to roles as ``var(--role)``.
"""

import hashlib
from typing import Final

from fastapi import FastAPI, Response
from nicegui import ui

from console.ui.stylesheet import RULES

LIGHT: Final[dict[str, str]] = {
    "ground": "#f4f6f8",
    "panel": "#ffffff",
    "panel-soft": "#f9fafc",
    "ink": "#16202c",
    "ink-soft": "#5b6876",
    "line": "#dde3ea",
    "line-strong": "#8593a1",  # borders that carry meaning: 3:1 on panel (WCAG 1.4.11)
    "accent": "#0f5c8c",
    "accent-soft": "#e3f0f8",
    "accent-fill": "#0f5c8c",
    "on-accent": "#ffffff",
    "ok": "#1b7f4b",
    "ok-soft": "#eaf7f0",
    "ok-line": "#a9d9c0",
    "warning": "#8f5400",
    "warning-soft": "#fff3dc",
    "warning-line": "#f0d08e",
    "breach": "#b3261e",
    "breach-soft": "#fdeceb",
    "breach-line": "#e9a7a2",
    "breach-fill": "#b3261e",
    "two": "#5a3d9a",
    "two-soft": "#efe9fb",
    "two-line": "#cbbcf0",
    "flag": "#e0672f",
    "flag-ink": "#a23d0f",
    "flag-soft": "#fdf1ea",
    "flag-line": "#f0bd9f",
    "flag-fill": "#b34a17",
    "weak": "#d7a312",
    "weak-fill": "#806000",
    "on-flag": "#ffffff",
    "image-ground": "#20262d",
    "image-bar": "#181d23",
    "image-ink": "#e4eaf0",
    "image-ink-soft": "#98a5b2",
    "image-line": "#39434e",
    "image-active": "#33414e",
    "paper": "#ffffff",
    "only-here": "#b34a17",
    "only-there": "#0b5cad",
    "on-both": "#b8c2cc",
    "rail-ground": "#10202e",
    "rail-ink": "#b6c4d0",
    "rail-active": "#1d3547",
    "on-rail": "#ffffff",
    "brand": "#1d78ac",
    "focus": "#0f5c8c",
    "focus-dark-ground": "#7cc4f0",
}

DARK: Final[dict[str, str]] = {
    "ground": "#10161d",
    "panel": "#18202a",
    "panel-soft": "#1d2732",
    "ink": "#e6ecf2",
    "ink-soft": "#a0afbd",
    "line": "#2b3743",
    "line-strong": "#6b7c8c",
    "accent": "#7cc1ec",
    "accent-soft": "#173448",
    "accent-fill": "#1f6c9e",
    "on-accent": "#ffffff",
    "ok": "#6bcb97",
    "ok-soft": "#15342a",
    "ok-line": "#2c6449",
    "warning": "#f0bb5c",
    "warning-soft": "#372a12",
    "warning-line": "#6b5220",
    "breach": "#ff9a90",
    "breach-soft": "#41201f",
    "breach-line": "#7c3a37",
    "breach-fill": "#b3261e",
    "two": "#c3b1f5",
    "two-soft": "#2a2344",
    "two-line": "#4d4178",
    "flag": "#ef8350",
    "flag-ink": "#ffb48f",
    "flag-soft": "#38231a",
    "flag-line": "#70442d",
    "flag-fill": "#b34a17",
    "weak": "#d7a312",
    "weak-fill": "#806000",
    "on-flag": "#ffffff",
    "image-ground": "#0b0f13",
    "image-bar": "#12181e",
    "image-ink": "#e4eaf0",
    "image-ink-soft": "#98a5b2",
    "image-line": "#2f3943",
    "image-active": "#2b3844",
    "paper": "#ffffff",
    "only-here": "#b34a17",
    "only-there": "#0b5cad",
    "on-both": "#b8c2cc",
    "rail-ground": "#0a1118",
    "rail-ink": "#a9b8c5",
    "rail-active": "#1b2f3f",
    "on-rail": "#ffffff",
    "brand": "#1d78ac",
    "focus": "#7cc4f0",
    "focus-dark-ground": "#7cc4f0",
}

# Runs before the first paint, so a dark screen never flashes white. The choice is this browser's alone:
# it is kept in localStorage and never sent to the server. Without a choice the system's preference holds.
THEME_SCRIPT: Final = """
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("crc-theme"); } catch { return null; } };
  const isDark = () => (chosen() ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    root.dataset.theme = isDark() ? "dark" : "light";
    window.Quasar?.Dark.set(isDark());
  };
  window.crcTheme = {
    isDark,
    toggle() {
      try { localStorage.setItem("crc-theme", isDark() ? "light" : "dark"); } catch { /* storage is off */ }
      show();
    },
  };
  show();
  system.addEventListener("change", show);
  addEventListener("DOMContentLoaded", show);
})();
"""


def stylesheet() -> str:
    """The whole style sheet: both token sets, then the rules."""
    return "\n".join(
        (
            _block(":root", LIGHT, "light"),
            _block(':root[data-theme="dark"]', DARK, "dark"),
            RULES,
        )
    )


def _block(selector: str, tokens: dict[str, str], scheme: str) -> str:
    declarations = "".join(f"--{role}:{colour};" for role, colour in tokens.items())
    return f"{selector}{{color-scheme:{scheme};{declarations}}}"


_CSS: Final = stylesheet().encode()

#: Address of the style sheet. It names the content, so replicas agree on it and browsers may keep it for good.
STYLE_PATH: Final = f"/assets/console-{hashlib.sha256(_CSS).hexdigest()[:16]}.css"


def install(app: FastAPI) -> None:
    """Serve the style sheet from ``app`` and have every page of this process use it. Call once, at start."""

    @app.get(STYLE_PATH, include_in_schema=False)
    def console_style() -> Response:
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(_CSS, media_type="text/css", headers=headers)

    ui.add_head_html(f'<link rel="stylesheet" href="{STYLE_PATH}"><script>{THEME_SCRIPT}</script>', shared=True)
