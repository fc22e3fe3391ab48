"""Today's figures of the floor, as pure sums over calls and breaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from acd.ledger import BreachView, CallView


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of calls since the centre's midnight."""

    calls: int
    open: int
    """Not ended yet."""
    answered: int
    kept: int
    """Answered within the promise (D9)."""
    abandoned: int
    voicemail: int
    breaches: tuple[tuple[str, int], ...]
    """Cause and count, most frequent first."""

    @property
    def share(self) -> float | None:
        """Of the answered calls, the share answered within the promise; None before the first answer."""
        return self.kept / self.answered if self.answered else None


def figures(calls: Iterable[CallView], breaches: Iterable[BreachView], promise: float) -> Figures:
    """Count a day; `promise` in seconds."""
    known = list(calls)
    answered = [call for call in known if call.answered_at is not None]
    outcomes = Counter(call.outcome for call in known)
    causes = Counter(breach.cause for breach in breaches)
    return Figures(
        calls=len(known),
        open=sum(1 for call in known if call.ended_at is None),
        answered=len(answered),
        kept=sum(1 for call in answered if call.waited_seconds is not None and call.waited_seconds <= promise),
        abandoned=outcomes["abandoned"],
        voicemail=outcomes["voicemail"],
        breaches=tuple(causes.most_common()),
    )
