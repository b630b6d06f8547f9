"""An import sends fewer pictures at a time while others want the processors."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.intake.images import step_back
from console.intake.pace import Pace, waited_for_processor

TOLD = pytest.mark.skipif(
    not Path("/proc/thread-self/schedstat").exists(), reason="only Linux tells what a thread waited"
)


@given(st.integers(1, 32), st.lists(st.floats(0, 2)))
def test_never_none_and_never_more_than_the_most(most: int, turns: list[float]) -> None:
    pace = Pace(most)
    for waited in turns:
        pace.learn(waited)
        assert 1 <= pace.allowed <= most


def test_all_while_nobody_else_wants_the_processors_and_one_while_others_do() -> None:
    pace = Pace(16)
    for _ in range(16):
        pace.learn(0.05)
    assert pace.allowed == 16
    for _ in range(16):
        pace.learn(0.45)
    assert pace.allowed == 1


def test_as_many_are_inside_as_are_allowed() -> None:
    pace, most, inside = Pace(3), 0, 0
    lock = threading.Lock()

    def put() -> None:
        nonlocal most, inside
        with pace.turn():
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.005)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(put) for _ in range(60)]:
            done.result()
    assert most <= 3
    assert inside == 0


def test_a_turn_that_fails_makes_room_again() -> None:
    pace = Pace(1)
    for _ in range(3):
        with pytest.raises(RuntimeError), pace.turn():
            raise RuntimeError
    with pace.turn():
        pass


@TOLD
def test_a_thread_that_stepped_back_waits_for_who_is_at_work() -> None:
    processor = min(os.sched_getaffinity(0))
    at_work = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        os.sched_setaffinity(at_work.pid, {processor})
        pace = Pace(16)
        for _ in range(16):
            pace.learn(0.0)

        def puts() -> None:
            os.sched_setaffinity(0, {processor})
            step_back()
            before = waited_for_processor()
            for _ in range(10):
                with pace.turn():
                    until = time.thread_time() + 0.01
                    while time.thread_time() < until:
                        pass
            assert waited_for_processor() > before

        with ThreadPoolExecutor(1) as pool:
            pool.submit(puts).result()
        assert pace.allowed < 16
    finally:
        at_work.kill()
        at_work.wait()
