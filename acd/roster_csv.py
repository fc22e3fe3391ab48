"""A roster as a CSV file: read whole, or refused with what is wrong in which line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from acd.roster_book import Plan

COLUMNS = ("day", "person", "seat", "begins", "ends", "break_minutes")
CHINESE = {
    "日期": "day",
    "人员": "person",
    "座席": "seat",
    "上班": "begins",
    "下班": "ends",
    "休息分钟": "break_minutes",
}
MOST_LINES = 5000
_TIME = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)", re.ASCII)
_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)


class Wrong(StrEnum):
    HEADER = "header"
    COLUMNS = "columns"
    DAY = "day"
    TIME = "time"
    PERSON = "person"
    SEAT = "seat"
    MINUTES = "minutes"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Mistake:
    line: int
    """Counted from 1, the header included."""
    wrong: Wrong
    value: str


@dataclass(frozen=True, slots=True)
class Line:
    line: int
    plan: Plan


def parse(words: str, *, people: Mapping[str, str], seats: Collection[str]) -> tuple[list[Line], list[Mistake]]:
    """Read a roster. `people` gives log-ins by log-in and by name, `seats` the known extensions.

    The header names the columns in English or Chinese, in any order; empty lines are passed over.
    """
    reader = csv.reader(io.StringIO(words.lstrip("\ufeff").replace("\0", "")))
    try:
        rows = list(reader)
    except csv.Error:
        return [], [Mistake(reader.line_num, Wrong.COLUMNS, "")]
    if len(rows) > MOST_LINES:
        return [], [Mistake(MOST_LINES + 1, Wrong.LINES, str(len(rows)))]
    names = [CHINESE.get(name.strip(), name.strip().lower()) for name in rows[0]] if rows else []
    if sorted(names) != sorted(COLUMNS):
        return [], [Mistake(1, Wrong.HEADER, ",".join(names)[:80])]
    lines: list[Line] = []
    mistakes: list[Mistake] = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(field.strip() for field in row):
            continue
        if len(row) != len(names):
            mistakes.append(Mistake(number, Wrong.COLUMNS, str(len(row))))
            continue
        fields = dict(zip(names, (field.strip() for field in row), strict=True))
        plan, wrong = _plan(fields, people, seats)
        mistakes += [Mistake(number, kind, fields[name][:40]) for kind, name in wrong]
        if plan is not None:
            lines.append(Line(number, plan))
    return lines, mistakes


def _plan(
    fields: Mapping[str, str], people: Mapping[str, str], seats: Collection[str]
) -> tuple[Plan | None, list[tuple[Wrong, str]]]:
    wrong: list[tuple[Wrong, str]] = []
    day = _day(fields["day"])
    begins, ends = _time(fields["begins"]), _time(fields["ends"])
    if day is None:
        wrong.append((Wrong.DAY, "day"))
    wrong += [(Wrong.TIME, name) for name, value in (("begins", begins), ("ends", ends)) if value is None]
    person = people.get(fields["person"], "")
    if fields["person"] and not person:
        wrong.append((Wrong.PERSON, "person"))
    if fields["seat"] and fields["seat"] not in seats:
        wrong.append((Wrong.SEAT, "seat"))
    minutes = fields["break_minutes"] or "0"
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) <= 3):
        wrong.append((Wrong.MINUTES, "break_minutes"))
    if wrong or day is None or begins is None or ends is None:
        return None, wrong
    return Plan(day, person, fields["seat"], begins, ends, int(minutes)), []


def _day(value: str) -> date | None:
    found = _DAY.fullmatch(value)
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def _time(value: str) -> time | None:
    found = _TIME.fullmatch(value)
    return time(int(found[1]), int(found[2])) if found else None
