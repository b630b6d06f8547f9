"""`main.py` itself, and the browser it looks for before the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.browser import HEADLESS, BrowserNotFoundError, find_browser
from tests.embedded.conftest import ROOT


def entry(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run ``main.py`` in this environment, from another folder."""
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        env=os.environ | {"CRC_BOOTSTRAP": "off"} | environ,
    )


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    program = tmp_path / "bin" / "chromium-browser"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_test_hands_its_arguments_to_pytest_and_its_status_back(tmp_path: Path, browser: Path) -> None:
    test = tmp_path / "test_word.py"
    test.write_text(
        "import os\n"
        "def test_good(): assert os.environ['CRC_CHROMIUM'].endswith('chromium-browser')\n"
        "def test_bad(): assert False\n"
        "def test_other(): pass\n"
    )
    result = entry("test", str(test), "-k", "good or bad", CRC_CHROMIUM=str(browser))
    assert "1 failed, 1 passed, 1 deselected" in result.stdout, result.stdout
    assert result.returncode == 1


def test_a_browser_named_wrongly_is_an_error_in_one_sentence() -> None:
    result = entry("test", CRC_CHROMIUM="/nonexistent/browser")
    assert result.returncode == 1
    assert result.stderr == "main.py: CRC_CHROMIUM names /nonexistent/browser, which is not a program.\n"


def test_the_browser_is_the_one_named_else_the_systems(browser: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(browser.parent))
    monkeypatch.delenv("CRC_CHROMIUM", raising=False)
    assert find_browser() == browser
    lighter = browser.with_name(HEADLESS)
    shutil.copy(browser, lighter)
    assert (find_browser(), find_browser(headless=False)) == (lighter, browser)
    monkeypatch.setenv("CRC_CHROMIUM", sys.executable)
    assert find_browser() == Path(sys.executable)
    monkeypatch.setenv("CRC_CHROMIUM", "no-such-browser")
    with pytest.raises(BrowserNotFoundError):
        find_browser()
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("CRC_CHROMIUM")
    assert find_browser() is None


def test_an_older_python_gets_a_sentence() -> None:
    program = f"import sys; sys.version_info = (3, 9, 2); exec(open({str(ROOT / 'main.py')!r}).read())"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == "Check Review Console needs Python 3.11 or newer; this is Python 3.9.\n"


def test_the_way_into_the_environment_needs_the_standard_library_only() -> None:
    """Isolated and without site-packages, as on a machine that has nothing but Python."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import deploy.bootstrap"
    result = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
