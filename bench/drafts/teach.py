"""Teach the drafts' second opinion (`transcribe/draft/impression.py`) from the tuning texts of this repository.

    .venv/bin/python bench/drafts/teach.py [--without fifth] [--out FILE]

The texts: `sayings.tsv` (sentences and short talks written for it, code by code), the dialogues of
tests/transcribe/draft that may be looked at, and the tuning half of this set. Nothing held out is read.
`--without NAME` leaves one file's texts out (cases, fourth, fifth, seventh, tune or sayings), so that what it is worth
can be measured on that file.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[1:1] = [str(ROOT), str(ROOT / "tests" / "transcribe" / "draft")]

from corpus import load as load_calls  # noqa: E402
from draft_evaluation import load  # noqa: E402

from transcribe.draft.extract import hear  # noqa: E402
from transcribe.draft.impression import RAREST, runs, sign  # noqa: E402
from transcribe.draft.lexicon import lexicon  # noqa: E402
from transcribe.draft.normalise import Line  # noqa: E402
from transcribe.draft.result import Tag  # noqa: E402
from transcribe.turns import Turn  # noqa: E402

FIELDS = ("kind", "business", "nature", "cause", "cause_detail", "category", "report", "outcome")
NAMES = ("cases", "fourth", "fifth", "seventh", "tune", "sayings")
"""Files of texts that may be looked at."""
TAGS = tuple(tag.value for tag in Tag)
OF_KIND = {
    "nature": "complaint", "cause": "complaint", "cause_detail": "complaint", "category": "suggestion",
    "report": "report",
} | dict.fromkeys(TAGS, "complaint")  # fmt: skip
"""Fields that one kind of call has alone."""
IN_TEXTS = 2
MOST_RUNS = 24000
OF_A_TAG = 12000
"""Runs that are kept of a field, and of a tag, which is told by fewer."""
STRENGTH = 30.0
NONE = "none"
"""The class of complaints without a cause in detail, or without a tag."""

Text = tuple[Mapping[str, Any], tuple[Line, ...]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", default="", help="name of a file whose texts are left out")
    parser.add_argument("--out", default=str(ROOT / "transcribe" / "draft" / "impression.json.gz"))
    options = parser.parse_args()
    texts = list(_texts(options.without))
    fields = {name: _taught(name, texts) for name in (*FIELDS, *TAGS)}
    told = json.dumps({"texts": len(texts), "fields": fields}, ensure_ascii=False, separators=(",", ":")) + "\n"
    Path(options.out).write_bytes(gzip.compress(told.encode(), mtime=0))
    for name, field in fields.items():
        print(name, len(field["classes"]), "classes,", len(field["runs"]), "runs")


def _texts(without: str) -> Iterator[Text]:
    for name in NAMES:
        if name != without:
            for truth, turns in read(name):
                yield truth, hear(turns, lexicon()).lines


def read(name: str) -> Iterator[tuple[Mapping[str, Any], Sequence[Turn]]]:
    if name == "sayings":
        yield from sayings(HERE / "sayings.tsv")
    elif name == "tune":
        for call in load_calls("tune"):
            fields = {each: call.field(each) for each in FIELDS}
            truth = {each: field.values[0] if field.values else None for each, field in fields.items() if field.judged}
            sure = {forms[0] for forms, may_be_missing in call.items("tags") if not may_be_missing}
            left_open = {forms[0] for forms, may_be_missing in call.items("tags") if may_be_missing}
            truth |= _tags(sure, left_open)
            yield truth, [Turn(turn.speaker, 2.0 * at, 2.0 * at + 1, turn.text) for at, turn in enumerate(call.turns)]
    else:
        for case in load(f"{name}.yaml"):
            if name != "fourth" or int(case.id[1:]) % 2 == 0:
                yield case.truth | _tags(case.truth.get("tags")), case.turns


def _tags(held: Collection[str] | None, left_open: Collection[str] = ()) -> dict[str, str | None]:
    """Each tag as a field of two values, where the truth says which tags there are."""
    return {} if held is None else {tag: tag if tag in held else None for tag in TAGS if tag not in left_open}


def sayings(path: Path) -> Iterator[tuple[Mapping[str, Any], Sequence[Turn]]]:
    """The sayings: fields as `name=value`, a tab, and the turns, cut by bars."""
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            told, text = line.split("\t")
            truth: dict[str, Any] = {name: value or None for name, value in (each.split("=") for each in told.split())}
            if "tags" in truth:
                truth |= _tags((truth["tags"] or "").split(","))
            parts = [part.split(": ", 1) for part in text.split(" | ")]
            yield (
                truth,
                [
                    Turn({"c": "caller", "s": "seat"}[who], 2.0 * at, 2.0 * at + 1, words)
                    for at, (who, words) in enumerate(parts)
                ],
            )


def _taught(name: str, texts: Sequence[Text]) -> dict[str, Any]:
    chosen = [(str(truth[name] or NONE), set(runs(name, lines))) for truth, lines in texts if _counts(name, truth)]
    counted = Counter(run for _, found in chosen for run in found)
    known = sorted(run for run, count in counted.items() if count >= IN_TEXTS)
    rarity = {run: 1 + math.log((1 + len(chosen)) / (1 + counted[run])) for run in known}
    place = {run: at for at, run in enumerate(known)}
    matrix = np.zeros((len(chosen), len(known)), np.float32)
    for row, (_, found) in enumerate(chosen):
        for run in found & place.keys():
            matrix[row, place[run]] = rarity[run]
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    truth = [value for value, _ in chosen]
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=300).fit(matrix, truth)
    weights, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:
        weights, bias = np.vstack([-weights[0] / 2, weights[0] / 2]), np.array([-bias[0] / 2, bias[0] / 2])
    spread = (weights.max(axis=0) - weights.min(axis=0)) * np.array([rarity[run] for run in known])
    kept = sorted(int(at) for at in np.argsort(-spread)[: OF_A_TAG if name in TAGS else MOST_RUNS])
    scale = float(np.abs(weights[:, kept]).max())
    return {
        "classes": [str(each) for each in model.classes_],
        "bias": [round(float(each), 3) for each in bias],
        "scale": round(scale, 4),
        "runs": {
            known[at]: sign(rarity[known[at]], RAREST) + "".join(sign(float(each), scale) for each in weights[:, at])
            for at in kept
        },
    }


def _counts(name: str, truth: Mapping[str, Any]) -> bool:
    """Whether a text teaches a field: it must say so, and be of the kind that has the field."""
    if name not in truth or truth.get("kind", OF_KIND.get(name)) != OF_KIND.get(name, truth.get("kind")):
        return False
    return truth[name] is not None or name in ("cause_detail", *TAGS)


if __name__ == "__main__":
    main()
