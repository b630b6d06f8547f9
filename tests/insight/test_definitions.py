"""What the reports count, as the document prints it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from console.insight.definitions import REPORTS, Report, as_markdown

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reports.md"


def test_the_document_prints_the_definitions() -> None:
    text = DOCUMENT.read_text()
    block = re.compile(r"(<!-- definitions -->\n).*?(<!-- /definitions -->)", re.DOTALL)
    assert block.search(text)
    wanted = block.sub(lambda found: f"{found[1]}{as_markdown()}\n{found[2]}", text)
    if os.environ.get("CRC_UPDATE_README"):
        DOCUMENT.write_text(wanted)
        return
    assert text == wanted, "run: CRC_UPDATE_README=1 python3 main.py test tests/insight/test_definitions.py"


def test_every_report_is_defined() -> None:
    assert set(REPORTS) == set(Report)
