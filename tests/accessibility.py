"""What axe looks for in a page that it has already looked at in other colours."""

from __future__ import annotations

from typing import Any, Final

# Names, roles, order and sizes are the same whatever the colours.
COLOURS: Final[dict[str, Any]] = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
