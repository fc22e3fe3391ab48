"""A measurement's outcome as pairs of bars: before, after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.errors import N_
from console.lexicon.rows import FIELDS
from transcribe.figures import FEW_CALLS, Errors, Score

WIDTH = 320.0
"""Units of the longest bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure before and after; `better` None where nothing changed."""

    label: str
    before: Bar
    after: Bar
    better: bool | None
    count: int
    """What it rests on."""
    too_few: bool


def suggestions(result: Mapping[str, Any]) -> list[Pair]:
    """Right, wrong and undecided suggestions, and the error rate with all of them taken."""
    before, after = result["before"], result["after"]
    top = max(1, *(side[name] for side in (before, after) for name in ("right", "wrong", "unknown")))
    pairs = [
        _counted(label, before[name], after[name], top, result["samples"], more_is_better=better)
        for name, label, better in (
            ("right", N_("right suggestions"), True),
            ("wrong", N_("wrong suggestions"), False),
            ("unknown", N_("undecided suggestions"), None),
        )
    ]
    rate = _errors(N_("character errors, suggestions taken"), before, after, result["references"])
    return [*pairs, rate] if rate is not None else pairs


def heard_anew(anew: Mapping[str, Any]) -> list[Pair]:
    """Error rate and field scores of the calls that were recognised once more."""
    before, after = anew["before"], anew["after"]
    rate = _errors(N_("character errors, recognised anew"), before, after, anew["references"])
    pairs = [rate] if rate is not None else []
    for name in before["fields"].keys() | after["fields"].keys():
        old, new = (Score(*side["fields"].get(name, (0, 0, 0))) for side in (before, after))
        if old.f1 is not None and new.f1 is not None:
            pairs.append(
                Pair(
                    FIELDS.get(name, name), _share(old.f1), _share(new.f1),
                    None if old.f1 == new.f1 else new.f1 > old.f1, new.confirmed, new.too_few,
                )
            )  # fmt: skip
    return pairs[:1] + sorted(pairs[1:], key=lambda pair: list(FIELDS.values()).index(pair.label)) if rate else pairs


def _counted(label: str, before: int, after: int, top: int, count: int, *, more_is_better: bool | None) -> Pair:
    changed = None if before == after or more_is_better is None else (after > before) == more_is_better
    return Pair(
        label, Bar(before / top * WIDTH, str(before)), Bar(after / top * WIDTH, str(after)), changed, count,
        too_few=False,
    )  # fmt: skip


def _errors(label: str, before: Mapping[str, int], after: Mapping[str, int], calls: int) -> Pair | None:
    old, new = (Errors(side["errors"], side["characters"]).rate for side in (before, after))
    if old is None or new is None:
        return None
    top = max(old, new, 0.01)
    return Pair(
        label, Bar(old / top * WIDTH, f"{old:.2%}"), Bar(new / top * WIDTH, f"{new:.2%}"),
        None if old == new else new < old, calls, calls < FEW_CALLS,
    )  # fmt: skip


def _share(value: float) -> Bar:
    return Bar(value * WIDTH, f"{value:.2f}")
