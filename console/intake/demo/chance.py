"""Seeded streams of chance: the same seed and purpose give the same draws on every run and in every process."""

import random
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def stream(*purpose: object) -> random.Random:
    """A generator for one purpose, named by its parts; streams of different purposes do not disturb each other."""
    return random.Random("/".join(str(part) for part in purpose))  # noqa: S311 - drawings, not secrets


def array_stream(rng: random.Random) -> np.random.Generator:
    """A numpy generator that continues `rng`."""
    return np.random.default_rng(rng.getrandbits(64))


def pick_weighted(rng: random.Random, choices: Sequence[tuple[T, float]]) -> T:
    """One of `choices`, each a (value, weight) pair."""
    return rng.choices([value for value, _ in choices], weights=[weight for _, weight in choices])[0]
