"""Who may sign in to a demo, kept in its folder. Light to import: every start says it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

USERS_NAME = "users.json"
DONE_NAME = "seeded"


@dataclass(frozen=True)
class DemoUser:
    """A demo person, with the password that was made for this instance."""

    username: str
    name: str
    role: str
    password: str


def demo_folder(data_dir: Path) -> Path:
    """Where an instance keeps its demo: the file, the truth about it, and its users."""
    return data_dir / "demo"


def read_users(data_dir: Path) -> list[DemoUser]:
    """The demo users of an instance; none before it was seeded to the end."""
    folder = demo_folder(data_dir)
    return users_in(folder) if (folder / DONE_NAME).is_file() else []


def users_in(folder: Path) -> list[DemoUser]:
    """The demo users written down so far."""
    path = folder / USERS_NAME
    return [DemoUser(**user) for user in json.loads(path.read_text())] if path.is_file() else []
