"""Score the drafts of this set's calls under every condition, and write the tables and the plot into docs/.

    .venv/bin/python bench/drafts/run.py [--half held|tune|all] [--conditions clean,noise-10,…] [--write]
                                         [--kept] [--fresh] [--errors FILE]

What was heard once is kept under `data/drafts`, so that another extraction is scored within seconds. `--kept` scores
only what is kept, `--fresh` hears again what an older recognition heard. The condition `written` needs no sound: the
words as they were written, which tells the extraction's mistakes from the recogniser's. `--errors` writes down every
mistake of the tuning half with what was heard; those of the other half are never shown.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(1, str(ROOT))
sys.path.append(str(ROOT / "bench"))

from conditions import CONDITIONS, NOISES, noise_of  # noqa: E402
from corpus import TIMES, Call, load  # noqa: E402
from hear import heard, pipeline_digest  # noqa: E402
from report import write  # noqa: E402
from score import FIELDS, Scores, add  # noqa: E402

from hotline.settings import Settings, load_settings  # noqa: E402
from transcribe.draft import extract  # noqa: E402
from transcribe.draft.context import CallContext  # noqa: E402
from transcribe.turns import Turn, in_order  # noqa: E402

WRITTEN = "written"
HELD, TUNE = "held", "tune"


def main() -> None:
    options = _options()
    settings = load_settings()
    times = json.loads(TIMES.read_text("utf-8"))
    results: dict[tuple[str, str], Scores] = {}
    apart: dict[tuple[str, str, str], Scores] = {}
    notes: list[str] = []
    for half in (HELD, TUNE) if options.half == "all" else (options.half,):
        for condition in options.conditions.split(","):
            scores, by_noise, older, engine = _scored(half, condition, times, settings, options)
            results[half, condition] = scores
            if condition.startswith("noise"):
                apart |= {(half, condition, noise): each for noise, each in by_noise.items()}
            note = f"{half} {condition}: {scores.calls} calls, {engine or 'no recogniser'}"
            if older:
                note += f", {older} heard by an older recognition"
            if scores.calls:
                notes.append(note)
            print(note, flush=True)
            _print(scores)
    if options.errors:
        _mistakes(Path(options.errors), results, times, settings, options)
    if options.write:
        write(ROOT / "docs", results, apart, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", notes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=[HELD, TUNE, "all"], default="all")
    parser.add_argument("--conditions", default=f"{WRITTEN},clean", help=f"of {WRITTEN}, {', '.join(CONDITIONS)}")
    parser.add_argument("--write", action="store_true", help="write the tables and the plot into docs/")
    parser.add_argument("--kept", action="store_true", help="score only what has been heard before")
    parser.add_argument("--fresh", action="store_true", help="hear again what an older recognition heard")
    parser.add_argument("--errors", help="write the tuning half's mistakes into this file")
    options = parser.parse_args()
    if options.conditions == "all":
        options.conditions = ",".join((WRITTEN, *CONDITIONS))
    return options


def _scored(
    half: str, condition: str, times: dict[str, dict[str, list[list[float]]]], settings: Settings,
    options: argparse.Namespace,
) -> tuple[Scores, dict[str, Scores], int, str]:  # fmt: skip
    """All calls of a half, and apart by the noise of each; how many an older recognition heard; by which engine."""
    scores, older, engine = Scores(), 0, ""
    by_noise = {noise: Scores() for noise in NOISES}
    for call in load(half):
        spans = [(start, end) for start, end in times[call.id]["turns"]]
        found = _turns(call, condition, spans, settings, options)
        if found is None:
            continue
        turns, pipeline, engine = found
        older += bool(pipeline) and pipeline != pipeline_digest()
        draft = _draft(call, turns)
        for each in (scores, by_noise[noise_of(call.id)]):
            add(each, call, spans, turns, draft)
    return scores, by_noise, older, engine


def _draft(call: Call, turns: Sequence[Turn]) -> dict[str, object]:
    context = CallContext(call.number, call.at, call.service, call.customer_class)
    return extract(turns, context).to_json()


def _turns(
    call: Call, condition: str, spans: Iterable[tuple[float, float]], settings: Settings, options: argparse.Namespace
) -> tuple[Sequence[Turn], str, str] | None:
    if condition == WRITTEN:
        said = zip(call.turns, spans, strict=True)
        return in_order(Turn(each.speaker, start, end, each.text) for each, (start, end) in said), "", ""
    others = [other.sound for other in load() if other.id != call.id]
    try:
        found = heard(call, condition, others, settings, fresh=options.fresh, only=options.kept)
    except KeyError:
        return None
    return found.turns, found.pipeline, found.engine


def _print(scores: Scores) -> None:
    print(f"  CER {scores.cer:.3f}; evidence in the right sentence {scores.evidence:.3f}")
    shown = []
    for name in FIELDS:
        tally = scores.fields[name]
        if tally.f1 is not None:
            shown.append(f"{name} {tally.f1:.2f} ({tally.right}+{tally.wrong}-{tally.missed})")
    print("  " + ", ".join(shown))
    print(f"  invented in enquiries: {len(scores.invented)}", flush=True)


def _mistakes(
    path: Path, results: dict[tuple[str, str], Scores], times: dict[str, dict[str, list[list[float]]]],
    settings: Settings, options: argparse.Namespace,
) -> None:  # fmt: skip
    calls = {call.id: call for call in load(TUNE)}
    lines = []
    for (half, condition), scores in results.items():
        if half != TUNE:
            continue
        for name, call in calls.items():
            wrong = [each for each in scores.mistakes if each.call == name]
            if not wrong:
                continue
            lines.append(f"== {condition} {name}: calling {call.number}, {call.at:%a %Y-%m-%d %H:%M}, {call.service}")
            found = _turns(call, condition, [(a, b) for a, b in times[name]["turns"]], settings, options)
            lines += [f"   {turn.speaker} {turn.start:.1f}: {turn.text}" for turn in (found[0] if found else ())]
            lines += [f"   ! {each.field}: truth {each.truth}, found {each.found}" for each in wrong]
    path.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
