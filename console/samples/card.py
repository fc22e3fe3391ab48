"""The score card as a form: what the inspector typed, item by item of the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.errors import N_
from qa.score import Finding, ScoreView
from qa.template import Item, Template
from transcribe.masking import masked_text


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item as the page shows it; `points` are taken off."""

    item: Item
    points: str = ""
    found: bool = False
    """A fatal item is ticked."""
    second: str = ""
    remark: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came with the form: findings, and per item what is wrong with it (catalogue keys)."""

    findings: tuple[Finding, ...]
    problems: Mapping[str, str]


def empty(card: Template) -> dict[str, ItemRow]:
    return {code: ItemRow(item) for code, item in card.items.items()}


def written(card: Template, score: ScoreView) -> dict[str, ItemRow]:
    """A stored card on today's template; items that the template has lost are left out."""
    known = {each.code: each for each in score.findings}
    return {code: _row_of(item, known.get(code)) for code, item in card.items.items()}


def typed(card: Template, form: Mapping[str, str], problems: Mapping[str, str]) -> dict[str, ItemRow]:
    """What was typed, shown again as it was."""
    return {
        code: ItemRow(
            item,
            points=form.get(f"points-{code}", ""),
            found=bool(form.get(f"found-{code}")),
            second=form.get(f"second-{code}", ""),
            remark=form.get(f"remark-{code}", ""),
            problem=problems.get(code, ""),
        )
        for code, item in card.items.items()
    }


def read(card: Template, form: Mapping[str, str], seconds: float | None) -> Sent:
    """Check the form; `seconds` is the recording's length, where it is known."""
    findings: list[Finding] = []
    problems: dict[str, str] = {}
    for code, item in card.items.items():
        points, problem = _points(item, form.get(f"points-{code}", "").strip())
        found = bool(form.get(f"found-{code}")) if item.fatal else points > 0
        remark = form.get(f"remark-{code}", "").strip()
        second, bad_second = _second(form.get(f"second-{code}", "").strip(), seconds)
        problem = problem or bad_second
        if not problem and remark and not found:
            problem = N_("There is a remark and no points are taken; take points or clear the remark.")
        if not problem and len(remark) > 500:
            problem = N_("This remark is too long; keep it under 500 characters.")
        if problem:
            problems[code] = problem
        elif found:
            findings.append(Finding(code, points, second, masked_text(remark)))
    return Sent(tuple(findings), problems)


def _row_of(item: Item, finding: Finding | None) -> ItemRow:
    if finding is None:
        return ItemRow(item)
    second = "" if finding.second is None else f"{finding.second:g}"
    return ItemRow(item, str(finding.points), True, second, finding.remark)


def _points(item: Item, text: str) -> tuple[int, str]:
    if item.fatal or not text:
        return 0, ""
    if not text.isascii() or not text.isdigit() or int(text[:6]) > item.points:
        return 0, N_("Take off whole points, no more than the item has.")
    return int(text), ""


def _second(text: str, seconds: float | None) -> tuple[float | None, str]:
    if not text:
        return None, ""
    try:
        second = round(float(text), 2)
    except ValueError:
        return None, N_("This second is not in the call.")
    if not 0 <= second <= (seconds if seconds is not None else 86_400):
        return None, N_("This second is not in the call.")
    return second, ""
