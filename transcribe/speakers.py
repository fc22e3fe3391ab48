"""Who speaks when, on audio of one channel: pyannote's recipe over its segmentation, with CAM++ voices.

Each 10 s window names its speakers only locally. Every local speaker's own speech becomes one voice embedding; those
are clustered by centroid, and the windows vote frame by frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage

from transcribe.audio import RATE, Pcm, Samples
from transcribe.filterbank import log_mel
from transcribe.regions import FIRST_FRAME, FRAME, STEP, Activity, Span, frame_index, frame_time, open_network

_THRESHOLD = 0.72
"""Distance of centroids (of unit length) up to which two voices are one.

On two speakers by telephone 0.65 to 0.8 gives the same clusters, 0.6 splits one, 0.9 joins both.
"""
_LEAST_CLEAN = 1.0
"""Seconds of a local speaker alone that make a voice."""
_MOST_CLEAN = 4.0
_SMALL = 2
"""A cluster of fewer windows joins the nearest larger one: a cough is not a speaker."""
_MOST_CLUSTERED = 1500
"""Voices that are clustered pairwise; those of longer files join the nearest cluster found among these."""
_SHORTEST = 0.3
"""Seconds of a speaker below which a change back and forth is not believed."""

_SHORTEST_ENCLOSED = 1.2
"""The same where the other speaker goes on, without a silence, before and after."""

Voice = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of speech of one speaker, numbered by first words from 0."""

    start: float
    end: float
    speaker: int


class SpeakerEncoder:
    """CAM++ as ONNX: speech of a second or more → a vector of unit length; the same voice gives near vectors."""

    def __init__(self, model: Path, threads: int = 2) -> None:
        self._open = cache(lambda: open_network(model, threads))  # calls of two channels never need it

    def voice(self, samples: Samples) -> Voice:
        (embedding,) = self._open().run(["embs"], {"feats": log_mel(samples)[None]})
        vector = embedding[0]
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def diarise(pcm: Pcm, activity: Activity, regions: Sequence[Span], encoder: SpeakerEncoder) -> list[Utterance]:
    """Give every second of `regions` to one speaker; utterances in order, without overlap."""
    local, voices = [], []
    for window, speaker, voice in _voices(pcm, activity, encoder):
        local.append((window, speaker))
        voices.append(voice)
    labels = cluster(np.stack(voices)) if voices else np.zeros(0, np.int64)
    votes = _votes(activity, local, labels)
    return _numbered([piece for region in regions for piece in _split(region, votes)])


def _voices(pcm: Pcm, activity: Activity, encoder: SpeakerEncoder) -> Iterator[tuple[int, int, Voice]]:
    for window in range(len(activity.local)):
        active = activity.local[window]
        alone = active.sum(axis=1) == 1
        for speaker in range(active.shape[1]):
            clean = active[:, speaker] & alone
            if clean.sum() * FRAME >= _LEAST_CLEAN:
                samples = _samples(pcm, window * STEP, clean)
                if len(samples) >= _LEAST_CLEAN * RATE / 2:
                    yield window, speaker, encoder.voice(samples)


def _samples(pcm: Pcm, start: float, frames: npt.NDArray[np.bool_]) -> Samples:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], frames, [False]]).astype(np.int8)))
    pieces, total = [], 0.0
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        begin = start + FIRST_FRAME + (float(first) - 0.5) * FRAME
        end = min(start + FIRST_FRAME + (float(last) - 0.5) * FRAME, begin + _MOST_CLEAN - total)
        pieces.append(pcm.read(0, begin, end))
        total += end - begin
        if total >= _MOST_CLEAN - FRAME:
            break
    return np.concatenate(pieces)


def cluster(
    voices: npt.NDArray[np.float32], threshold: float = _THRESHOLD, small: int = _SMALL
) -> npt.NDArray[np.int64]:
    """Label of each voice (n, d), unit length: centroid linkage, then small clusters join the nearest large one."""
    if len(voices) < 2:
        return np.zeros(len(voices), np.int64)
    # Drawn, not every n-th: people who take turns would fall in step with that.
    chosen = np.random.default_rng(0).permutation(len(voices))[:_MOST_CLUSTERED]
    sample = voices[np.sort(chosen)]
    found = fcluster(linkage(sample, method="centroid"), threshold, criterion="distance")
    names, sizes = np.unique(found, return_counts=True)
    large = names[sizes >= min(small, int(sizes.max()))]
    centroids = np.stack([sample[found == name].mean(axis=0) for name in large])
    distances = np.linalg.norm(voices[:, None, :] - centroids[None, :, :], axis=2)
    return np.asarray(distances.argmin(axis=1), np.int64)


def _votes(
    activity: Activity, local: Sequence[tuple[int, int]], labels: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """(frames, speakers): in how many windows each speaker was heard in the frame."""
    total = len(activity.speech)
    votes = np.zeros((total, max(1, int(labels.max(initial=0)) + 1)), np.float32)
    for (window, speaker), label in zip(local, labels.tolist(), strict=True):
        begin = round(window * STEP / FRAME)
        heard = activity.local[window][: total - begin, speaker]
        votes[begin : begin + len(heard), label] += heard
    return votes


def _split(region: Span, votes: npt.NDArray[np.float32]) -> list[tuple[float, float, int]]:
    """Cut a region where the speaker changes; frames nobody was heard in go with what came before."""
    first, last = frame_index(region[0]), max(frame_index(region[0]) + 1, frame_index(region[1]))
    inside = votes[first:last]
    heard = inside.max(axis=1, initial=0) > 0
    if not heard.any():
        return [(region[0], region[1], -1)]
    label = inside.argmax(axis=1)
    known = np.maximum.accumulate(np.where(heard, np.arange(len(label)), -1))
    known[known < 0] = int(np.flatnonzero(heard)[0])
    label = label[known]
    changes = [0, *(np.flatnonzero(np.diff(label)) + 1).tolist(), len(label)]
    runs: list[list[int]] = []
    edges = list(pairwise(changes))
    for index, (begin, end) in enumerate(edges):
        enclosed = 0 < index < len(edges) - 1
        short = (end - begin) * FRAME < (_SHORTEST_ENCLOSED if enclosed else _SHORTEST)
        if runs and (short or runs[-1][2] == label[begin]):
            runs[-1][1] = end
        else:
            runs.append([begin, end, int(label[begin])])
    cuts = [region[0], *(frame_time(first + run[0]) for run in runs[1:]), region[1]]
    return [(cuts[index], cuts[index + 1], run[2]) for index, run in enumerate(runs)]


def _numbered(pieces: Sequence[tuple[float, float, int]]) -> list[Utterance]:
    """Speakers numbered by first words; a stretch that no voice was found in belongs to the one before it."""
    numbers: dict[int, int] = {}
    utterances: list[Utterance] = []
    first_known = next((label for _, _, label in pieces if label >= 0), 0)
    previous = first_known
    for start, end, label in pieces:
        previous = label if label >= 0 else previous
        utterances.append(Utterance(start, end, numbers.setdefault(previous, len(numbers))))
    return utterances
