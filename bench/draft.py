"""Accuracy of the draft per field, on clean and misheard dialogues; how far its confidence can be trusted; its time.

Run `python bench/draft.py`; `--errors` also prints every wrong field of `cases.yaml` (never of the hold-out).
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:1] = [str(ROOT), str(ROOT / "tests" / "transcribe" / "draft")]  # this folder has a `transcribe` of its own

from draft_evaluation import CALLED, FIELDS, accuracy, corrupt, load, wrong_fields  # noqa: E402

from transcribe.draft import extract  # noqa: E402
from transcribe.turns import Turn  # noqa: E402

SEEDS = range(5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", action="store_true")
    arguments = parser.parse_args()
    print(f"machine: {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    for name in ("cases.yaml", "holdout.yaml", "second.yaml", "third.yaml", "fourth.yaml", "fifth.yaml", "sixth.yaml"):
        cases = load(name)
        fields = [each for each in FIELDS if any(each in case.truth for case in cases)]
        print(f"\n{name.split('.')[0]} ({len(cases)}): " + ", ".join(fields))
        for label, chosen in (
            ("clean", cases),
            ("no punctuation", [corrupt(case, 0, homophones=0, lost=0, marks=1) for case in cases]),
            ("5 % misheard", [corrupt(case, seed, homophones=0.05, lost=0.01) for seed in SEEDS for case in cases]),
            ("10 % misheard", [corrupt(case, seed) for seed in SEEDS for case in cases]),
            ("18 % misheard", [corrupt(case, seed, homophones=0.16) for seed in SEEDS for case in cases]),
        ):
            _row(label, accuracy(chosen), fields)
        if name == "fourth.yaml":
            _row("odd, totals only", accuracy([each for each in cases if int(each.id[1:]) % 2]), fields)
    heard = accuracy(load("heard.yaml"))
    print(f"\nheard.yaml: {', '.join(heard)}")
    _row("heard by whisper-base", heard, list(heard))
    _reliability()
    print(f"a draft of a 10-minute call: {_ten_minutes():.3f} s")
    if arguments.errors:
        for case in load("cases.yaml"):
            draft = extract(case.turns, CALLED)
            for field, truth, got in wrong_fields(case, draft):
                print(case.id, field, "truth", truth, "found", got, "|", " / ".join(turn.text for turn in case.turns))


def _row(label: str, found: dict[str, float], fields: list[str]) -> None:
    print(f"  {label:22}" + "".join(f"{found[each]:>7.3f}" if each in found else f"{'':>7}" for each in fields))


def _reliability() -> None:
    """Of the values found in hold-outs, clean and misheard, the share that is right, by confidence."""
    right: dict[tuple[str, int], int] = defaultdict(int)
    found: dict[tuple[str, int], int] = defaultdict(int)
    for name in ("holdout.yaml", "second.yaml", "third.yaml", "heard.yaml", "fourth.yaml", "sixth.yaml"):
        for case in load(name):
            for said in [case] if name == "heard.yaml" else [case, corrupt(case, 1), corrupt(case, 2)]:
                draft = extract(said.turns, CALLED)
                told, wrong = draft.to_json(), {field for field, _, _ in wrong_fields(said, draft)}
                for field in set(said.truth) - {"ask"}:
                    if told[field] not in (None, [], False):
                        key = field, min(4, int(draft.confidence[field] * 5))
                        found[key] += 1
                        right[key] += field not in wrong
    print("\nright / found by confidence" + "".join(f"{step / 5:>12.1f}+" for step in range(5)))
    for field in dict.fromkeys(field for field, _ in sorted(found)):
        counts = [(right[field, step], found[field, step]) for step in range(5)]
        print(f"  {field:24}" + "".join(f"{f'{good}/{all_}' if all_ else '':>13}" for good, all_ in counts))
    sure = [(good, all_) for (_, step), all_ in found.items() for good in [right[_, step]] if step == 4]
    print(f"  confidence ≥ 0.8: {sum(good for good, _ in sure)} of {sum(all_ for _, all_ in sure)} right")


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
