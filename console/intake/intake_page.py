"""The Intake page: files that came in."""

from __future__ import annotations

from console.access.permissions import Permission
from console.ui.page import ConsolePage, console_page
from console.ui.pieces import Text, panel


@console_page("/intake", permission=Permission.FILE_READ)
async def intake(page: ConsolePage) -> None:
    """Files that came in, and where they are offered."""
    with page.frame("Intake", page.institution.name, path="/intake"), panel("Files received"):
        Text("Import files with: python3 main.py import FILE", tag="p")
