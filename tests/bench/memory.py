"""How much memory the import of a large file takes: the peak of a process of its own, which imports nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.bench.figures import Figure, size
from tests.bench.ground import Ground
from tests.bench.pictures import write_checks
from tests.browser.site import ROOT
from tests.factories import make_bank

MEGABYTES = 499
PADDING = 200_000
"""Bytes added to each image: a large file is one of fat images, not of a million small ones."""
BELOW = 150

# Not getrusage: its maximum is inherited from the process that started this one.
_IMPORT = """
import asyncio, json, sys
from pathlib import Path
from console.institution import institution_ids
from console.actor import system_actor
from console.intake.files import import_file
from console.resources import resources
from console.settings import settings

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

async def main(small, large):
    async with resources(settings()):
        (institution_id,) = await institution_ids()
        actor = system_actor(institution_id, "bench")
        await import_file(actor, small, small.name)  # loads what every import loads
        before = peak()
        report = await import_file(actor, large, large.name)
        print(json.dumps({"status": report.status, "images": report.images_displayable, "grown": peak() - before}))

asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


def run(ground: Ground, megabytes: int = MEGABYTES) -> list[Figure]:
    """Growth of the peak of resident memory over one import of a file of `megabytes` (10^6 bytes)."""
    bank = ground.run(make_bank())
    small, large = ground.folder / "small.x9", ground.folder / "large.x9"
    write_checks(small, bank.routing, 20)
    per_check = write_checks(large, bank.routing, 20, first=20, padding=PADDING) / 20
    checks = int(megabytes * 1e6 / per_check)
    written = write_checks(large, bank.routing, checks, first=100, padding=PADDING)
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT, str(small), str(large)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["status"], told["images"]) == ("imported", 2 * checks), told
    note = f"peak of resident memory over the import of one file of {written / 1e6:.0f} MB with {2 * checks:,} images"
    return [size("import: memory growth", told["grown"], "MB", below=BELOW, note=note)]
