"""Carries a measurement of the lexicon out: on stored text, and on calls that are recognised once more.

The first compares what suggestions the two lists of words make, in seconds. The second gives recognisers the words as
hints, before and after, and takes as long as recognition does: twice the speech of every call, one after the other.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from procrastinate import App

from acd import ledger
from cases import field_scores
from cases.corrections import ConfirmedField, confirmed_fields
from hotline.errors import HotlineError
from hotline.jobs import JobContext
from recordings import store
from recordings.sealed import open_objects
from recordings.store import RecordingView
from transcribe.covered import covered
from transcribe.draft import extract
from transcribe.draft.context import CallContext
from transcribe.figures import Errors, Score, errors_of_turns
from transcribe.jobs import Recognise, Request, recognise
from transcribe.lexicon import measurements
from transcribe.lexicon.effect import Sample, effect
from transcribe.lexicon.measurements import MEASURE, Progress
from transcribe.lexicon.words import LexiconWord, starter_words, words_of
from transcribe.turns import Turn

_log = structlog.get_logger(__name__)

DAYS_BACK = 90
"""Confirmed forms that samples are taken from."""
_TEXTS = frozenset({"what_happened", "request", "place", "shop", "summary", "promised"})


def register(app: App, context: JobContext) -> None:
    @app.task(name=MEASURE, lock=MEASURE, pass_context=False)
    async def measure_lexicon(measurement: int) -> None:
        await measure(context, measurement)


async def measure(context: JobContext, measurement: int, recogniser: Recognise = recognise) -> None:
    """Carry one measurement out; done twice, it is begun anew. What fails is kept as the reason."""
    async with context.database.transaction() as session:
        asked = await measurements.get(session, measurement)
        if asked.state in {Progress.DONE, Progress.FAILED}:
            return
        after = await words_of(session, asked.version)
        before = starter_words() if asked.against is None else await words_of(session, asked.against)
        now = context.clock.now()
        confirmed = await confirmed_fields(session, since=now - timedelta(days=DAYS_BACK), until=now)
        samples = await measurements.samples(session, _written(confirmed))
        anew = _to_hear(samples, asked.heard_anew)
        await measurements.progress(session, measurement, 0, len(anew))
    try:
        result = (await asyncio.to_thread(effect, samples, before, after)).to_json()  # seconds, for many samples
        if anew:
            heard = _Anew(context, recogniser, before, after, _by_call(confirmed))
            result["anew"] = await heard.all(measurement, anew)
    except Exception as error:
        _log.error("lexicon.measure_failed", measurement=measurement, error=type(error).__name__)
        async with context.database.transaction() as session:
            reason = str(error) if isinstance(error, HotlineError) else type(error).__name__
            await measurements.fail(session, measurement, reason, context.clock.now())
        raise
    async with context.database.transaction() as session:
        await measurements.finish(session, measurement, result, context.clock.now())


def _written(confirmed: Sequence[ConfirmedField]) -> dict[str, tuple[str, ...]]:
    """Call → texts that a clerk wrote otherwise than they were drafted."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in confirmed:
        if each.field in _TEXTS and each.changed and each.confirmed:
            texts = each.confirmed if isinstance(each.confirmed, list) else [each.confirmed]
            found[each.call_uid] += map(str, texts)
    return {uid: tuple(texts) for uid, texts in found.items()}


