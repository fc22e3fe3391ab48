"""What was typed into the search of recordings, read into a query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from acd import call_search
from acd.call_search import CallQuery
from acd.ledger import CallView
from cases.order_calls import calls_with_orders
from qa.sampled import sampled_since
from transcribe.search import LONGEST, calls_saying

PAGE = 50
USUAL = timedelta(days=7)
FARTHEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Looking:
    """The form as it was sent; every field may be empty."""

    since: str = ""
    until: str = ""
    number: str = ""
    seat: str = ""
    service: str = ""
    outcome: str = ""
    shortest: str = ""
    longest: str = ""
    order: str = ""
    sampled: str = ""
    words: str = ""
    page: int = 1

    def days(self, now: datetime, zone: ZoneInfo) -> tuple[date, date]:
        """First and last day, both included; the last week where nothing readable was sent."""
        today = now.astimezone(zone).date()
        last = _day(self.until) or today
        first = _day(self.since) or last - USUAL
        return max(min(first, last), last - FARTHEST), last

    def address(self, page: int) -> str:
        """Another page of the same search."""
        kept = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "page"}
        return f"/recordings?{urlencode({name: value for name, value in kept.items() if value} | {'page': page})}"


async def look(session: AsyncSession, asked: Looking, now: datetime, zone: ZoneInfo) -> tuple[list[CallView], int]:
    """One page of calls, and how many there are."""
    first, last = asked.days(now, zone)
    since = datetime.combine(first, time(), zone)
    until = datetime.combine(last + timedelta(days=1), time(), zone)
    only: set[str] | None = None
    without: set[str] = set()
    for wanted, calls in (
        (asked.order, calls_with_orders(session, since)),
        (asked.sampled, sampled_since(session, first.isoformat())),
    ):
        found = await calls
        if wanted == "yes":
            only = found if only is None else only & found
        elif wanted == "no":
            without |= found
    if asked.words.strip():
        said = set(await calls_saying(session, asked.words[:LONGEST], since=since))
        only = said if only is None else only & said
    query = CallQuery(
        since,
        until,
        number="".join(re.findall("[0-9]", asked.number))[:20],
        seat=asked.seat.strip()[:20],
        service=asked.service[:40],
        outcome=asked.outcome[:40],
        shortest=_seconds(asked.shortest),
        longest=_seconds(asked.longest),
        only=only,
        without=without,
    )
    return await call_search.search(session, query, limit=PAGE, offset=PAGE * (min(max(asked.page, 1), 10_000) - 1))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,6}", text.strip(), re.ASCII) else None
