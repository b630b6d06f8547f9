"""Ports for what tests start, and stop, and start again at the same place."""

from __future__ import annotations

from deploy.embedded.ports import free_ports, reserve


def free_port() -> int:
    """A port of this machine on which nothing listens, which no outgoing connection takes, and which no other process
    of the suite is given until this one ends.

    `main.py up` reserves its port itself: what it is to be given comes from `free_ports`.
    """
    while True:
        [port] = free_ports(1)
        if reserve(port):
            return port
