"""What a browser calls itself, as people know it."""

from __future__ import annotations

from typing import Final

_BROWSERS: Final = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


def browser_of(agent: str) -> str:
    """The browser's name and major version as people know it; the agent's first words where it is none of those."""
    for mark, name in _BROWSERS:
        _, found, rest = agent.partition(mark)
        if found:
            version = agent.partition("Version/")[2] if name == "Safari" else rest
            return f"{name} {version.split('.')[0].split(' ')[0]}".strip()
    return agent.split(" ")[0][:24] or "unknown"
