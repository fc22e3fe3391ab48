"""The daily draw in the database (D64), and the live quota of two a week (D65).

Every run is recorded with its seed and the calls it was drawn from, so that `verify_day` can repeat it. A day keeps its
first seed. Run again, it draws only what calls that arrived late have added to the share; what was drawn stays drawn.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from acd import monitoring
from hotline import audit
from hotline.settings import Settings
from qa.calls import bounds, rows_between
from qa.errors import DrawDiffers, QaError
from qa.models import Draw, Sample, ScoreCard
from qa.sampler import ALGORITHM, CALLS_A_WEEK, Row, draw, exact_rate, iso_week
from recordings import holds
from recordings.holds import HoldReason

_LOCK = 0x71615F64617900
"""Key of the advisory lock under which a day is drawn: two runs at once would both fill the same share."""


@dataclass(frozen=True, slots=True)
class SampleView:
    """One drawn call. `state` is `open` or `scored`."""

    id: UUID
    draw_id: UUID
    call_uid: str
    day: str
    business: str
    seat: str
    drawn_at: datetime
    state: str
    total: int | None = None
    fatal: bool | None = None


@dataclass(frozen=True, slots=True)
class RunView:
    """One recorded run of a day's draw: what somebody needs who wants to draw again."""

    day: str
    seed: int
    rate: float
    algorithm: str
    calls: int
    """Calls that were drawn from."""
    drawn_at: datetime
    drawn_by: str


@dataclass(frozen=True, slots=True)
class QuotaView:
    """Where one seat stands in one ISO week against the two inspected calls of D65."""

    seat: str
    week: str
    calls: int
    drawn: int
    scored: int
    heard: int = 0
    """Calls that were listened to live and are not in the sample as well (D65 counts them)."""

    @property
    def short(self) -> int:
        """Calls that still have to be inspected."""
        return max(0, CALLS_A_WEEK - self.scored - self.heard)

    @property
    def to_draw(self) -> int:
        """Calls that still have to be drawn before they can be inspected."""
        return max(0, CALLS_A_WEEK - self.drawn - self.heard)


async def draw_day(
    session: AsyncSession,
    day: str,
    *,
    settings: Settings,
    actor: str,
    now: datetime,
    role: str = "system",
    seed: int | None = None,
) -> tuple[SampleView, ...]:
    """Draw what is still missing of `settings.qa_rate` of one day's calls; returns what was drawn just now.

    `day` is YYYY-MM-DD in the centre's time zone. `seed` counts only for the first run of a day; None takes a random
    one. Safe to repeat: with no new calls nothing is drawn and nothing recorded.
    """
    start, end = bounds(_date(day), 1, settings.zone)
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    earlier = await _draws_of(session, day)
    known = {row.id: row for each in earlier for row in _population(each)}
    arrived = [row for row in await rows_between(session, start, end, settings.zone) if row.id not in known]
    if not arrived:
        return ()
    seed = earlier[0].seed if earlier else secrets.randbits(62) if seed is None else seed
    rate = exact_rate(settings.qa_rate)
    population = sorted([*known.values(), *arrived], key=lambda row: row.id)
    taken = await _drawn_ids(session, [each.id for each in earlier])
    by_id = {row.id: row for row in population}
    chosen = [by_id[each] for each in sorted(draw(population, rate, seed, taken).ids())]
    recorded = Draw(
        day=day, seed=seed, rate=float(rate), algorithm=ALGORITHM, drawn_at=now, drawn_by=actor,
        population=[[row.id, row.business, row.seat] for row in population],
    )  # fmt: skip
    session.add(recorded)
    await session.flush()
    samples = [
        Sample(draw_id=recorded.id, call_uid=row.id, day=day, business=row.business, seat=row.seat) for row in chosen
    ]
    session.add_all(samples)
    await session.flush()
    for sample in samples:
        await holds.hold(session, sample.call_uid, HoldReason.SAMPLE, str(sample.id), now)
    detail = {
        "seed": str(seed),
        "rate": float(rate),
        "population": len(population),
        "drawn": [row.id for row in chosen],
    }
    await audit.record(
        session, actor=actor, role=role, action="sample.draw", subject=day, detail=detail, now=now
    )  # the seed as text: JSON readers round whole numbers past 2**53
    return tuple(_view(sample, recorded, None) for sample in samples)


async def verify_day(session: AsyncSession, day: str) -> int:
    """Repeat every run of a day from its recorded seed and population; returns how many calls came out again.

    Raises DrawDiffers naming the calls, where the samples are not what the recorded runs draw.
    """
    runs = await _draws_of(session, day)
    if not runs:
        raise QaError(f"nothing was drawn for {day}; give a day of the sample list")
    taken: set[str] = set()
    for run in runs:
        if run.algorithm != ALGORITHM:
            raise QaError(f"{day} was drawn by {run.algorithm!r}; this program repeats {ALGORITHM!r} only")
        expected = draw(_population(run), run.rate, run.seed, taken).ids()
        stored = await _drawn_ids(session, [run.id])
        if stored != expected:
            raise DrawDiffers(
                f"the draw of {day} differs from its own seed and population: "
                f"added by hand {', '.join(sorted(stored - expected)) or 'none'}; "
                f"missing {', '.join(sorted(expected - stored)) or 'none'}"
            )
        taken |= stored
    return len(taken)


