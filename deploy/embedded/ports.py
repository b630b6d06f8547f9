"""Free ports on the loopback interface."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

LOOPBACK = "127.0.0.1"

LOWEST, HIGHEST = 10_240, 32_000
"""Below Linux's ephemeral range (32768 up), from which any outgoing connection may take a port at any time."""


# What `reserve` holds open until the process ends.
_reserved: list[int] = []


def is_free(port: int) -> bool:
    """True when a server could listen on ``port`` of the loopback interface now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def reserve(port: int) -> bool:
    """Take ``port`` for this process until it ends; False while another process that asks here has it.

    Between the choice of a port and the server that listens on it lie seconds, in which a second start would choose
    the same one. A lock on a file is gone with its process, however that ends.
    """
    lock = _lock(port)
    if lock is not None:
        _reserved.append(lock)
    return lock is not None


def _lock(port: int) -> int | None:
    """The lock of this port, held until it is closed; None while another has it."""
    folder = Path(tempfile.gettempdir()) / f"check-review-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _is_reserved(port: int) -> bool:
    lock = _lock(port)
    if lock is not None:
        os.close(lock)
    return lock is None


def free_ports(count: int, *, highest: int = HIGHEST) -> list[int]:
    """``count`` different ports that are free now and not reserved, at random, so that starts at once rarely meet."""
    chosen: list[int] = []
    for port in random.sample(range(LOWEST, highest), highest - LOWEST):
        if is_free(port) and not _is_reserved(port):
            chosen.append(port)
            if len(chosen) == count:
                return chosen
    raise OSError("no free port on the loopback interface")


def answers(port: int) -> bool:
    """True when something accepts connections on ``port`` of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0