def _by_call(confirmed: Sequence[ConfirmedField]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for each in confirmed:
        found[each.call_uid][each.field] = each.confirmed
    return found


def _to_hear(samples: Sequence[Sample], wanted: int) -> tuple[Sample, ...]:
    """Those with a reference first: they tell most."""
    return tuple(sorted(samples, key=lambda each: each.reference is None)[:wanted])


@dataclass(frozen=True, slots=True)
class _Known:
    recording: RecordingView
    request: Request
    context: CallContext


@dataclass(frozen=True)
class _Anew:
    """Calls recognised with the words before and after."""

    context: JobContext
    recogniser: Recognise
    before: tuple[LexiconWord, ...]
    after: tuple[LexiconWord, ...]
    confirmed: Mapping[str, Mapping[str, Any]]

    async def all(self, measurement: int, samples: Sequence[Sample]) -> dict[str, Any]:
        counted = frozenset(each.word for each in (*self.before, *self.after))
        sides = {"before": _Side(self.before, counted), "after": _Side(self.after, counted)}
        heard: list[Sample] = []
        for number, sample in enumerate(samples, 1):
            known = await self._known(sample.call_uid)
            if known is not None and await self._both(sample, known, sides.values()):
                heard.append(sample)
            async with self.context.database.transaction() as session:
                await measurements.progress(session, measurement, number, len(samples))
        gained, lost = sides["after"].found - sides["before"].found, sides["before"].found - sides["after"].found
        return {
            "calls": len(heard), "failed": len(samples) - len(heard),
            "references": sum(each.reference is not None for each in heard),
            "gained": gained.most_common(), "lost": lost.most_common(),
        } | {name: side.to_json() for name, side in sides.items()}  # fmt: skip

    async def _both(self, sample: Sample, known: _Known, sides: Iterable[_Side]) -> bool:
        """Hear a call with both lists; one that cannot be heard counts for neither."""
        try:
            heard = [(side, await self._hear(known, side.words)) for side in sides]
        except HotlineError as error:
            _log.warning("lexicon.call_not_heard", call=sample.call_uid, code=error.code)
            return False
        for side, turns in heard:
            side.take(sample, turns, known.context, self.confirmed.get(sample.call_uid, {}))
        return True

    async def _hear(self, known: _Known, words: Sequence[LexiconWord]) -> Sequence[Turn]:
        objects = open_objects(self.context.settings, self.context.database)
        async with store.local_file(objects, known.recording) as path:
            request = replace(known.request, words=tuple(each.word for each in words))
            limits = self.context.settings.recognition
            seconds = max(limits.least_seconds, limits.seconds_per_second * known.recording.seconds)
            heard = await self.context.heavy.run_within(seconds, self.recogniser, path, self.context.settings, request)
        return heard.turns

    async def _known(self, call_uid: str) -> _Known | None:
        """None where the recording is gone."""
        async with self.context.database.transaction() as session:
            recording = await store.get(session, call_uid)
            call = await ledger.get_call(session, call_uid)
        if recording is None:
            return None
        answered = recording.second_of(call.answered_at) if call else None
        zone = self.context.settings.zone
        context = CallContext() if call is None else CallContext(
            call.caller, call.entered_at.astimezone(zone), call.service, call.customer_class
        )  # fmt: skip
        return _Known(recording, Request(answered or 0.0, call.service if call else None), context)


class _Side:
    """What is counted with one list of words."""

    def __init__(self, words: tuple[LexiconWord, ...], counted: frozenset[str]) -> None:
        self.words = words
        self.counted = counted
        self.errors = Errors()
        self.fields: dict[str, Score] = {}
        self.found: Counter[str] = Counter()

    def take(self, sample: Sample, turns: Sequence[Turn], call: CallContext, confirmed: Mapping[str, Any]) -> None:
        said = "".join(turn.text for turn in turns)
        if sample.reference is not None:
            self.errors += errors_of_turns(sample.reference, covered(turns))
            truth = "".join(turn.text for turn in sample.reference)
            self.found.update({word: min(said.count(word), truth.count(word)) for word in self.counted})
        if confirmed:
            names = [(each.word, each.kind.value) for each in self.words]
            drafted = extract(turns, call, names).to_json()
            scores = field_scores.total((name, drafted.get(name), value) for name, value in confirmed.items())
            self.fields = {
                name: self.fields.get(name, Score()) + scores.get(name, Score())
                for name in field_scores.FIELDS
                if name in self.fields or name in scores
            }

    def to_json(self) -> dict[str, Any]:
        return {
            "errors": self.errors.wrong, "characters": self.errors.said,
            "fields": {name: [each.right, each.drafted, each.confirmed] for name, each in self.fields.items()},
        }  # fmt: skip