async def runs_of(session: AsyncSession, day: str) -> list[RunView]:
    """The recorded runs of a day, first to last."""
    return [
        RunView(run.day, run.seed, run.rate, run.algorithm, len(run.population), run.drawn_at, run.drawn_by)
        for run in await _draws_of(session, day)
    ]


async def list_samples(
    session: AsyncSession,
    *,
    day: str | None = None,
    seat: str | None = None,
    state: str | None = None,
    limit: int = 500,
) -> list[SampleView]:
    """Drawn calls, newest day first, optionally of one day, one seat or one state (`open`, `scored`)."""
    query = (
        select(Sample, Draw, ScoreCard)
        .join(Draw, Draw.id == Sample.draw_id)
        .outerjoin(ScoreCard, ScoreCard.sample_id == Sample.id)
        .order_by(Sample.day.desc(), Sample.business, Sample.call_uid)
        .limit(limit)
    )
    if day is not None:
        query = query.where(Sample.day == day)
    if seat is not None:
        query = query.where(Sample.seat == seat)
    if state == "open":
        query = query.where(ScoreCard.id.is_(None))
    elif state == "scored":
        query = query.where(ScoreCard.id.is_not(None))
    elif state is not None:
        raise QaError(f"no such state of a sample: {state!r}; use open or scored")
    return [_view(sample, run, card) for sample, run, card in (await session.execute(query))]


async def get_sample(session: AsyncSession, sample_id: UUID) -> SampleView | None:
    query = (
        select(Sample, Draw, ScoreCard)
        .join(Draw, Draw.id == Sample.draw_id)
        .outerjoin(ScoreCard, ScoreCard.sample_id == Sample.id)
        .where(Sample.id == sample_id)
    )
    found = (await session.execute(query)).first()
    return _view(*found) if found is not None else None


async def quota(session: AsyncSession, week: str, *, settings: Settings) -> list[QuotaView]:
    """Every seat that took calls in an ISO week (`2026-W47`, the centre's calendar), the shortest first."""
    try:
        monday = date.fromisoformat(f"{week}-1")
    except ValueError as error:
        raise QaError(f"{week!r} is not a week; write it as 2026-W47") from error
    start, end = bounds(monday, 7, settings.zone)
    calls = Counter(row.seat for row in await rows_between(session, start, end, settings.zone) if row.seat)
    days = [(monday + timedelta(days=each)).isoformat() for each in range(7)]
    query = (
        select(Sample.seat, func.count(), func.count(ScoreCard.id))
        .outerjoin(ScoreCard, ScoreCard.sample_id == Sample.id)
        .where(Sample.day.in_(days), Sample.seat != "")
        .group_by(Sample.seat)
    )
    inspected = {seat: (drawn, scored) for seat, drawn, scored in (await session.execute(query))}
    heard = await monitoring.heard_between(session, start, end)
    sampled = set(await session.scalars(select(Sample.call_uid).where(Sample.day.in_(days))))
    views = [
        QuotaView(seat, week, calls[seat], *inspected.get(seat, (0, 0)), len(heard.get(seat, frozenset()) - sampled))
        for seat in sorted({*calls, *inspected, *heard})
    ]
    return sorted(views, key=lambda each: (-each.short, -each.to_draw, each.seat))


def week_of(moment: datetime, settings: Settings) -> str:
    """The ISO week of a moment on the centre's calendar."""
    return iso_week(moment.astimezone(settings.zone).date().isoformat())


async def _draws_of(session: AsyncSession, day: str) -> list[Draw]:
    """The runs of a day in their order: each one's population holds the one's before."""
    runs = (await session.scalars(select(Draw).where(Draw.day == day))).all()
    return sorted(runs, key=lambda run: (len(run.population), run.drawn_at))


async def _drawn_ids(session: AsyncSession, draw_ids: list[UUID]) -> set[str]:
    return set(await session.scalars(select(Sample.call_uid).where(Sample.draw_id.in_(draw_ids))))


def _population(run: Draw) -> list[Row]:
    return [Row(uid, run.day, business, seat) for uid, business, seat in run.population]


def _view(sample: Sample, run: Draw, card: ScoreCard | None) -> SampleView:
    return SampleView(
        id=sample.id,
        draw_id=sample.draw_id,
        call_uid=sample.call_uid,
        day=sample.day,
        business=sample.business,
        seat=sample.seat,
        drawn_at=run.drawn_at,
        state="scored" if card else "open",
        total=card.total if card else None,
        fatal=card.fatal if card else None,
    )


def _date(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError as error:
        raise QaError(f"{day!r} is not a day; write it as 2026-11-21") from error
