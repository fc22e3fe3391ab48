"""How well calls are recognised: character errors against what a person typed, by engine and week.

Both sides are written alike first (numbers in figures, simplified, no punctuation), so that 三十块 and 30元 are no
error; where a figure stands only on one side the verbatim readings are compared, and the nearer pair counts. Sensitive
digits are covered on both sides, and not counted: references are typed by people who do not see them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rapidfuzz.distance import Levenshtein
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from transcribe.covered import covered
from transcribe.lexicon.models import Reference, WeekFigures
from transcribe.models import Transcript
from transcribe.normal import written
from transcribe.text import simplified, spoken
from transcribe.turns import Turn

FEW_CALLS = 10
"""Calls with a reference below which an error rate says too little."""
FEW_FORMS = 20
"""Values of one field below which its score says too little."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Wrong, missing and surplus characters of so many that were said."""

    wrong: int = 0
    said: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.wrong + other.wrong, self.said + other.said)

    @property
    def rate(self) -> float | None:
        """Character error rate, None where nothing was said."""
        return self.wrong / self.said if self.said else None


@dataclass(frozen=True, slots=True)
class Score:
    """Of one field: values that were right, that were drafted, that people confirmed."""

    right: int = 0
    drafted: int = 0
    confirmed: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.drafted + other.drafted, self.confirmed + other.confirmed)

    @property
    def precision(self) -> float | None:
        return self.right / self.drafted if self.drafted else None

    @property
    def recall(self) -> float | None:
        return self.right / self.confirmed if self.confirmed else None

    @property
    def f1(self) -> float | None:
        return 2 * self.right / (self.drafted + self.confirmed) if self.drafted + self.confirmed else None

    @property
    def too_few(self) -> bool:
        return max(self.drafted, self.confirmed) < FEW_FORMS


@dataclass(frozen=True, slots=True)
class Week:
    """Figures of one engine in one ISO week, such as `2026-W47`."""

    week: str
    engine: str
    calls: int = 0
    errors: Errors = Errors()
    forms: int = 0
    fields: Mapping[str, Score] = field(default_factory=dict)
    counted_at: datetime | None = None

    @property
    def too_few(self) -> bool:
        """Whether the error rate rests on too few calls."""
        return self.calls < FEW_CALLS


def errors_of(reference: str, heard: str) -> Errors:
    """Edits from what was said to what was heard."""
    sides = [[_plain(text), _plain(written(simplified(text)))] for text in (reference, heard)]
    pairs = zip(sides[0], sides[1], strict=True)
    return min((Errors(Levenshtein.distance(said, other), len(said)) for said, other in pairs), key=_share)


def errors_of_turns(reference: Iterable[Turn], heard: Iterable[Turn]) -> Errors:
    """Edits speaker by speaker, so that another order of turns that overlap is no error."""
    said, other = _by_speaker(reference), _by_speaker(heard)
    speakers = said.keys() | other.keys()
    return sum((errors_of(said.get(each, ""), other.get(each, "")) for each in sorted(speakers)), Errors())


def iso_week(moment: datetime, zone: ZoneInfo) -> str:
    year, week, _ = moment.astimezone(zone).isocalendar()
    return f"{year}-W{week:02d}"


def week_bounds(week: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """`[Monday, next Monday)` of `2026-W47`; ValueError for what is no week."""
    monday = date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    return datetime.combine(monday, time(), zone), datetime.combine(monday + timedelta(days=7), time(), zone)


async def errors_by_engine(session: AsyncSession, since: datetime, until: datetime) -> dict[str, tuple[int, Errors]]:
    """Engine → calls with a reference and their errors, for the calls recognised in `[since, until)`."""
    query = (
        select(Transcript.engine, Transcript.turns, Transcript.sensitive, Reference.turns)
        .join(Reference, Reference.call_uid == Transcript.call_uid)
        .where(Transcript.created_at >= since, Transcript.created_at < until)
    )
    counted: dict[str, tuple[int, Errors]] = {}
    for engine, heard, sensitive, said in await session.execute(query):
        calls, errors = counted.get(engine, (0, Errors()))
        counted[engine] = calls + 1, errors + errors_of_turns(_turns(said), covered(_turns(heard), sensitive))
    return counted


async def keep_weeks(session: AsyncSession, weeks: Iterable[Week], now: datetime) -> None:
    """Store counted weeks; counted again, the later count stands."""
    for each in weeks:
        values = {
            "calls": each.calls, "errors": each.errors.wrong, "characters": each.errors.said, "forms": each.forms,
            "fields": {name: [score.right, score.drafted, score.confirmed] for name, score in each.fields.items()},
            "counted_at": now,
        }  # fmt: skip
        made = insert(WeekFigures).values(week=each.week, engine=each.engine, **values)
        await session.execute(made.on_conflict_do_update(index_elements=["week", "engine"], set_=values))


async def weeks_since(session: AsyncSession, week: str) -> list[Week]:
    """Stored weeks from `week` on, in order of time and engine."""
    query = select(WeekFigures).where(WeekFigures.week >= week).order_by(WeekFigures.week, WeekFigures.engine)
    return [
        Week(
            row.week, row.engine, row.calls, Errors(row.errors, row.characters), row.forms,
            {name: Score(*counts) for name, counts in row.fields.items()}, row.counted_at,
        )
        for row in await session.scalars(query)
    ]  # fmt: skip


def _plain(text: str) -> str:
    return spoken(text).upper().replace("幺", "一")


def _share(errors: Errors) -> float:
    return errors.wrong / max(1, errors.said)


def _by_speaker(turns: Iterable[Turn]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for turn in turns:
        joined[turn.speaker] = joined.get(turn.speaker, "") + turn.text
    return joined


def _turns(rows: Sequence[Any]) -> tuple[Turn, ...]:
    return tuple(Turn.from_json(row) for row in rows)
