"""The wall's quick counts say the same as the day's figures, which are counted from the time lines (D9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acd import promise_day, record, today
from acd.events import CallEvent, Kind
from acd.record import Pending
from acd.words import Service
from hotline.database import Database

MIDNIGHT = datetime(2026, 11, 22, 16, tzinfo=UTC)
NOW = MIDNIGHT + timedelta(hours=2)
PROMISE = 15.0

MENU = st.one_of(st.none(), st.floats(0, 20))
"""Seconds until the caller stands in line; None for one who never does."""
END = st.sampled_from([None, Kind.ANSWERED, Kind.ENDED, Kind.VOICEMAIL])
CALLERS = st.lists(st.tuples(st.floats(1, 7000), MENU, st.floats(0, 40), END), min_size=1, max_size=12)


def told(number: int, entered: float, menu: float | None, waited: float, end: Kind | None) -> list[CallEvent]:
    """One caller's time line; what would be in the future has not happened."""
    uid = f"n1-{number}.1"

    def event(kind: Kind, after: float, **more: object) -> CallEvent:
        return CallEvent(uid, kind, MIDNIGHT + timedelta(seconds=round(entered + after, 3)), **more)  # type: ignore[arg-type]

    found = [event(Kind.ENTERED, 0)]
    if menu is None:
        return [*found, event(Kind.ENDED, 5)]
    found.append(event(Kind.QUEUED, menu, service=Service.COMPLAINT))
    match end:
        case Kind.ANSWERED:
            found += [
                event(Kind.ANSWERED, menu + waited, seat="8001", epoch=1),
                event(Kind.ENDED, menu + waited + 60),
            ]
        case Kind.ENDED:
            found.append(event(Kind.ENDED, menu + waited))
        case Kind.VOICEMAIL:
            found += [event(Kind.VOICEMAIL, menu + waited), event(Kind.ENDED, menu + waited + 30)]
    return [one for one in found if one.at <= NOW]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(callers=CALLERS)
async def test_both_ways_of_counting_agree(database: Database, callers: list[tuple[float, float, float, Kind]]) -> None:
    batch = [Pending(f"n1-{number}.1", set(told(number, *caller))) for number, caller in enumerate(callers)]
    async with database.transaction() as session:
        await record.write(session, batch, promise=PROMISE, now=NOW)
        slots = await today.slots(session, MIDNIGHT, MIDNIGHT, promise=PROMISE, now=NOW)
        waits = await promise_day.read_waits(session, MIDNIGHT, NOW + timedelta(seconds=1), limit=PROMISE, now=NOW)
        await session.rollback()
    total, figures = today.total(slots), promise_day.figures_of(waits, PROMISE)
    assert (total.entered, total.answered, total.kept) == (figures.asked, figures.all.answered, figures.all.kept)
    assert total.abandoned == figures.gave_up_in_time + figures.gave_up_late
    assert total.voicemail == figures.voicemail
    assert total.entered - total.decided <= figures.waiting
