"""The room's story: a file becomes turns.

decode → speech regions of each channel → who speaks → windows → recogniser → turns in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotline.settings import Settings
from transcribe.audio import Pcm, decode
from transcribe.crosstalk import without_leakage
from transcribe.engines import Engines, load_engines
from transcribe.packing import PAD, Piece, Window, pack
from transcribe.recogniser import Recogniser
from transcribe.regions import Activity, Span, common, divided, spans_of
from transcribe.speakers import diarise
from transcribe.turns import CALLER, SEAT, Transcription, Turn, Word, assemble, in_order

Told = Callable[[float], None]
"""Told the share of the work that is done, 0…1."""

_LISTENING = 0.1
"""Share of the work that finding speech is, beside recognising it."""
_LEAST_TALK_OVER = 0.2
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


def transcribe_file(
    path: Path,
    settings: Settings,
    answered_at_second: float | None = None,
    told: Told | None = None,
) -> Transcription:
    """Recognise one file of one or two channels (left caller, right seat).

    On a call's recording the right channel is prompts and music until `answered_at_second`, and is not heard before
    it. Raises AudioError for a file that cannot be used and ModelMissing where a model has not been fetched.
    """
    with decode(path, settings.recordings.longest_hours) as pcm:
        return transcribe_audio(pcm, load_engines(settings), answered_at_second, told or (lambda _: None))


def transcribe_audio(pcm: Pcm, engines: Engines, answered_at: float | None, told: Told) -> Transcription:
    if pcm.channels == 2 and not pcm.is_doubled():
        speech, talk_over = _two_channels(pcm, engines, answered_at or 0.0, told)
    else:
        speech, talk_over = _one_channel(pcm, engines, told)
    turns = _recognised(pcm, engines, speech, told)
    return Transcription(pcm.seconds, in_order(turns), tuple(talk_over), engines.recogniser.name, pcm.warnings)


def _two_channels(pcm: Pcm, engines: Engines, answered_at: float, told: Told) -> tuple[list[Speech], list[Span]]:
    """The channel is the speaker."""
    longest = engines.recogniser.longest
    heard = engines.segmenter.activity(pcm, 0, lambda share: told(_LISTENING / 2 * share))
    left = divided(heard.regions(), heard.speech, longest)
    heard = engines.segmenter.activity(pcm, 1, lambda share: told(_LISTENING / 2 * (1 + share)))
    right = divided(heard.regions(), heard.speech, longest)
    right = [(max(start, answered_at), end) for start, end in right if end - answered_at >= _LEAST_ALONE]
    left, right = without_leakage(pcm, left, right)
    return [Speech(CALLER, 0, left), Speech(SEAT, 1, right)], common(left, right, _LEAST_TALK_OVER)


def _one_channel(pcm: Pcm, engines: Engines, told: Told) -> tuple[list[Speech], list[Span]]:
    activity = engines.segmenter.activity(pcm, 0, lambda share: told(_LISTENING / 2 * share))
    regions = activity.regions()
    utterances = diarise(pcm, activity, regions, engines.encoder)
    speech = []
    for speaker in sorted({utterance.speaker for utterance in utterances}):
        own = [(each.start, each.end) for each in utterances if each.speaker == speaker]
        speech.append(Speech(f"speaker{speaker + 1}", 0, divided(own, activity.speech, engines.recogniser.longest)))
    return speech, _talk_over(activity)


def _talk_over(activity: Activity) -> list[Span]:
    return spans_of(activity.overlap, onset=0.5, offset=0.4, least=_LEAST_TALK_OVER, bridge=0.1)


def _recognised(pcm: Pcm, engines: Engines, speech: Sequence[Speech], told: Told) -> list[Turn]:
    longest = engines.recogniser.longest
    on_channel = {
        channel: sorted(region for each in speech if each.channel == channel for region in each.regions)
        for channel in {each.channel for each in speech}
    }
    work = [(each, pack(each.regions, pcm.seconds, longest, on_channel[each.channel])) for each in speech]
    total = sum(window.seconds for _, windows in work for window in windows)
    done = 0.0
    turns: list[Turn] = []
    for each, windows in work:
        words: list[Word] = []
        for window in windows:
            words += hear(engines.recogniser, window, pcm, each.channel)
            done += window.seconds
            told(_LISTENING + (1 - _LISTENING) * done / total)
        turns += assemble(each.speaker, words)
    return turns


def hear(recogniser: Recogniser, window: Window, pcm: Pcm, channel: int) -> list[Word]:
    """The words of a window, and of each stretch of speech in it that the recogniser passed over.

    Whisper takes a long pause for the end now and then and leaves out all that follows; what it left out is heard
    once more by itself.
    """
    words = list(window.restore(recogniser.recognise(window.samples(pcm, channel))))
    for start, end in passed_over([piece.speech for piece in window.pieces], words):
        alone = Window((Piece(0.0, max(0.0, start - PAD), min(pcm.seconds, end + PAD), (start, end)),))
        words += alone.restore(recogniser.recognise(alone.samples(pcm, channel)))
    return sorted(words, key=lambda word: word.start)


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
