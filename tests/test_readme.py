"""The README's tables say what the code does. `CRC_UPDATE_README=1` writes them anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import typer
from pydantic import SecretStr

from console.cli import app
from console.settings import Settings

README = Path(__file__).resolve().parents[1] / "README.md"


def settings_table() -> str:
    rows = ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = default.get_secret_value() if isinstance(default, SecretStr) else default
        if isinstance(shown, bool):
            shown = str(shown).lower()
        shown = f"`{shown}`" if shown not in ("", []) else ""
        rows.append(f"| `{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows)


def commands_table() -> str:
    group = typer.main.get_command(app)
    rows = ["| command | what it does |", "|---|---|"]
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        first = (command.help or "").strip().splitlines()[0]
        rows.append(f"| `{name}` | {first} |")
    rows.append("| `test [pytest arguments]` | Run the tests, with whatever pytest arguments. |")
    return "\n".join(rows)


@pytest.mark.parametrize("name, table", [("settings", settings_table), ("commands", commands_table)])
def test_table(name: str, table) -> None:  # type: ignore[no-untyped-def]
    text = README.read_text()
    block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    wanted = block.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", text)
    if os.environ.get("CRC_UPDATE_README"):
        README.write_text(wanted)
        return
    assert text == wanted, "run: CRC_UPDATE_README=1 python3 main.py test tests/test_readme.py"


def test_every_file_that_it_names_is_there() -> None:
    for name in re.findall(r"`((?:console|tests|docs|deploy)/[\w./]+|[A-Z]+\.md)`", README.read_text()):
        assert (README.parent / name).exists(), name
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README.read_text()):
        assert (README.parent / picture).is_file(), picture
