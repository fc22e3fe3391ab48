"""Whether repeated complaints are found among many, and how quickly.

    .venv/bin/python bench/repeats.py [--orders 200000] [--verbose]

`repeats.yaml` holds sheets of which some tell the same matter again. They are laid one after the other, by day, among
orders made of the everyday faults, streets and tariffs below, and each is looked up before it is laid down. `likely`
suggestions count: a repeat is found where the first of them is the right one. Half of the matters chose the thresholds
in `cases/repeats.py`, the other half is reported; which is which follows from their names.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import platform
import random
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import yaml
from psycopg.types.json import Json
from sqlalchemy import create_engine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this folder has a `transcribe` of its own

from cases.models import Order
from cases.repeat_grams import grams
from cases.repeats import Asked, Repeat, remember, repeats_of
from hotline.database import Database
from hotline.embedded import EmbeddedPostgres, libpq_url
from hotline.migrations.rooms import metadata
from hotline.models import User
from hotline.schema import create_all

START = datetime(2026, 6, 1, 9, tzinfo=UTC)
TEXTS = yaml.safe_load((Path(__file__).parent / "repeats.yaml").read_text("utf-8"))
EVERYDAY = TEXTS["everyday"]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=200_000)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder), durable=False) as server:
        engine = create_engine(server.url())
        assert metadata.tables
        with engine.begin() as connection:
            create_all(connection)
        engine.dispose()
        database = Database(server.url())
        owner = uuid4()
        async with database.transaction() as session:
            session.add(User(
                id=owner, login="b", name="B", role="recording_clerk", password_hash="x", seat=None, created_at=START,
            ))  # fmt: skip
        began = time.perf_counter()
        _fill(server.url(), options.orders, str(owner))
        print(f"machine: {platform.machine()}, Python {platform.python_version()}")
        print(f"{options.orders} orders over 180 days, laid in {time.perf_counter() - began:.0f} s")
        await _measure(database, owner, options.verbose)
        await database.close()


async def _measure(database: Database, owner: Any, verbose: bool) -> None:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    laid: dict[str, list[str]] = defaultdict(list)
    spent = []
    for number, sheet in enumerate(sorted(TEXTS["sheets"], key=lambda each: each["day"]), 1):
        at = START + timedelta(days=150 + sheet["day"], minutes=number)
        asked = Asked(_fields(sheet), sheet["caller"], at, f"call:sheet-{number}")
        began = time.perf_counter()
        async with database.transaction() as session:
            found = await repeats_of(session, asked, days=180)
        spent.append(time.perf_counter() - began)
        half = counts["tuning" if hashlib.sha256(sheet["matter"].encode()).digest()[0] % 2 else "reported"]
        _judge(half, found, laid[sheet["matter"]])
        if verbose:
            _tell(sheet, found, laid[sheet["matter"]])
        async with database.transaction() as session:
            laid[sheet["matter"]].append(await _lay(session, owner, number, asked))
    for name, half in sorted(counts.items()):
        likely, again = half["right"] + half["wrong"], half["repeats"]
        print(
            f"{name}: {again} repeats, {half['others']} others; likely ones right {half['right']} of {likely} "
            f"(precision {half['right'] / max(1, likely):.2f}), found {half['right']} of {again} "
            f"(recall {half['right'] / max(1, again):.2f}); shown at all {half['shown']} of {again}; "
            f"{half['more'] / max(1, again + half['others']):.1f} suggestions a call"
        )
    spent.sort()
    print(f"a lookup: median {1000 * spent[len(spent) // 2]:.0f} ms, slowest {1000 * spent[-1]:.0f} ms")


def _judge(half: dict[str, int], found: list[Repeat], before: list[str]) -> None:
    likely = [each for each in found if each.likely]
    half["repeats" if before else "others"] += 1
    half["more"] += len(found)
    half["shown"] += any(each.number in before for each in found)
    if likely:
        half["right" if likely[0].number in before else "wrong"] += 1


def _tell(sheet: dict[str, Any], found: list[Repeat], before: list[str]) -> None:
    print(f"{sheet['matter']} {sheet['happened']}")
    for each in found[:3]:
        mark = "*" if each.number in before else " "
        reasons = ", ".join(f"{reason.why}={reason.value}" for reason in each.reasons)
        print(f"  {mark} {each.score:.2f} {each.summary} [{reasons}]")


def _fields(sheet: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "complaint", "business": sheet["business"], "phone": None, "amount": sheet.get("amount"),
        "what_happened": sheet["happened"], "request": sheet["request"], "place": sheet.get("place"),
        "shop": sheet.get("shop"), "summary": sheet["happened"],
    }  # fmt: skip


async def _lay(session: Any, owner: Any, number: int, asked: Asked) -> str:
    order = Order(
        number=f"TS20261201-{number:04d}", kind="complaint", source=asked.source, call_uid=None, original=None,
        business=asked.fields["business"], nature=None, urgent=False, fields=dict(asked.fields), corrected=[],
        owner_id=owner, state="open", received_at=asked.at, created_at=asked.at, entry_due_at=asked.at,
        reply_due_at=asked.at,
    )  # fmt: skip
    session.add(order)
    await session.flush()
    await remember(session, order, asked.caller)
    return order.number


@cache
def _grams(piece: str) -> frozenset[int]:
    return grams(piece)


def _fill(url: str, orders: int, owner: str) -> None:
    """Everyday orders by COPY: what each says is put together from the lists above."""
    chance = random.Random(7)
    rows = list(itertools.islice(_everyday(chance), orders))
    with psycopg.connect(libpq_url(url)) as connection, connection.cursor() as cursor:
        columns = (
            "number, kind, source, business, urgent, fields, corrected, owner_id, state, received_at, created_at, "
            "entry_due_at, reply_due_at"
        )
        with cursor.copy(f"COPY orders ({columns}) FROM STDIN") as copy:
            for at, (when, fields, _, _) in enumerate(rows):
                copy.write_row((
                    f"TS0-{at}", "complaint", f"call:b-{at}", fields["business"], False, Json(fields), Json([]), owner,
                    "closed", when, when, when, when,
                ))  # fmt: skip
        with cursor.copy("COPY repeat_keys (order_number, received_at, numbers, grams) FROM STDIN") as copy:
            for at, (when, _, numbers, pairs) in enumerate(rows):
                copy.write_row((f"TS0-{at}", when, numbers, sorted(pairs)))
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE repeat_keys")
        connection.execute("ANALYZE orders")


def _everyday(chance: random.Random) -> Any:
    streets = [name + kind for name in EVERYDAY["names"] for kind in EVERYDAY["kinds"]]
    while True:
        business = chance.choice(list(EVERYDAY["faults"]))
        place = f"{chance.choice(streets)}{chance.randint(1, 300)}号" if chance.random() < 0.6 else None
        happened, asks = chance.choice(EVERYDAY["faults"][business]), chance.choice(EVERYDAY["endings"])
        extra = chance.choice(EVERYDAY["extras"])
        fields = {
            "kind": "complaint", "business": business, "what_happened": f"{happened}，{extra}", "request": asks,
            "place": place, "summary": happened,
            "amount": str(chance.randint(5, 300)) if chance.random() < 0.3 else None,
        }  # fmt: skip
        pairs = _grams(happened) | _grams(extra) | _grams(asks) | (grams(place) if place else frozenset())
        number = f"1{chance.choice('3578')}{chance.randint(0, 999_999_999):09d}"
        yield START + timedelta(seconds=chance.randint(0, 170 * 86400)), fields, [number], pairs


if __name__ == "__main__":
    asyncio.run(main())
