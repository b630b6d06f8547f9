"""Starts racers, processes as replicas are, at the same moment."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from console.actor import Actor

ROOT = Path(__file__).resolve().parents[2]


def race(people: Sequence[Actor], *acts: str, **orders: object) -> list[list[str]]:
    """Run a racer per person, started at the same moment; what each of them won. `acts` are of the single people."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.review.racer"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in people
    ]
    for racer, person, act in zip(racers, people, acts or [str(orders["act"])] * len(people), strict=True):
        own = {
            "role": min(person.roles),
            "act": act,
            "institution": str(person.institution_id),
            "user": str(person.user_id),
            "name": person.name,
        }
        print(json.dumps(orders | own), file=racer.stdin, flush=True)
    for racer in racers:
        assert racer.stdout is not None and racer.stdout.readline() == "ready\n"
    for racer in racers:
        print("go", file=racer.stdin, flush=True)
    answers = [racer.communicate(timeout=300)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * len(racers)
    return [list(json.loads(answer)["won"]) for answer in answers]
