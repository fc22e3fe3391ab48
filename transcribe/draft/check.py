"""Whether a draft's evidence bears it out: the rule that nothing is invented, as a function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transcribe.draft.amounts import sums_in
from transcribe.draft.normalise import Line, normalise
from transcribe.draft.reread import reread
from transcribe.draft.result import DraftResult, Evidence, Kind
from transcribe.draft.sounds import classes
from transcribe.turns import Turn

_BY_THE_CALLS_FACTS = frozenset({"key_account", "number_check"})
_WORDS = ("request", "what_happened")
_NAMES = ("place", "shop")
"""Names may stand where words of their sound were heard, in one turn or in two."""
_LISTS = {"dates": "dates", "promised": "promised"}
_COMPLAINTS_ONLY = ("nature", "cause_detail", "tags")
_SAME_TIME = 0.02


def check_evidence(draft: DraftResult, turns: Sequence[Turn]) -> list[str]:
    """What is wrong with the evidence of `draft`, one sentence each; empty where every value is borne out."""
    return [*_values_without_evidence(draft), *_misplaced(draft, turns), *_unjustified(draft, turns)]


def _values_without_evidence(draft: DraftResult) -> Iterator[str]:
    told = draft.to_json()
    for name, sure in draft.confidence.items():
        value = told[name]
        found = draft.evidence.get(name, ())
        if not 0.0 <= sure <= 1.0:
            yield f"{name}: confidence {sure} is no share"
        if value in (None, False, [], ""):
            if found:
                yield f"{name}: evidence for nothing"
        elif not found and sure > 0 and name not in _BY_THE_CALLS_FACTS:
            yield f"{name}: {value!r} without evidence"
    for name, others in draft.alternatives.items():
        for other in others:
            if not other.evidence:
                yield f"{name}: alternative {other.value!r} without evidence"
    if draft.kind is not Kind.COMPLAINT:
        for name in _COMPLAINTS_ONLY:
            if told[name]:
                yield f"{name}: {told[name]!r} in a {draft.kind}"


def _pieces(draft: DraftResult) -> Iterator[tuple[str, Evidence]]:
    for name, found in draft.evidence.items():
        for each in found:
            yield name, each
    for name, others in draft.alternatives.items():
        for other in others:
            for each in other.evidence:
                yield name, each


def _misplaced(draft: DraftResult, turns: Sequence[Turn]) -> Iterator[str]:
    for name, each in _pieces(draft):
        if not 0 <= each.turn < len(turns):
            yield f"{name}: there is no turn {each.turn}"
            continue
        turn = turns[each.turn]
        if not each.text or turn.text[each.first : each.last] != each.text:
            yield f"{name}: {each.text!r} is not what turn {each.turn} says there"
        if not turn.start - _SAME_TIME <= each.start <= each.end <= turn.end + _SAME_TIME:
            yield f"{name}: {each.start:.2f}–{each.end:.2f} lies outside turn {each.turn}"


def _unjustified(draft: DraftResult, turns: Sequence[Turn]) -> Iterator[str]:
    told = draft.to_json()
    for name in _WORDS:
        if told[name] is not None and told[name] not in [each.text for each in draft.evidence.get(name, ())]:
            yield f"{name}: {told[name]!r} is not its evidence"
    for name in _NAMES:
        said = [each.text for each in draft.evidence.get(name, ())]
        if told[name] is not None and not any(_sounds_alike(told[name], each) for each in (*said, "".join(said))):
            yield f"{name}: {told[name]!r} is not its evidence, nor does it sound like it"
    for name in _LISTS:
        said = [each.text for each in draft.evidence.get(name, ())]
        for value in told[name]:
            if value not in said:
                yield f"{name}: {value!r} is not its evidence"
    for day in draft.days:
        if day.text not in [each.text for each in draft.evidence.get("days", ())]:
            yield f"days: {day.text!r} is not its evidence"
    lines = reread(normalise(turns))
    if draft.amount is not None and not any(
        float(each.yuan) == float(draft.amount)
        for line in _lines_of(draft, "amount", lines)
        for each in sums_in(line.index, line)
    ):
        yield f"amount: nobody says {draft.amount}"


def _sounds_alike(name: str, said: str) -> bool:
    """Each syllable at least begins alike: the endings of names and divisions may have been read by less."""
    return name == said or (
        len(name) == len(said)
        and all(one == other or _begun(one) & _begun(other) for one, other in zip(name, said, strict=True))
    )


def _begun(character: str) -> set[str]:
    return {sound[:1] for sound in classes(character)}


def _lines_of(draft: DraftResult, name: str, lines: Sequence[Line]) -> list[Line]:
    wanted = {each.turn for each in draft.evidence.get(name, ())}
    return [line for line in lines if line.index in wanted]
