"""The room's story: a file becomes turns.

decode → speech regions of each channel, less what sounds behind it → who speaks → windows → recogniser → turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hotline.settings import Settings
from transcribe.audio import Pcm, decode
from transcribe.background import in_front
from transcribe.crosstalk import without_leakage
from transcribe.engines import Engines, load_engines
from transcribe.listening import Speech, Told, listen
from transcribe.regions import Activity, Span, common, divided, spans_of
from transcribe.roles import named
from transcribe.speakers import diarise
from transcribe.turns import CALLER, SEAT, Transcription, Turn, assemble, in_order

_LISTENING = 0.1
"""Share of the work that finding speech is, beside recognising it."""
_LEAST_TALK_OVER = 0.2
_LEAST_ALONE = 0.4
"""Seconds of a region that may hold a word."""


def transcribe_file(
    path: Path,
    settings: Settings,
    answered_at_second: float | None = None,
    told: Told | None = None,
    words: Sequence[str] = (),
) -> Transcription:
    """Recognise one file of one or two channels (left caller, right seat).

    On a call's recording the right channel is prompts and music until `answered_at_second`, and is not heard before
    it. `words` are the centre's own, weightiest first. Raises AudioError for a file that cannot be used, ModelMissing
    where a model has not been fetched, RecogniserFailed where the recogniser fails on all of it.
    """
    with decode(path) as pcm:
        return transcribe_audio(pcm, load_engines(settings), answered_at_second, told or (lambda _: None), words)


def transcribe_audio(
    pcm: Pcm,
    engines: Engines,
    answered_at: float | None,
    told: Told,
    words: Sequence[str] = (),
    *,
    caller_only: bool = False,
) -> Transcription:
    """The same of decoded audio; `caller_only` where nobody but the caller can speak, as in the message box."""
    two = pcm.channels == 2 and not pcm.is_doubled()
    if two:
        speech, talk_over = _two_channels(pcm, engines, answered_at or 0.0, told)
    else:
        speech, talk_over = _one_channel(pcm, engines, told)
    heard = listen(engines.recogniser, pcm, speech, words, lambda share: told(_LISTENING + (1 - _LISTENING) * share))
    turns: Sequence[Turn] = in_order(
        turn for each, said in zip(speech, heard, strict=True) for turn in assemble(each.speaker, said.words)
    )
    sure = 1.0
    if not two:
        turns, sure = (tuple(replace(turn, speaker=CALLER) for turn in turns), 1.0) if caller_only else named(turns)
    unheard = tuple(sorted(span for said in heard for span in said.unheard))
    warnings = pcm.warnings
    if unheard:
        seconds = sum(end - start for start, end in unheard)
        warnings = (*warnings, f"{engines.recogniser.name} failed on {seconds:.1f} s of speech; listen to them")
    return Transcription(pcm.seconds, tuple(turns), tuple(talk_over), engines.recogniser.name, warnings, unheard, sure)


def _two_channels(pcm: Pcm, engines: Engines, answered_at: float, told: Told) -> tuple[list[Speech], list[Span]]:
    """The channel is the speaker."""
    longest = engines.recogniser.longest
    heard = engines.segmenter.activity(pcm, 0, lambda share: told(_LISTENING / 2 * share))
    left = divided(in_front(pcm, 0, heard.regions()), heard.speech, longest)
    heard = engines.segmenter.activity(pcm, 1, lambda share: told(_LISTENING / 2 * (1 + share)))
    right = [(max(start, answered_at), end) for start, end in heard.regions() if end - answered_at >= _LEAST_ALONE]
    right = divided(in_front(pcm, 1, right, answered_at), heard.speech, longest)
    left, right = without_leakage(pcm, left, right)
    return [Speech(CALLER, 0, left), Speech(SEAT, 1, right)], common(left, right, _LEAST_TALK_OVER)


def _one_channel(pcm: Pcm, engines: Engines, told: Told) -> tuple[list[Speech], list[Span]]:
    activity = engines.segmenter.activity(pcm, 0, lambda share: told(_LISTENING / 2 * share))
    regions = in_front(pcm, 0, activity.regions())
    utterances = diarise(pcm, activity, regions, engines.encoder)
    speech = []
    for speaker in sorted({utterance.speaker for utterance in utterances}):
        own = [(each.start, each.end) for each in utterances if each.speaker == speaker]
        speech.append(Speech(f"speaker{speaker + 1}", 0, divided(own, activity.speech, engines.recogniser.longest)))
    return speech, _talk_over(activity)


def _talk_over(activity: Activity) -> list[Span]:
    return spans_of(activity.overlap, onset=0.5, offset=0.4, least=_LEAST_TALK_OVER, bridge=0.1)
