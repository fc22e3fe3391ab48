"""Whether somebody complained of this before, within the last months: by number, and by what is said (D16, D50).

Every order leaves its numbers and the sounds of its words in an index as it is made. A new draft is looked up twice:
orders of its calling or contact number, and orders that share its rarest pairs of syllables. Those few are weighed
here, each with the reasons that a clerk reads. Nothing is linked by itself: a clerk picks the original.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from acd.customers import plain_number
from cases.models import Order
from cases.repeat_grams import covered, grams, likeness, weight, words_of
from cases.repeat_models import RepeatKey

SHOWN_FROM = 0.35
"""Score from which an order is worth a clerk's look. Chosen on the tuning half of `bench/repeats.py`."""
LIKELY = 0.53
"""Score from which it is probably the same matter; below, it may be another one of the same caller."""
ALIKE = 0.3
"""Likeness of the words from which they are a reason of their own; chosen there too."""
_LOOKED_AT = 120
_EXPECTED = 4_000
"""Orders that the rare pairs of one lookup may bring together, so that it stays quick over years of orders."""
_LEAST_PAIRS = 6
_MOST_PAIRS = 24
_SAMPLE = 2_000
_CATCH_UP = 500


class Why(StrEnum):
    """A reason to take an order for the same matter."""

    CALLING_NUMBER = "calling_number"
    CONTACT_NUMBER = "contact_number"
    WORDS = "words"
    PLACE = "place"
    SHOP = "shop"
    AMOUNT = "amount"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Reason:
    why: Why
    value: str = ""
    """What both have: the place, the shop, the amount; of words how like they are, in percent."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """An earlier order that a new complaint may repeat."""

    number: str
    first: str
    """The order to supplement: the one that this order itself supplements, if it does (D16)."""
    kind: str
    business: str
    nature: str | None
    state: str
    received_at: datetime
    days_ago: int
    summary: str
    reasons: tuple[Reason, ...]
    score: float
    """0…1; see `weigh`."""
    times: int = 1
    """How many orders about this matter were found, of which this is the likeliest."""

    @property
    def likely(self) -> bool:
        return self.score >= LIKELY


@dataclass(frozen=True, slots=True)
class Asked:
    """A new complaint as it is looked up: the draft's or the form's fields."""

    fields: Mapping[str, Any]
    caller: str
    at: datetime
    source: str = ""
    """`call:<uid>` or `text:<id>` of the new complaint, so that it does not find itself."""


@dataclass(frozen=True, slots=True)
class _Frequencies:
    """How many orders have a pair of syllables, as a share; a pair that is not listed is as rare as `rare`."""

    listed: Mapping[int, float]
    rare: float
    orders: int

    def of(self, pair: int) -> float:
        return self.listed.get(pair, self.rare)


async def remember(session: AsyncSession, order: Order, caller: str) -> None:
    """Put an order into the index; again, it replaces."""
    values = {
        "received_at": order.received_at,
        "numbers": numbers_of(caller, order.fields),
        "grams": sorted(grams(words_of(order.fields))),
    }
    made = insert(RepeatKey).values(order_number=order.number, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["order_number"], set_=values))


async def catch_up(session: AsyncSession, limit: int = _CATCH_UP) -> int:
    """Index orders that were made before there was an index, newest first; how many."""
    unknown = select(RepeatKey.order_number).where(RepeatKey.order_number == Order.number).exists()
    query = select(Order).where(~unknown).order_by(Order.received_at.desc()).limit(limit)
    orders = list(await session.scalars(query))
    for order in orders:
        call = await ledger.get_call(session, order.call_uid) if order.call_uid else None
        await remember(session, order, call.caller if call is not None else "")
    return len(orders)


async def repeats_of(session: AsyncSession, asked: Asked, *, days: int, limit: int = 8) -> list[Repeat]:
    """Orders of the last `days` that this may be about, best first."""
    numbers = numbers_of(asked.caller, asked.fields)
    pairs = grams(words_of(asked.fields))
    shares = await _frequencies(session, pairs)
    since = asked.at - timedelta(days=days)
    by_number = await _keys(session, asked, since, RepeatKey.numbers.overlap(numbers)) if numbers else []
    rare = _rarest(pairs, shares)
    by_words = await _sharing(session, asked, since, rare, shares) if rare else []
    keys = {key.order_number: key for key in (*by_number, *by_words)}
    orders = await session.scalars(select(Order).where(Order.number.in_(keys)))
    weights = {pair: weight(share) for pair, share in shares.listed.items()}
    found = []
    for order in orders:
        key = keys[order.number]
        alike = likeness(pairs, key.grams, weights, weight(shares.rare))
        reasons, score = weigh(asked, order, key.numbers, alike)
        if score >= SHOWN_FROM and order.source != asked.source:
            found.append(_repeat(asked, order, reasons, score))
    best: dict[str, Repeat] = {}
    for each in sorted(found, key=lambda each: (-each.score, each.days_ago, each.number)):
        kept = best.get(each.first)
        best[each.first] = each if kept is None else replace(kept, times=kept.times + 1)
    return list(best.values())[:limit]


def weigh(asked: Asked, order: Order, numbers: Iterable[str], alike: float) -> tuple[tuple[Reason, ...], float]:
    """The reasons and their score. Pure. `alike` is the likeness of the words.

    Each reason takes its share of the doubt that the others left. Another business type or kind halves the score where
    no number speaks for it: the same street has a broken line and a dear broadband.
    """
    fields = order.fields
    known = set(numbers)
    reasons: list[Reason] = []
    doubt = 1.0
    calling, contact = plain_number(asked.caller), plain_number(str(asked.fields.get("phone") or ""))
    if calling and calling in known:
        reasons.append(Reason(Why.CALLING_NUMBER, calling))
        doubt *= 0.55
    elif contact and contact in known:
        reasons.append(Reason(Why.CONTACT_NUMBER, contact))
        doubt *= 0.55
    same_caller = bool(reasons)
    if alike >= ALIKE:
        reasons.append(Reason(Why.WORDS, str(round(100 * alike))))
    doubt *= 1 - alike
    for name, why, gain in (("place", Why.PLACE, 0.25), ("shop", Why.SHOP, 0.2)):
        mine, theirs = str(asked.fields.get(name) or ""), str(fields.get(name) or "")
        if mine and theirs and _same_place(mine, theirs):
            reasons.append(Reason(why, theirs))
            doubt *= 1 - gain
    if asked.fields.get("amount") and asked.fields.get("amount") == fields.get("amount"):
        reasons.append(Reason(Why.AMOUNT, str(fields["amount"])))
        digits = str(fields["amount"]).replace(".", "").strip("0")
        doubt *= 0.7 if len(digits) >= 3 else 0.85  # two callers claim 20 yuan every day, hardly two claim 3260
    same_matter = asked.fields.get("business") == order.business and asked.fields.get("kind") == order.kind
    if same_matter and reasons:
        reasons.append(Reason(Why.BUSINESS, order.business))
        doubt *= 0.9
    score = 1 - doubt
    return tuple(reasons), score if same_matter or same_caller else score / 2


def _same_place(mine: str, theirs: str) -> bool:
    """Told with or without its house number; a name of two or three characters is part of too many others."""
    if min(len(mine), len(theirs)) < 4:
        return mine == theirs
    return max(covered(mine, theirs), covered(theirs, mine)) >= 0.7


def numbers_of(caller: str, fields: Mapping[str, Any]) -> list[str]:
    """The numbers that a complaint is known by, digits alone, without those too short to be one line's."""
    plain = {plain_number(each) for each in (caller, str(fields.get("phone") or "")) if each}
    return sorted(each for each in plain if len(each) >= 7 and each.isascii() and each.isdigit())


