"""Memory stays flat and parsing fast, whatever the size of the file."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MEGABYTES = 120

_READ = """
import sys
sys.path.insert(0, sys.argv[2])
from console.intake.x9 import X9Reader

def peak():
    # Not getrusage: its maximum is inherited from the process that started this one.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024

before = peak()
with open(sys.argv[1], "rb") as stream:
    reader = X9Reader(stream)
    count = sum(1 for _ in reader)
print(count, reader.totals.views, peak() - before)
"""


@pytest.fixture(scope="module")
def bench():
    # By its path: an installed package is called `tests` too.
    spec = importlib.util.spec_from_file_location("bench_parse", ROOT / "tests/bench/parse.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reading_a_large_file_takes_little_memory(bench, tmp_path):
    path = tmp_path / "large.x937"
    count = MEGABYTES * 1_000_000 // 50_500
    with path.open("wb") as out:
        bench.write(out, count, image_bytes=25_000)
    assert path.stat().st_size > MEGABYTES * 950_000

    done = subprocess.run(
        [sys.executable, "-c", _READ, path, ROOT], capture_output=True, text=True, check=True, timeout=150
    )
    path.unlink()

    items, views, growth = map(int, done.stdout.split())
    assert (items, views) == (count, 2 * count)
    assert 0 <= growth < 40, growth


def test_parsing_is_fast_beside_its_floor(bench):
    measured = bench.run(repeat=3)
    # Relative, so that a busy machine does not fail it: the floor is cutting the same bytes and looking at nothing.
    assert measured["of_floor"] > 0.03
    assert measured["items_per_second"] > 2_000
