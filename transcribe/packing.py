"""Regions of speech packed into windows for the recogniser, and its words put back at the file's seconds.

A recogniser such as Whisper works through 30 s however little is said in them, so short regions share a window, with
the long silences between them left out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from transcribe.audio import Pcm, Samples
from transcribe.regions import Span
from transcribe.turns import Word

PAD = 0.25
"""Seconds kept around a region, so that no first consonant is cut."""
JOIN = 0.6
"""Silences up to this many seconds stay as they are."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of the file inside a window: `at` is its second in the window."""

    at: float
    start: float
    end: float
    speech: Span
    """The region without its padding."""


@dataclass(frozen=True, slots=True)
class Window:
    pieces: tuple[Piece, ...]

    def samples(self, pcm: Pcm, channel: int) -> Samples:
        return np.concatenate([pcm.read(channel, piece.start, piece.end) for piece in self.pieces])

    @property
    def seconds(self) -> float:
        return self.pieces[-1].at + self.pieces[-1].end - self.pieces[-1].start

    def restore(self, words: Sequence[Word]) -> Iterator[Word]:
        """Words at the file's seconds; a word belongs to the piece that its middle lies in.

        It does not leave that piece's region: recognisers let the first word begin with the silence before it.
        """
        for word in words:
            middle = (word.start + word.end) / 2
            piece = max((each for each in self.pieces if each.at <= middle), key=_at, default=self.pieces[0])
            first, last = piece.speech
            start = min(max(word.start - piece.at + piece.start, first), last)
            end = min(max(word.end - piece.at + piece.start, start), last)
            yield Word(start, end, word.text, word.confidence)


def _at(piece: Piece) -> float:
    return piece.at


def pack(
    regions: Sequence[Span], total: float, longest: float, neighbours: Sequence[Span] | None = None
) -> list[Window]:
    """Windows of at most `longest` seconds that hold every region, in order; a region that is longer is cut up.

    `total` is the file's length. `neighbours`, in order, are the regions that padding must not run into: those of all
    speakers of the channel, when `regions` are one's.
    """
    windows: list[Window] = []
    pieces: list[Piece] = []
    used = 0.0
    for region, (start, end) in zip(regions, _padded(regions, total, neighbours or regions), strict=True):
        for first, last in _cut(start, end, longest):
            if pieces and used + last - first > longest:
                windows.append(Window(tuple(pieces)))
                pieces, used = [], 0.0
            pieces.append(Piece(used, first, last, region))
            used += last - first
    if pieces:
        windows.append(Window(tuple(pieces)))
    return windows


def _padded(regions: Sequence[Span], total: float, neighbours: Sequence[Span]) -> list[Span]:
    """Regions with their padding; two that would meet share the silence between them."""
    starts = [start for start, _ in neighbours]
    padded = []
    for start, end in regions:
        index = bisect_left(starts, start)
        before = (start - neighbours[index - 1][1]) / 2 if index else start
        after = (neighbours[index + 1][0] - end) / 2 if index + 1 < len(neighbours) else total - end
        padded.append((max(0.0, start - _pad(before)), min(total, end + _pad(after))))
    return padded


def _pad(room: float) -> float:
    return max(0.0, room if room <= JOIN / 2 else PAD)


def _cut(start: float, end: float, longest: float) -> Iterator[Span]:
    parts = max(1, int(np.ceil((end - start) / longest)))
    step = (end - start) / parts
    for part in range(parts):
        yield start + part * step, start + (part + 1) * step
