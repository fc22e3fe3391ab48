"""Callers' marks are kept with call and seat, once, and averaged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acd import record, survey
from acd.events import CallEvent, Kind
from acd.record import Pending
from acd.survey import Mark, mark_of
from hotline.database import Database

ENTERED = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)


def talk(uid: str, seat: str, *details: str) -> Pending:
    """A call that `seat` answered and the caller marked, perhaps twice."""
    moments = [ENTERED + timedelta(seconds=number) for number in range(10)]
    events = {
        CallEvent(uid, Kind.ENTERED, moments[0], caller="13900000001"),
        CallEvent(uid, Kind.MENU, moments[0], detail="main:1"),
        CallEvent(uid, Kind.QUEUED, moments[1]),
        CallEvent(uid, Kind.RINGING, moments[2], seat, 1),
        CallEvent(uid, Kind.ANSWERED, moments[3], seat, 1),
        CallEvent(uid, Kind.TALKED, moments[4], seat),
        *(CallEvent(uid, Kind.SURVEY, moments[5 + n], seat, detail=detail) for n, detail in enumerate(details)),
    }
    return Pending(uid, events)


@pytest.mark.parametrize(
    ("detail", "mark"),
    [("4 of 5", Mark(4, 5)), ("10 of 10", Mark(10, 10)), ("6 of 5", None), ("0 of 5", None), ("", None), ("4", None)],
)
def test_only_marks_on_a_known_scale_count(detail: str, mark: Mark | None) -> None:
    assert mark_of(detail) == mark


async def test_marks_are_kept_once_and_averaged_by_seat_and_scale(database: Database) -> None:
    batch = [
        talk("n1-1.1", "8001", "5 of 5"),
        talk("n1-1.2", "8001", "2 of 5", "5 of 5"),
        talk("n1-1.3", "8001"),
        talk("n1-1.4", "8002", "10 of 10"),
        talk("n1-1.5", "8002", "nonsense"),
    ]
    for _ in range(2):  # the same again, as after a reconnect
        async with database.transaction() as session:
            await record.write(session, batch, promise=15, now=ENTERED)
    async with database.transaction() as session:
        marks = await survey.marks_by_seat(session, ENTERED, ENTERED + timedelta(days=1))
        answers = await survey.answers_of(session, ["n1-1.1", "n1-1.2", "n1-1.3"])
    assert [(each.seat, each.points, each.answers, each.average, each.talks) for each in marks] == [
        ("8001", 5, 2, 3.5, 3),
        ("8002", 10, 1, 10.0, 2),
    ]
    assert {uid: answer.mark for uid, answer in answers.items()} == {"n1-1.1": Mark(5, 5), "n1-1.2": Mark(2, 5)}