def _repeat(asked: Asked, order: Order, reasons: tuple[Reason, ...], score: float) -> Repeat:
    return Repeat(
        number=order.number,
        first=order.original or order.number,
        kind=order.kind,
        business=order.business,
        nature=order.nature,
        state=order.state,
        received_at=order.received_at,
        days_ago=max(0, (asked.at - order.received_at).days),
        summary=str(order.fields.get("what_happened") or order.fields.get("summary") or ""),
        reasons=reasons,
        score=round(score, 2),
    )


def _rarest(pairs: Iterable[int], shares: _Frequencies) -> list[int]:
    """The rarest pairs, as many as bring `_EXPECTED` orders together, six at least: few words are all common ones."""
    chosen: list[int] = []
    expected = 0.0
    for pair in sorted(pairs, key=lambda each: (shares.of(each), each)):
        expected += shares.of(pair) * shares.orders
        if len(chosen) >= _MOST_PAIRS or (len(chosen) >= _LEAST_PAIRS and expected > _EXPECTED):
            break
        chosen.append(pair)
    return chosen


async def _keys(session: AsyncSession, asked: Asked, since: datetime, condition: Any) -> Sequence[RepeatKey]:
    query = select(RepeatKey).where(RepeatKey.received_at >= since, RepeatKey.received_at < asked.at, condition)
    return (await session.scalars(query.order_by(RepeatKey.received_at.desc()).limit(_LOOKED_AT))).all()


