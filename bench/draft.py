"""Accuracy of the draft per field, on clean and on misheard dialogues, and the time a draft takes.

Run `python bench/draft.py`; `--errors` also prints every wrong field of `cases.yaml` (never of the hold-out).
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:1] = [str(ROOT), str(ROOT / "tests" / "transcribe" / "draft")]  # this folder has a `transcribe` of its own

from draft_evaluation import FIELDS, accuracy, corrupt, load, wrong_fields  # noqa: E402

from transcribe.draft import extract  # noqa: E402
from transcribe.turns import Turn  # noqa: E402

SEEDS = range(5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", action="store_true")
    arguments = parser.parse_args()
    print(f"machine: {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(f"{'':26}" + "".join(f"{name:>10}" for name in FIELDS))
    for name in ("cases.yaml", "holdout.yaml", "second.yaml", "third.yaml"):
        cases = load(name)
        for label, chosen in (
            ("clean", cases),
            ("no punctuation", [corrupt(case, 0, homophones=0, lost=0, marks=1) for case in cases]),
            ("5 % misheard", [corrupt(case, seed, homophones=0.05, lost=0.01) for seed in SEEDS for case in cases]),
            ("10 % misheard", [corrupt(case, seed) for seed in SEEDS for case in cases]),
            ("18 % misheard", [corrupt(case, seed, homophones=0.16) for seed in SEEDS for case in cases]),
        ):
            found = accuracy(chosen)
            print(
                f"{name.split('.')[0] + ', ' + label:26}"
                + "".join(f"{found[each]:>10.3f}" if each in found else f"{'':>10}" for each in FIELDS)
            )
    found = accuracy(load("heard.yaml"))
    label = "heard by whisper-base"
    print(f"{label:26}" + "".join(f"{found[each]:>10.3f}" if each in found else f"{'':>10}" for each in FIELDS))
    print(f"a draft of a 10-minute call: {_ten_minutes():.3f} s")
    if arguments.errors:
        for case in load("cases.yaml"):
            draft = extract(case.turns)
            for field, truth, got in wrong_fields(case, draft):
                print(case.id, field, "truth", truth, "found", got, "|", " / ".join(turn.text for turn in case.turns))


def _ten_minutes() -> float:
    turns: list[Turn] = []
    at = 0.0
    while at < 600:
        for case in load("cases.yaml"):
            for turn in case.turns:
                turns.append(Turn(turn.speaker, at, at + turn.end - turn.start, turn.text))
                at += turn.end - turn.start
    turns = [turn for turn in turns if turn.end <= 600]
    extract(turns[:3])
    began = time.perf_counter()
    extract(turns)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
