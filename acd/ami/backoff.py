"""Pauses between attempts to connect."""

from __future__ import annotations

import random
from collections.abc import Iterator


def backoff(
    first: float = 0.2, cap: float = 5.0, factor: float = 1.8, chance: random.Random | None = None
) -> Iterator[float]:
    """Seconds to wait before each next attempt: growing to `cap`, each shortened by up to a half at random.

    The jitter keeps controllers that lost the same Asterisk from coming back in step.
    """
    dice = chance or random.Random()  # noqa: S311 - spreading load, not keeping a secret
    pause = first
    while True:
        yield pause * (1 - dice.random() / 2)
        pause = min(cap, pause * factor)
