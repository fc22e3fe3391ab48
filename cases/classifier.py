"""Learning the draft's coded fields from the forms that clerks confirmed, and whether that beats the rules.

A quarter of the forms, chosen by the call's name, is held back from every training, so that no version is ever judged
by what another has seen. Pure, but for the time it takes: run in the process for heavy work.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from cases.classifier_compare import Compared, Judged, compare
from transcribe.draft import extract
from transcribe.draft.result import DraftResult
from transcribe.learned.apply import apply
from transcribe.learned.model import FIELDS, NONE, FieldModel, Model, pack
from transcribe.learned.words import places
from transcribe.turns import Turn

MOST_RUNS = 4_000
"""Runs of characters that one field knows: those that tell its classes best apart."""
LEAST_CALLS = 5
LEAST_CALLERS = 3
"""A run must come from so many calls and callers: one customer's name is nothing to learn, or to keep."""
LEAST_OF_CLASS = 8
_HELD_BACK_OF = 4


@dataclass(frozen=True, slots=True)
class Example:
    """One confirmed form with the words that it was made of."""

    uid: str
    caller: str
    by: str
    """Who confirmed it."""
    turns: tuple[Turn, ...]
    confirmed: Mapping[str, str]
    """Field → value; NONE where the clerk left it empty."""

    @property
    def held_back(self) -> bool:
        return hashlib.sha256(self.uid.encode()).digest()[0] % _HELD_BACK_OF == 0


@dataclass(frozen=True, slots=True)
class Trained:
    """A version before it is stored."""

    data: bytes
    sha256: str
    report: dict[str, Any]
    """Field → `Compared` as JSON."""
    forms: int


def train(examples: Sequence[Example], least_forms: int) -> Trained:
    """Learn every field and compare each with the rules; with too few forms nothing takes over."""
    learning = [each for each in examples if not each.held_back]
    calls = [frozenset(places(each.turns)) for each in learning]
    fields = {}
    for name in FIELDS:
        learned = _field(name, learning, calls)
        if learned is not None:
            fields[name] = learned
    data, sha256 = pack(fields)
    compared = evaluate(Model(0, fields), examples, least_forms)
    return Trained(data, sha256, {name: asdict(each) for name, each in compared.items()}, len(examples))


def evaluate(model: Model, examples: Sequence[Example], least_forms: int) -> dict[str, Compared]:
    """Each field of a model beside today's rules, on held-back forms alone."""
    held = [each for each in examples if each.held_back]
    drafts = [extract(each.turns) for each in held]
    found = {}
    for name in model.fields:
        alone = replace(model, takes_over=frozenset({name}))
        judged = [_judged(name, each, draft, alone) for each, draft in zip(held, drafts, strict=True)]
        found[name] = compare([each for each in judged if each is not None], len(examples), least_forms)
    return found


def _judged(name: str, example: Example, draft: DraftResult, model: Model) -> Judged | None:
    if name not in example.confirmed:
        return None
    truth = example.confirmed[name]
    rules, learned = getattr(draft, name), getattr(apply(draft, example.turns, model), name)
    return Judged(example.by, truth, (rules or NONE) == truth, (learned or NONE) == truth)


def _field(name: str, learning: Sequence[Example], calls: Sequence[frozenset[str]]) -> FieldModel | None:
    """None where the forms show fewer than two values often enough to learn them."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - 100 MB that only a training needs
    from sklearn.feature_selection import chi2  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    rows = [at for at, each in enumerate(learning) if name in each.confirmed]
    often = Counter(learning[at].confirmed[name] for at in rows)
    rows = [at for at in rows if often[learning[at].confirmed[name]] >= LEAST_OF_CLASS]
    labels = np.array([learning[at].confirmed[name] for at in rows])
    if len(set(labels.tolist())) < 2:
        return None
    kept = _from_many(learning, calls, rows)
    vectorizer = TfidfVectorizer(analyzer=sorted, vocabulary=kept, binary=True, dtype=np.float32)
    seen = vectorizer.fit_transform([calls[at] & kept.keys() for at in rows])
    tells = np.nan_to_num(chi2(seen, labels)[0])
    chosen = np.sort(np.argsort(-tells, kind="stable")[:MOST_RUNS])
    fitted = LogisticRegression(C=10.0, max_iter=300).fit(seen[:, chosen], labels)
    weights, bias = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # one row stands for both
        weights, bias = np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    runs = vectorizer.get_feature_names_out()[chosen]
    return FieldModel(
        tuple(map(str, fitted.classes_)),
        tuple(map(str, runs)),
        np.asarray(vectorizer.idf_[chosen], np.float32),
        np.asarray(weights, np.float32),
        np.asarray(bias, np.float32),
    )


def _from_many(learning: Sequence[Example], calls: Sequence[frozenset[str]], rows: Sequence[int]) -> dict[str, int]:
    """Runs that enough calls of enough callers have; a call whose caller is unknown counts as one of its own."""
    often = Counter(run for at in rows for run in calls[at])
    callers: dict[str, set[str]] = {run: set() for run, count in often.items() if count >= LEAST_CALLS}
    for at in rows:
        who = learning[at].caller or learning[at].uid
        for run in calls[at] & callers.keys():
            callers[run].add(who)
    kept = sorted(run for run, who in callers.items() if len(who) >= LEAST_CALLERS)
    return {run: at for at, run in enumerate(kept)}
