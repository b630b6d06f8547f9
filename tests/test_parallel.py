"""That a module's tests run in one process, whatever pytest and xdist make of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.parallel import group_of

ROOT = Path(__file__).resolve().parents[1]
MODULE = """
import os, pathlib, pytest

@pytest.mark.parametrize("n", range(20))
def test_it(n):
    with pathlib.Path({into!r}).open("a") as out:
        print(os.environ["PYTEST_XDIST_WORKER"], file=out)
"""


def test_a_modules_tests_stay_together(tmp_path: Path) -> None:
    ran = [tmp_path / f"{name}.txt" for name in ("one", "other")]
    for into in ran:
        (tmp_path / f"test_{into.stem}.py").write_text(MODULE.format(into=str(into)))
    command = [sys.executable, "-m", "pytest", "-p", "xdist.plugin", "-p", "tests.parallel", "-n", "2"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    # Three processes start, each as slowly as the machine's other work makes it: without what none of them needs.
    environ |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [*command, "--dist", "loadscope", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    workers = [into.read_text().split() for into in ran]
    assert [len(each) for each in workers] == [20, 20]
    assert [len(set(each)) for each in workers] == [1, 1]


def test_what_shares_a_browser_is_in_two_halves() -> None:
    modules = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/browser").glob("test_*.py"))
    groups = [group_of(f"{module}::test_it") for module in modules]
    assert set(groups) == {"tests/browser 0", "tests/browser 1"}
    assert abs(groups.count("tests/browser 0") - groups.count("tests/browser 1")) <= len(groups) // 3
    assert group_of("tests/review/test_undo.py::test_it[tests/browser/]") == "tests/review/test_undo.py"
