"""Checks an evidence packet with nothing but Python itself: `python3 check.py`, in the folder where it was unpacked.

Goes into every packet as `check.py`. It recomputes what the console computed when each decision was committed:
the SHA-256 of the decision before it (32 zero bytes for the first) and of the snapshot's text; of each audit entry
likewise; and of each image. It prints the first thing that is not what was written, and ends with status 1 then.
What the console says it destroyed when its retention time was over is not there to be checked, and is counted.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path


def chained(previous: str | None, text: str) -> str:
    """The hash, in hexadecimal, of a link of a chain: `previous` is the hash of the one before it."""
    return hashlib.sha256((bytes.fromhex(previous) if previous else bytes(32)) + text.encode()).hexdigest()


def fault(folder: Path) -> str | None:
    """The first thing that does not verify, in words; None: everything does."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    audit = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    for entry in audit:
        if chained(entry["previous_hash"], entry["text"]) != entry["hash"]:
            return f"audit entry {entry['sequence']} is not what was written"
    witnessed = {hash_ for entry in audit for hash_ in _evidence_named(entry)}
    previous = None
    for decision in manifest["decisions"]:
        name = decision["file"]
        snapshot = (folder / name).read_text(encoding="utf-8")
        if decision["previous_hash"] != previous:
            return f"{name} does not follow the decision before it"
        if chained(previous, snapshot) != decision["hash"]:
            return f"{name} is not what was written"
        if decision["hash"] not in witnessed:
            return f"{name} is named by no audit entry"
        previous = decision["hash"]
        for sha256 in images_shown(json.loads(snapshot)["shown"]):
            if sha256 not in manifest["images"] and sha256 not in manifest["destroyed"]:
                return f"{name} showed an image that is not here: {sha256}"
    for sha256, name in manifest["images"].items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != sha256:
            return f"{name} is not the image that was shown"
    return None


def _evidence_named(entry: dict) -> list[str]:  # type: ignore[type-arg]
    after = json.loads(entry["text"]).get("after") or {}
    return [after["evidence"]] if "evidence" in after else []


def images_shown(shown: dict) -> set[str]:  # type: ignore[type-arg]
    """SHA-256, in hexadecimal, of every image in what a decider was shown."""
    earlier = [check["image"] for check in shown["earlier"] if check["image"]]
    return {image["sha256"] for image in [*shown["images"], *shown["cards"], *earlier]}


def _well(folder: Path) -> str:
    gone = len(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["destroyed"])
    said = f" Destroyed since, when their retention time was over: {gone}; README.txt names them." if gone else ""
    return f"Everything is what was written.{said}"


def main() -> None:
    """Check the folder that this file is in, and say how it went."""
    folder = Path(__file__).resolve().parent
    wrong = fault(folder)
    print(wrong or _well(folder))  # noqa: T201 - what it is for
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
