"""The figures as a page and plots: tables between two marks of `docs/drafts.md`, and an SVG for each half."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from corpus import FIELDS
from score import Scores

BEGIN, END = "<!-- figures: written by bench/drafts/run.py --write -->", "<!-- end of figures -->"
AIMS = {"kind": 0.95, "business": 0.95}
AIM = 0.90
EVIDENCE_AIM = 0.95
Results = Mapping[tuple[str, str], Scores]
Apart = Mapping[tuple[str, str, str], Scores]
"""Half, condition and which noise."""


def write(docs: Path, results: Results, apart: Apart, when: str, notes: Sequence[str]) -> None:
    """Put the figures into `drafts.md`, which must have the marks, and the plots beside it."""
    page = docs / "drafts.md"
    before, rest = page.read_text("utf-8").split(BEGIN)
    parts = [BEGIN, f"{when}, {platform.machine()}, Python {platform.python_version()}.", ""]
    for half, title in (("held", "Held-out half"), ("tune", "Tuning half")):
        conditions = [condition for (each, condition), scores in results.items() if each == half and scores.calls]
        if not conditions:
            continue
        image = docs / "images" / f"drafts-{half}.svg"
        image.write_text(plot(title, conditions, [results[half, each] for each in conditions]), "utf-8")
        parts += [f"### {title}", "", f"![{title}: F1 by field and condition](images/{image.name})", ""]
        parts += _table(conditions, [results[half, each] for each in conditions])
        if "clean" in conditions:
            parts += ["", f"{title}, clean, in full:", "", *_full(results[half, "clean"])]
        parts += ["", *_by_noise(half, apart), ""]
    parts += ["What was scored:", "", *(f"- {note}" for note in notes), END]
    page.write_text(before + "\n".join(parts) + rest.split(END)[1], "utf-8")


def _table(conditions: Sequence[str], scores: Sequence[Scores]) -> list[str]:
    rows = ["| | " + " | ".join(conditions) + " |", "|---|" + "---|" * len(conditions)]
    rows.append("| calls | " + " | ".join(str(each.calls) for each in scores) + " |")
    rows.append("| character errors | " + " | ".join(f"{100 * each.cer:.1f} %" for each in scores) + " |")
    for name in FIELDS:
        rows.append(f"| {name} | " + " | ".join(_share(each.fields[name].f1) for each in scores) + " |")
    rows.append("| **mean of fields** | " + " | ".join(f"{_mean(each):.2f}" for each in scores) + " |")
    rows.append("| evidence in the right sentence | " + " | ".join(_share(each.evidence) for each in scores) + " |")
    rows.append("| values invented in enquiries | " + " | ".join(str(len(each.invented)) for each in scores) + " |")
    return rows


def _full(scores: Scores) -> list[str]:
    rows = ["| field | said | precision | recall | F1 | evidence right |", "|---|---|---|---|---|---|"]
    for name in FIELDS:
        tally = scores.fields[name]
        placed = tally.placed / tally.pieces if tally.pieces else None
        figures = (tally.precision, tally.recall, tally.f1, placed)
        rows.append(f"| {name} | {tally.right + tally.missed} | " + " | ".join(_share(each) for each in figures) + " |")
    return rows


def _by_noise(half: str, apart: Apart) -> list[str]:
    found = {(condition, noise): each for (whose, condition, noise), each in apart.items() if whose == half}
    if not found:
        return []
    rows = ["By noise:", "", "| | calls | character errors | mean F1 of fields |", "|---|---|---|---|"]
    for (condition, noise), each in found.items():
        if each.calls:
            rows.append(f"| {condition}, {noise} | {each.calls} | {100 * each.cer:.1f} % | {_mean(each):.2f} |")
    return rows


def plot(title: str, conditions: Sequence[str], scores: Sequence[Scores]) -> str:
    """F1 of each field under each condition as coloured cells; a cell that meets its aim has a dark frame."""
    left, top, wide, high = 190, 70, 84, 22
    rows = [*FIELDS, "evidence"]
    width, height = max(720, left + wide * len(conditions) + 20), top + high * len(rows) + 40
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="16" y="26" font-size="15">{title}: F1 by field and condition</text>',
        f'<text x="16" y="{height - 12}" fill="#555">dark frame: at or above its aim (kind, business and evidence '
        "0.95, all others 0.90); –: neither said nor found</text>",
    ]
    for column, condition in enumerate(conditions):
        out.append(
            f'<text x="{left + wide * column + wide / 2}" y="{top - 10}" text-anchor="middle">{condition}</text>'
        )
    for row, name in enumerate(rows):
        y = top + high * row
        out.append(f'<text x="{left - 10}" y="{y + 15}" text-anchor="end">{name}</text>')
        for column, each in enumerate(scores):
            value = each.evidence if name == "evidence" else each.fields[name].f1
            out += _cell(left + wide * column, y, wide - 4, high - 4, value, aim=_aim(name))
    return "\n".join([*out, "</svg>", ""])


def _cell(x: int, y: int, wide: int, high: int, value: float | None, *, aim: float) -> list[str]:
    if value is None:
        return [f'<text x="{x + wide / 2}" y="{y + 14}" text-anchor="middle" fill="#999">–</text>']
    frame = ' stroke="#143d14" stroke-width="2"' if value >= aim else ""
    return [
        f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" fill="hsl({round(120 * value**3)},60%,72%)"{frame}/>',
        f'<text x="{x + wide / 2}" y="{y + 14}" text-anchor="middle">{value:.2f}</text>',
    ]


def _aim(name: str) -> float:
    return EVIDENCE_AIM if name == "evidence" else AIMS.get(name, AIM)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _mean(scores: Scores) -> float:
    found = [tally.f1 for tally in scores.fields.values() if tally.f1 is not None]
    return sum(found) / len(found) if found else 0.0
