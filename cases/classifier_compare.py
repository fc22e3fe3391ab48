"""Whether a learned field is measurably better than the rules on held-back forms, and not only for one person's.

A field takes over where the bootstrap's lower bound of the gain is above zero, McNemar's exact test agrees, no value
that is common enough loses, and the gain is still there without the forms of any one person who confirms: what one
person alone decides must not teach everybody's drafts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_HELD = 60
"""Held-back forms below which nothing is concluded."""
ROUNDS = 2_000
LIMIT = 0.05
LEAST_OF_VALUE = 10
MOST_LOST = 0.05
"""Share of a value's forms that may get worse."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One held-back form: who confirmed it, its value, and who was right."""

    by: str
    truth: str
    rules: bool
    learned: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """One field on held-back forms. Shares are 0…1; `low` and `high` bound the gain (95 %)."""

    held: int
    rules: float
    learned: float
    gain: float
    low: float
    high: float
    p: float
    takes_over: bool
    why: str
    """`better`, or the first reason against: few_forms, few_held, one_person, no_gain, not_sure, value_loses,
    rests_on_one."""


def compare(judged: Sequence[Judged], forms: int, least_forms: int) -> Compared:
    """Pure; the bootstrap's dice are the same each time."""
    from scipy.stats import binomtest  # noqa: PLC0415 - large, and asked for once a week

    gains = np.array([int(each.learned) - int(each.rules) for each in judged], dtype=np.int8)
    size = len(gains)
    if not size:
        return Compared(0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, takes_over=False, why="few_held")
    dice = np.random.default_rng(20261122)
    means = np.array([gains[dice.integers(size, size=size)].mean() for _ in range(ROUNDS)])
    low, high = (float(each) for each in np.quantile(means, [0.025, 0.975]))
    up, down = int((gains > 0).sum()), int((gains < 0).sum())
    p = float(binomtest(up, up + down).pvalue) if up + down else 1.0
    why = _why(judged, gains, low, p, enough=forms >= least_forms)
    return Compared(
        held=size,
        rules=sum(each.rules for each in judged) / size,
        learned=sum(each.learned for each in judged) / size,
        gain=float(gains.mean()),
        low=low,
        high=high,
        p=p,
        takes_over=why == "better",
        why=why,
    )


def _why(judged: Sequence[Judged], gains: np.typing.NDArray[np.int8], low: float, p: float, *, enough: bool) -> str:
    people = Counter(each.by for each in judged)
    by = np.array([each.by for each in judged])
    value = np.array([each.truth for each in judged])
    values = [name for name, count in Counter(value.tolist()).items() if count >= LEAST_OF_VALUE]
    if not enough:
        return "few_forms"
    if len(judged) < LEAST_HELD:
        return "few_held"
    if len(people) < 2:
        return "one_person"
    if gains.mean() <= 0:
        return "no_gain"
    if low <= 0 or p >= LIMIT:
        return "not_sure"
    if any(float(gains[value == name].mean()) < -MOST_LOST for name in values):
        return "value_loses"
    if any(float(gains[by != who].mean()) <= 0 for who in people):
        return "rests_on_one"
    return "better"
