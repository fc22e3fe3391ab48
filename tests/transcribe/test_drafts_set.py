"""The evaluation set of drafts is what its page says, and its scores mean what they say."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile

from transcribe.draft import Business, Kind, Nature
from transcribe.draft.codes import Category, Cause, CauseDetail, Outcome, Report, Tag
from transcribe.turns import Turn

BENCH = Path(__file__).resolve().parents[2] / "bench"
MODULES = ("corpus", "cer", "score", "conditions", "report")


@pytest.fixture(scope="module")
def bench() -> Iterator[dict[str, ModuleType]]:
    """The set's modules, which are scripts beside each other; nothing of them stays."""
    before = sys.path[:]
    sys.path[:] = [*before, str(BENCH / "drafts"), str(BENCH)]
    try:
        yield {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path[:] = before
        for name in MODULES:
            sys.modules.pop(name, None)


def _perfect(call: Any, spans: list[list[float]]) -> dict[str, Any]:
    """A draft that says what the truth says, with the right sentences behind it."""
    draft: dict[str, Any] = {}
    evidence: dict[str, list[dict[str, float]]] = {}
    for name in ("kind", "business", "nature", "category", "report", "cause", "cause_detail", "outcome", "consent"):
        draft[name] = next(iter(call.field(name).values), None)
    for name in ("phone", "amount", "urgent", "reported", "key_account", "number_check"):
        draft[name] = next(iter(call.field(name).values), None)
    for name in ("request", "what_happened", "place", "shop"):
        draft[name] = next(iter(call.field(name).values), None)
    for name in ("tags", "promised", "dates"):
        draft[name] = [forms[0] for forms, _ in call.items(name)]
    draft["days"] = [{"from": forms[0][0], "to": forms[0][1]} for forms, _ in call.items("days")]
    for name in draft:
        said = [spans[at] for at in call.justified(name)][:1]
        evidence[name] = [{"start": start, "end": end} for start, end in said]
    return draft | {"evidence": evidence}


def _score(bench: dict[str, ModuleType], change: Any = lambda draft: draft, only: str = "") -> Any:
    scores = bench["score"].Scores()
    times = json.loads((BENCH / "drafts" / "timeline.json").read_text("utf-8"))
    for call in bench["corpus"].load():
        if only in call.id:
            spans = times[call.id]["turns"]
            turns = [Turn(t.speaker, *span, t.text) for t, span in zip(call.turns, spans, strict=True)]
            bench["score"].add(scores, call, spans, turns, change(_perfect(call, spans)))
    return scores


def test_every_kind_of_call_is_in_it_and_both_halves_are_large(bench: dict[str, ModuleType]) -> None:
    calls = bench["corpus"].load()
    assert len(calls) >= 64
    assert min(len(bench["corpus"].load(half)) for half in ("held", "tune")) >= 30
    for name, codes in (
        ("kind", Kind), ("business", Business), ("nature", Nature), ("category", Category), ("report", Report),
        ("cause", Cause), ("cause_detail", CauseDetail), ("outcome", Outcome),
    ):  # fmt: skip
        assert {value for call in calls for value in call.field(name).values} == {code.value for code in codes}, name
    tags = {form.lstrip("?") for call in calls for forms, _ in call.items("tags") for form in forms}
    assert tags == {tag.value for tag in Tag}
    manners = {turn.manner for call in calls for turn in call.turns}
    assert manners == {"", "!", "&"}, "somebody cuts in, and somebody says 嗯 meanwhile"


def test_every_call_has_the_sound_of_its_words(bench: dict[str, ModuleType]) -> None:
    times = json.loads((BENCH / "drafts" / "timeline.json").read_text("utf-8"))
    size = 0
    for call in bench["corpus"].load():
        assert times[call.id]["mark"] == call.mark, f"{call.id}: render it anew"
        sound = soundfile.info(call.sound)
        assert (sound.channels, sound.samplerate) == (2, 8000)
        assert sound.duration == pytest.approx(times[call.id]["seconds"], abs=0.1)
        assert len(times[call.id]["turns"]) == len(call.turns)
        size += call.sound.stat().st_size
    assert size < 22_000_000


def test_a_perfect_draft_scores_one_everywhere(bench: dict[str, ModuleType]) -> None:
    scores = _score(bench)
    assert {name: tally.f1 for name, tally in scores.fields.items() if tally.f1 != 1.0} == {}
    assert (scores.cer, scores.evidence, scores.invented) == (0.0, 1.0, [])


def test_an_empty_draft_has_no_precision_and_no_recall(bench: dict[str, ModuleType]) -> None:
    scores = _score(bench, lambda draft: {"evidence": {}})
    assert {tally.recall for name, tally in scores.fields.items() if name != "reported"} == {0.0}
    assert scores.fields["reported"].recall is None, "the number behind a report may always be left out"
    assert {tally.precision for tally in scores.fields.values()} == {None}


def test_what_is_invented_in_an_enquiry_is_counted(bench: dict[str, ModuleType]) -> None:
    scores = _score(bench, lambda draft: draft | {"nature": "tariff", "phone": "13900000000"}, only="enq-roaming")
    assert set(scores.invented) == {"enq-roaming: phone", "enq-roaming: nature"}
    assert scores.fields["phone"].precision == 0.0


def test_evidence_in_another_sentence_is_not_in_the_right_one(bench: dict[str, ModuleType]) -> None:
    elsewhere = {"phone": [{"start": 0.0, "end": 0.1}]}
    scores = _score(bench, lambda draft: draft | {"evidence": elsewhere}, only="mob-data-unasked")
    assert scores.fields["phone"].right == 1
    assert (scores.fields["phone"].pieces, scores.fields["phone"].placed) == (1, 0)
    assert scores.evidence == 0.0


def test_noise_has_the_level_that_its_name_says_and_is_the_same_each_time(bench: dict[str, ModuleType]) -> None:
    conditions = bench["conditions"]
    call, *others = bench["corpus"].load()
    sound, paths = conditions.read(call.sound), [other.sound for other in others[:5]]
    for name, decibels in (("noise-20", 20), ("noise-5", 5)):
        noisy = conditions.CONDITIONS[name](sound, call.id, paths)
        assert np.array_equal(noisy, conditions.CONDITIONS[name](sound, call.id, paths))
        noise = np.sqrt(np.mean((noisy - sound)[:, 0] ** 2))
        assert 20 * np.log10(conditions._level(sound[:, 0]) / noise) == pytest.approx(decibels, abs=0.5)
    lost = conditions.CONDITIONS["loss-5-bursts"](sound, call.id, paths)
    packets = (lost != sound)[: len(sound) // 160 * 160, 0].reshape(-1, 160).any(axis=1)
    assert 0.01 < packets.mean() < 0.12
    assert conditions.CONDITIONS["mono"](sound, call.id, paths).shape == (len(sound), 1)
