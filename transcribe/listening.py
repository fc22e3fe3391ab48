"""Windows of speech → words, several windows at a time; what the recogniser fails on is marked, the rest goes on.

A batch that fails is tried window by window, a window stretch by stretch: what cannot be recognised even alone is a
gap of so many seconds, which the transcript names. Only where nothing at all could be recognised the file has failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from transcribe.audio import Pcm
from transcribe.errors import RecogniserFailed
from transcribe.packing import PAD, Piece, Window, pack
from transcribe.recogniser import Recogniser
from transcribe.regions import Span
from transcribe.turns import Word

Told = Callable[[float], None]
"""Told the share of the work that is done, 0…1."""

_LEAST_ALONE = 0.4
"""Seconds of a region that may hold a word."""
_LEAST_MISSED = 1.5
"""Seconds inside a region that are too long for a pause in it."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What one speaker says: seconds of one channel."""

    speaker: str
    channel: int
    regions: list[Span]


@dataclass(slots=True)
class Heard:
    """Of one speaker: words at the file's seconds, in order, and what could not be recognised."""

    words: list[Word] = field(default_factory=list)
    unheard: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Task:
    speech: int
    channel: int
    window: Window


def listen(recogniser: Recogniser, pcm: Pcm, speech: Sequence[Speech], words: Sequence[str], told: Told) -> list[Heard]:
    """What each speaker says. Raises RecogniserFailed where every window failed."""
    tasks = _tasks(recogniser, pcm, speech)
    total = sum(task.window.seconds for task in tasks)
    heard = [Heard() for _ in speech]
    errors: list[Exception] = []
    done = 0.0
    for batch in _batches(tasks, recogniser.together):
        ear = _Ear(recogniser, pcm, words, errors)
        ear.hear(batch, heard)
        ear.hear(list(_missed(batch, heard, pcm.seconds)), heard)
        done += sum(task.window.seconds for task in batch)
        told(done / total)
    if errors and not any(each.words for each in heard) and any(each.unheard for each in heard):
        raise RecogniserFailed(
            f"{recogniser.name} failed on all of it ({type(errors[0]).__name__}: {errors[0]})"
        ) from errors[0]
    for each in heard:
        each.words.sort(key=lambda word: word.start)
        each.unheard.sort()
    return heard


def _tasks(recogniser: Recogniser, pcm: Pcm, speech: Sequence[Speech]) -> list[_Task]:
    on_channel = {
        channel: sorted(region for each in speech if each.channel == channel for region in each.regions)
        for channel in {each.channel for each in speech}
    }
    return [
        _Task(index, each.channel, window)
        for index, each in enumerate(speech)
        for window in pack(each.regions, pcm.seconds, recogniser.longest, on_channel[each.channel])
    ]


def _batches(tasks: Sequence[_Task], size: int) -> Iterator[list[_Task]]:
    """Windows of like length together: a batch takes as long as its longest."""
    by_length = sorted(tasks, key=lambda task: -task.window.seconds)
    for first in range(0, len(by_length), size):
        yield by_length[first : first + size]


@dataclass(frozen=True, slots=True)
class _Ear:
    recogniser: Recogniser
    pcm: Pcm
    words: Sequence[str]
    errors: list[Exception]

    def hear(self, tasks: Sequence[_Task], heard: Sequence[Heard]) -> None:
        if not tasks:
            return
        samples = [task.window.samples(self.pcm, task.channel) for task in tasks]
        try:
            found = self.recogniser.recognise(samples, self.words)
        except Exception as error:  # whatever an engine raises is a gap, and not the end of a call
            self.errors.append(error)
            self._one_by_one(tasks, heard)
            return
        for task, words in zip(tasks, found, strict=True):
            heard[task.speech].words += task.window.restore(words)

    def _one_by_one(self, tasks: Sequence[_Task], heard: Sequence[Heard]) -> None:
        parts = tasks if len(tasks) > 1 else [part for task in tasks for part in _parts(task)]
        if len(parts) > 1:
            for part in parts:
                self.hear([part], heard)
            return
        for task in tasks:
            heard[task.speech].unheard += [piece.speech for piece in task.window.pieces]


def _parts(task: _Task) -> Iterator[_Task]:
    for piece in task.window.pieces:
        yield _Task(task.speech, task.channel, Window((Piece(0.0, piece.start, piece.end, piece.speech),)))


def _missed(tasks: Sequence[_Task], heard: Sequence[Heard], total: float) -> Iterator[_Task]:
    """Each stretch of speech that the recogniser passed over, alone.

    Whisper takes a long pause for the end now and then and leaves out all that follows; what it left out is heard
    once more by itself.
    """
    for task in tasks:
        known = heard[task.speech]
        regions = [piece.speech for piece in task.window.pieces]
        for start, end in passed_over([each for each in regions if each not in known.unheard], known.words):
            alone = Piece(0.0, max(0.0, start - PAD), min(total, end + PAD), (start, end))
            yield _Task(task.speech, task.channel, Window((alone,)))


def passed_over(regions: Sequence[Span], words: Sequence[Word]) -> list[Span]:
    """Stretches of `regions` of at least a second and a half, or whole regions, without a word."""
    missed: list[Span] = []
    for start, end in regions:
        inside = sorted((word.start, word.end) for word in words if start <= word.start and word.end <= end)
        if not inside:
            if end - start >= _LEAST_ALONE:
                missed.append((start, end))
            continue
        edges = [start, *(edge for span in inside for edge in span), end]
        gaps = zip(edges[::2], edges[1::2], strict=True)
        missed += [(first, last) for first, last in gaps if last - first >= _LEAST_MISSED]
    return missed
