"""A double click is one click. Many people click twice on whatever they use: the second half of it would take back
what the first one did, close the dialog that it opened, or hit what has come in that place."""

from __future__ import annotations

from typing import Final

from nicegui import ui

# Before anything else on the page hears of it. By the keyboard a button is pressed without a count. What may be pressed
# again and again in one place has `data-repeats`.
SCRIPT: Final = """
addEventListener("click", (event) => {
  if (event.detail < 2 || !event.target.closest?.(".crc-button:not([data-repeats]), .q-dialog__backdrop")) return;
  event.stopImmediatePropagation();
  event.preventDefault();
}, true);
"""


def install() -> None:
    """Have every page of this process count so. Call once, at start."""
    ui.add_head_html(f"<script>{SCRIPT}</script>", shared=True)
