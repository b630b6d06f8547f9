"""The rooms' floors: who may import whom, read from the source."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path for room in ("console", "db", "jobs") for path in (ROOT / room).rglob("*.py"))

# Lower floors know nothing of higher ones. `base` is plain data that every room may use.
FLOORS = [
    "db", "base", "audit", "institution", "access", "notices", "policy", "images", "retention", "review", "lab",
    "insight", "intake", "operations", "auditing", "edge", "ui", "top",
]  # fmt: skip
BASE = {
    "console",
    "console.actor",
    "console.roles",
    "console.settings",
    "console.hints",
    "console.csv_cells",
    "console.log",
    "console.masking",
    "console.metrics",
    "console.access.permissions",
}
TOP = {
    "console.app",
    "console.cli",
    "console.cli_access",
    "console.cli_services",
    "console.embedded",
    "console.live",
    "console.resources",
    "console.garbage",
    "console.heap",
    "console.serving",
}
# Same-level neighbours that do not know each other.
APART = {("policy", "images"), ("images", "policy")}
PURE = ["console.review.states", "console.review.clocks",
        "console.review.return_deadline", "console.review.flags", "console.review.reasons",
        "console.notices.kinds", "console.notices.words",
        "console.policy.model", "console.policy.sentences", "console.policy.threshold_words",
        "console.policy.changed_parts", "console.policy.conditions", "console.policy.actions", "console.policy.fields",
        "console.policy.facts", "console.policy.values", "console.policy.explain", "console.policy.kept",
        "console.policy.flag_conditions", "console.policy.routing", "console.policy.judgement",
        "console.lab.tally", "console.access.permissions", "console.audit.canonical",
        "console.intake.x9"]  # fmt: skip
SERVED_BY_NICEGUI = ("console.app", "console.live", "console.ui")


@cache
def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports_of(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def floor_of(module: str) -> str | None:
    if module.startswith("db"):
        return "db"
    if module in BASE or module.rpartition(".")[0] in BASE - {"console"}:
        return "base"
    if module.split(".")[0] == "jobs" or module in TOP:
        return "top"
    if not module.startswith("console."):
        return None
    room = module.split(".")[1]
    return room if room in FLOORS else None


def is_page(module: str) -> bool:
    return module.endswith(("_page", "_panel"))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_arrows_point_down(path: Path) -> None:
    module = name_of(path)
    own = floor_of(module)
    assert own is not None, f"{module} is in no room: name it in this test and in ARCHITECTURE.md"
    if own == "top" or is_page(module):
        return
    for imported in imports_of(path):
        other = floor_of(imported)
        if other is None or other == own:
            continue
        # The chain's own environment reads the settings: the owner's address is a setting.
        if module == "db.migrations.env" and other == "base":
            continue
        if own == "ui" and other in {"access", "institution", "base"}:
            continue
        assert FLOORS.index(other) < FLOORS.index(own), f"{module} imports {imported}, which is above it"
        assert (own, other) not in APART


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_pages_know_nicegui(path: Path) -> None:
    module = name_of(path)
    knows = any(one.split(".")[0] == "nicegui" for one in imports_of(path))
    assert not knows or is_page(module) or module.startswith(SERVED_BY_NICEGUI), f"{module} imports NiceGUI"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_the_composition_root_imports_pages(path: Path) -> None:
    module = name_of(path)
    pages = {one for one in imports_of(path) if is_page(one) and one in {name_of(source) for source in SOURCES}}
    pages = {one for one in pages if one.endswith("_page")}
    assert not pages or module == "console.app", f"{module} imports {pages}"


@pytest.mark.parametrize("module", PURE)
def test_rules_without_io_import_no_database(module: str) -> None:
    paths = [path for path in SOURCES if name_of(path) == module or name_of(path).startswith(module + ".")]
    assert paths
    for path in paths:
        for imported in imports_of(path):
            assert imported.split(".")[0] not in {"db", "sqlalchemy", "redis", "nicegui", "minio"}, (path, imported)
