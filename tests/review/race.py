"""Starts racers, processes as replicas are, at the same moment."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import IO

from console.actor import Actor
from tests import warm


def race(people: Sequence[Actor], *acts: str, **orders: object) -> list[list[str]]:
    """Run a racer per person, started at the same moment; what each of them won. `acts` are of the single people."""
    with ExitStack() as stack:
        racers = [_racer(stack) for _ in people]
        for (_, line), person, act in zip(racers, people, acts or [str(orders["act"])] * len(people), strict=True):
            own = {
                "role": min(person.roles),
                "act": act,
                "institution": str(person.institution_id),
                "user": str(person.user_id),
                "name": person.name,
            }
            print(json.dumps(orders | own), file=line, flush=True)
        for _, line in racers:
            assert line.readline() == "ready\n"
        for _, line in racers:
            print("go", file=line, flush=True)
        answers = [line.read() for _, line in racers]
        assert [racer.wait(timeout=120) for racer, _ in racers] == [0] * len(racers)
    return [list(json.loads(answer)["won"]) for answer in answers]


def _racer(stack: ExitStack) -> tuple[warm.WarmProcess, IO[str]]:
    """A process, and the line to it: its standard input and output. It ends with the stack at the latest."""
    ours, theirs = socket.socketpair()
    ours.settimeout(300)
    line = stack.enter_context(ours.makefile("rw"))
    with ours, theirs:
        end = theirs.fileno()
        racer = warm.start([], os.environ, module="tests.review.racer", stdin=end, stdout=end, stderr=2)
    stack.callback(racer.kill)
    return racer, line
