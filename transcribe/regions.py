"""Where there is speech, by pyannote's segmentation-3.0 as ONNX.

The network looks at 10 s at a time and gives, for each of 589 frames, log-probabilities of seven states: silence, one
of three local speakers, or one of the three pairs of them. Windows overlap by half and are averaged where they meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from transcribe.audio import RATE, Pcm, Samples

Span = tuple[float, float]
"""Start and end in seconds of the file."""
Frames = npt.NDArray[np.float32]
Progress = Callable[[float], None]
"""Told the share of the work that is done, 0…1."""

WINDOW = 10.0
STEP = 5.0
FRAMES = 589
FRAME = 270 / RATE
"""Seconds between frames; SincNet's strides make 270 samples of it."""
FIRST_FRAME = 991 / 2 / RATE
"""Seconds to the middle of the first frame; a frame sees 991 samples."""
_PAIRS = ((0, 1), (0, 2), (1, 2))
_BATCH = 4
_INAUDIBLE = 0.002
"""Peak (-54 dBFS) below which a window is silence: the network normalises its input and would hear speech in hiss."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What the network heard in one channel, in frames of `FRAME` seconds."""

    speech: Frames
    """(frames,) probability that anyone speaks."""
    overlap: Frames
    """(frames,) probability that two speak at once."""
    local: npt.NDArray[np.bool_]
    """(windows, 589, 3): who of three local speakers speaks; window w begins at w × STEP seconds."""

    def regions(self, onset: float = 0.5, offset: float = 0.4, least: float = 0.1, bridge: float = 0.3) -> list[Span]:
        """Stretches of speech: from rising above `onset` to falling below `offset`; gaps up to `bridge` are speech."""
        return spans_of(self.speech, onset, offset, least, bridge)


def spans_of(scores: Frames, onset: float, offset: float, least: float, bridge: float) -> list[Span]:
    found: list[Span] = []
    begin: int | None = None
    for index, score in enumerate(scores.tolist()):
        if begin is None and score >= onset:
            begin = index
        elif begin is not None and score < offset:
            found.append((frame_time(begin), frame_time(index)))
            begin = None
    if begin is not None:
        found.append((frame_time(begin), frame_time(len(scores))))
    return [(start, end) for start, end in bridged(found, bridge) if end - start >= least]


def bridged(spans: list[Span], gap: float) -> list[Span]:
    """Spans in order, those no further than `gap` seconds apart joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def common(left: list[Span], right: list[Span], least: float = 0.0) -> list[Span]:
    """Seconds that lie in a span of both lists, which are in order and without overlap."""
    shared = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if end - start > least:
            shared.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return shared


def divided(regions: list[Span], speech: Frames, longest: float) -> list[Span]:
    """Regions of at most `longest` seconds: a longer one is cut where speech is least likely, well inside it."""
    parts: list[Span] = []
    for begin, end in regions:
        start = begin
        while end - start > longest:
            first, last = frame_index(start + longest / 2), frame_index(start + longest - 0.5)
            cut = frame_time(first + int(speech[first:last].argmin()))
            parts.append((start, cut))
            start = cut
        parts.append((start, end))
    return parts


def frame_time(index: int) -> float:
    """Second of the file at which frame `index` begins to count: halfway between it and the one before."""
    return max(0.0, FIRST_FRAME + (index - 0.5) * FRAME) if index else 0.0


def frame_index(second: float) -> int:
    return max(0, round((second - FIRST_FRAME) / FRAME))


class Segmenter:
    """The network, loaded once; `threads` of CPU."""

    def __init__(self, model: Path, threads: int = 2) -> None:
        self._session = open_network(model, threads)

    def activity(self, pcm: Pcm, channel: int, progress: Progress | None = None) -> Activity:
        """Listen to one channel of a whole file."""
        starts = window_starts(pcm.seconds)
        total = max(1, frame_index(pcm.seconds) + 1)
        speech, overlap = np.zeros(total, np.float32), np.zeros(total, np.float32)
        weight = np.zeros(total, np.float32)
        local = np.zeros((len(starts), FRAMES, 3), np.bool_)
        for first, scores in self._scores(pcm, channel, starts):
            for index, window in enumerate(scores, start=first):
                begin = round(starts[index] / FRAME)
                size = min(FRAMES, total - begin)
                if size <= 0:
                    continue
                speech[begin : begin + size] += (1.0 - window[:, 0])[:size]
                overlap[begin : begin + size] += window[:size, 4:].sum(axis=1)
                weight[begin : begin + size] += 1.0
                local[index] = _local_speakers(window)
            if progress is not None:
                progress(min(1.0, (first + len(scores)) / len(starts)))
        weight = np.maximum(weight, 1.0)
        return Activity(speech / weight, overlap / weight, local)

    def _scores(self, pcm: Pcm, channel: int, starts: list[float]) -> Iterator[tuple[int, Frames]]:
        """Probabilities of shape (windows, 589, 7), in batches, with the index of the first window of each."""
        for first in range(0, len(starts), _BATCH):
            windows = [_window(pcm, channel, start) for start in starts[first : first + _BATCH]]
            audible = [index for index, window in enumerate(windows) if np.abs(window).max() >= _INAUDIBLE]
            scores = np.zeros((len(windows), FRAMES, 7), np.float32)
            scores[:, :, 0] = 1.0
            if audible:
                batch = np.stack([windows[index] for index in audible])[:, None, :]
                (logs,) = self._session.run(["scores"], {"waveforms": batch})
                scores[audible] = np.exp(logs)
            yield first, scores


def open_network(model: Path, threads: int) -> onnxruntime.InferenceSession:
    """An ONNX network on `threads` of CPU that do not spin while they wait: others work on this machine."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps what one batch needed for as long as the process lives
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def window_starts(seconds: float) -> list[float]:
    count = 1 if seconds <= WINDOW else 1 + int(np.ceil((seconds - WINDOW) / STEP))
    return [index * STEP for index in range(count)]


def _window(pcm: Pcm, channel: int, start: float) -> Samples:
    window = np.zeros(round(WINDOW * RATE), np.float32)
    samples = pcm.read(channel, start, start + WINDOW)
    window[: len(samples)] = samples
    return window


def _local_speakers(window: Frames) -> npt.NDArray[np.bool_]:
    """(589, 3): the speakers of each frame's most probable state."""
    state = window.argmax(axis=1)
    active = np.zeros((FRAMES, 3), np.bool_)
    for speaker in range(3):
        active[:, speaker] = state == speaker + 1
    for pair, speakers in enumerate(_PAIRS):
        for speaker in speakers:
            active[:, speaker] |= state == pair + 4
    return active
