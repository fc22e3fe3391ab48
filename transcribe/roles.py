"""Seat and caller told apart by what they say, on a recording of one channel.

There the speakers are only numbered, by their voices. Who talks as a seat does (您好，请问有什么可以帮您) is the seat,
and who talks most beside it the caller; where that is not plain the numbers stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from transcribe.draft.normalise import normalise
from transcribe.draft.roles import seat_scores
from transcribe.text import spoken
from transcribe.turns import CALLER, SEAT, Turn

_LEAST_AHEAD = 2.0
"""Phrases by which the seat must be ahead of everybody else."""


def named(turns: Sequence[Turn]) -> tuple[tuple[Turn, ...], float]:
    """Turns with `seat` and `caller` for the numbers, and how sure that is: 0…1, and 0 where the numbers stay."""
    said = Counter[str]()
    for turn in turns:
        said[turn.speaker] += len(spoken(turn.text))
    if len(said) < 2:
        return tuple(turns), 0.0
    scores = seat_scores(normalise(turns))
    seat = max(sorted(scores), key=lambda speaker: scores[speaker])
    ahead = scores[seat] - max(score for speaker, score in scores.items() if speaker != seat)
    if scores[seat] < 1 or ahead < _LEAST_AHEAD:
        return tuple(turns), 0.0
    del said[seat]
    roles = {seat: SEAT, said.most_common(1)[0][0]: CALLER}
    return tuple(replace(turn, speaker=roles.get(turn.speaker, turn.speaker)) for turn in turns), 1 - 0.5**ahead
