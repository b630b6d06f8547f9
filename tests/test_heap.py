"""A web process has one heap, whatever its threads do, and gives back what is freed: large pieces at once, the midst of
the heap when garbage is looked for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests import warm

# What threads that decode pictures do: some small pieces, some of a megabyte, again and again.
PROGRAM = """
import ctypes, json, sys, threading
from console.heap import share_one_heap

told = {"set": share_one_heap() if sys.argv[1] == "one" else None}
together = threading.Barrier(8)

def decode():
    pieces = [bytearray(60_000) for _ in range(20)]
    together.wait()

threads = [threading.Thread(target=decode) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
bytearray(1_000_000)
large = [bytearray(1_000_000) for _ in range(20)]

class Held(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd a b c d e".split()]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Held
told["mapped"] = libc.mallinfo2().hblks
libc.fopen.restype = ctypes.c_void_p
libc.fclose.argtypes = [ctypes.c_void_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
said = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, said)
libc.fclose(said)
with open(sys.argv[2]) as lines:
    print(json.dumps(told | {"heaps": lines.read().count("<heap nr=")}))
"""


@pytest.mark.parametrize("heaps", ["one", "many"])
def test_threads_share_one_heap_and_large_pieces_are_the_systems(heaps: str, tmp_path: Path) -> None:
    done = warm.run([heaps, str(tmp_path / "malloc.xml")], os.environ, program=PROGRAM)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    if heaps == "one":
        assert told["set"] is True
        assert told["heaps"] == 1
        assert told["mapped"] >= 20
    else:  # as it would be otherwise
        assert told["heaps"] > 1
        assert told["mapped"] < 20


# Pieces of many pages, of which each tenth stays: what lies between is free, and nothing of it is the heap's end.
HOLED = """
import asyncio, json
from contextlib import suppress
from pathlib import Path
from console import garbage
from console.heap import share_one_heap

share_one_heap()
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1])
pieces = [bytearray(60_000) for _ in range(1_000)]
kept = pieces[::10]
del pieces
before = resident()
garbage.EVERY_SECONDS = 0.1
with suppress(TimeoutError):
    asyncio.run(asyncio.wait_for(garbage.collect_in_time(), 0.5))
print(json.dumps({"pages": before - resident(), "kept": all(len(one) == 60_000 for one in kept)}))
"""


def test_what_lies_freed_in_the_midst_goes_back_with_the_garbage() -> None:
    done = warm.run([], os.environ, program=HOLED)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kept"] is True
    assert told["pages"] > 10_000, "900 of 1,000 pieces of nearly 15 pages each"
