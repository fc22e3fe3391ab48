"""Today's figures of the floor, as pure sums over calls and breaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from acd.ledger import BreachView
from acd.today import Total


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of calls since the centre's midnight."""

    calls: int
    open: int
    """Not ended yet."""
    answered: int
    kept: int
    """Answered within the promise, since entry (D9)."""
    abandoned: int
    voicemail: int
    breaches: tuple[tuple[str, int], ...]
    """Cause and count, most frequent first."""

    @property
    def share(self) -> float | None:
        """Of the answered calls, the share answered within the promise; None before the first answer."""
        return self.kept / self.answered if self.answered else None


def figures(house: tuple[int, int], total: Total, breaches: Iterable[BreachView]) -> Figures:
    """Put the day together: calls and open ones, what became of those who asked for a person, and the breaches."""
    calls, open_ = house
    causes = Counter(breach.cause for breach in breaches)
    return Figures(
        calls=calls,
        open=open_,
        answered=total.answered,
        kept=total.kept,
        abandoned=total.abandoned,
        voicemail=total.voicemail,
        breaches=tuple(causes.most_common()),
    )
