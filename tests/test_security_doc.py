"""docs/security.md: complete for its chapters at level 2, and nothing in it that is not there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/security.md").read_text()
NAMED = sorted(set(re.findall(r"`((?:console|db|jobs|tests|docs|deploy)/[\w./-]+\.\w+(?:::\w+)?)`", TEXT)))

# ASVS 5.0.0: how many requirements of levels 1 and 2 each section has, numbered from 1.
SECTIONS = {
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
}  # fmt: skip


def test_every_requirement_of_level_2_is_there_once() -> None:
    rows = Counter(re.findall(r"^\| (\d+\.\d+\.\d+) \|", TEXT, re.MULTILINE))
    wanted = Counter(f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1))
    assert rows == wanted


def test_every_requirement_is_answered() -> None:
    for number, answer in re.findall(r"^\| (\d+\.\d+\.\d+) \|[^|]+\|([^|]*)\|", TEXT, re.MULTILINE):
        assert answer.strip(), number


@pytest.mark.parametrize("named", NAMED)
def test_what_is_named_exists(named: str) -> None:
    path, _, test = named.partition("::")
    assert (ROOT / path).is_file()
    if test:
        assert re.search(rf"^def {test}\(", (ROOT / path).read_text(), re.MULTILINE), f"{path} has no {test}"


def test_something_is_named() -> None:
    assert len(NAMED) > 40


def test_the_policy_is_as_documented() -> None:
    from console.access.sign_in import CONTENT_SECURITY_POLICY
    from console.edge.headers import content_security_policy
    from console.settings import Settings

    assert CONTENT_SECURITY_POLICY in TEXT
    policy = content_security_policy("nonce", Settings(_env_file=None))
    loosened = set(re.findall(r"'unsafe-\w+'|\bdata:|\bblob:", policy))
    assert loosened == set(re.findall(r"'unsafe-\w+'|\bdata:|\bblob:", TEXT.split("## V6")[0].split("## Content")[1]))