_SHARING = text(
    """
SELECT k.order_number, k.received_at, k.numbers, k.grams
FROM repeat_keys k,
     LATERAL (SELECT sum(r.w) AS shared FROM unnest(CAST(:rare AS int[]), CAST(:weights AS float8[])) AS r(g, w)
              WHERE r.g = ANY(k.grams)) AS s
WHERE k.grams && CAST(:rare AS int[]) AND k.received_at >= :since AND k.received_at < :until
ORDER BY s.shared DESC, k.received_at DESC
LIMIT :most
"""
).columns(RepeatKey.order_number, RepeatKey.received_at, RepeatKey.numbers, RepeatKey.grams)


async def _sharing(
    session: AsyncSession, asked: Asked, since: datetime, rare: Sequence[int], shares: _Frequencies
) -> Sequence[RepeatKey]:
    """The orders that have most of the rare pairs."""
    weights = [weight(shares.of(pair)) for pair in rare]
    given = {"rare": list(rare), "weights": weights, "since": since, "until": asked.at, "most": _LOOKED_AT}
    return (await session.scalars(select(RepeatKey).from_statement(_SHARING), given)).all()


_STATISTICS = text(
    """
SELECT most_common_elems::text::int[] AS pairs, most_common_elem_freqs AS shares
FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'repeat_keys' AND attname = 'grams'
"""
)
_ORDERS = text("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'repeat_keys'::regclass")


async def _frequencies(session: AsyncSession, pairs: frozenset[int]) -> _Frequencies:
    """How common pairs are: from PostgreSQL's own statistics, or counted over the newest orders while it has none."""
    row = (await session.execute(_STATISTICS)).one_or_none()
    orders = int((await session.execute(_ORDERS)).scalar_one())
    if row is not None and row.pairs and orders > _SAMPLE:
        listed = dict(zip(row.pairs, row.shares, strict=False))
        return _Frequencies(listed, min(listed.values()) / 2, orders)
    newest = select(RepeatKey.grams).order_by(RepeatKey.received_at.desc()).limit(_SAMPLE).subquery()
    counted = select(func.unnest(newest.c.grams).label("pair")).subquery()
    query = select(counted.c.pair, func.count()).where(counted.c.pair.in_(pairs)).group_by(counted.c.pair)
    size = int((await session.execute(select(func.count()).select_from(newest))).scalar_one())
    counts = {pair: int(count) for pair, count in await session.execute(query)}
    # As if twenty more orders had been seen, so that in a small centre no word tells everything.
    shares = {pair: (counts.get(pair, 0) + 0.5) / (size + 20) for pair in pairs}
    return _Frequencies(shares, 0.5 / (size + 20), size)
