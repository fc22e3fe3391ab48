"""How quickly callers are given seats: the indexed matcher beside a naive scan, from 20 to 20 000 seats.

    .venv/bin/python bench/assign.py [--seconds 1.0]

Half as many callers wait as there are seats. Two loads: *rush*, in which all of them are given a seat in one call of
`offers`, and *steady*, in which all seats are busy and each seat that becomes idle takes the best caller, whose place
in the queue is taken by a new one (one decision per `offers`). The peer is the obvious scan over every waiting caller
and every idle seat, in the same run.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import platform
import random
import time
from collections.abc import Callable

from acd.assign import LEVELS, IdleSeat, Matcher, Need, Offer, Rules, WaitingCaller
from acd.words import Level, Service

SIZES = (20, 200, 2_000, 20_000)
RULES = Rules()


def make_seats(count: int, rng: random.Random) -> list[IdleSeat]:
    levels = [Level.JUNIOR] * 7 + [Level.SENIOR] * 2 + [Level.CLERK]
    services = list(Service)
    return [
        IdleSeat(f"{8000 + n}", rng.choice(levels), frozenset(rng.sample(services, rng.randint(2, 4))), rng.random())
        for n in range(count)
    ]


def make_caller(number: int, now: float, rng: random.Random) -> WaitingCaller:
    important = rng.random() < 0.1
    service = rng.choice(list(Service))
    return WaitingCaller(f"n1-{number}", service, now, 2 if important else 0, important)


def naive_seat_for(caller: WaitingCaller, seats: list[IdleSeat], now: float) -> IdleSeat | None:
    relaxed = now >= caller.queued_at + RULES.senior_only_seconds
    need = Need.ANY if not caller.senior else Need.SENIOR_FIRST if relaxed else Need.SENIOR
    order = LEVELS[need]
    fitting = [seat for seat in seats if caller.service in seat.skills and seat.level in order]
    return min(fitting, key=lambda seat: (order.index(seat.level), seat.idle_since, seat.extension), default=None)


def naive_key(caller: WaitingCaller) -> tuple[float, str]:
    return caller.queued_at - caller.priority * RULES.ageing_seconds, caller.uid


def naive_offer(waiting: dict[str, WaitingCaller], seats: list[IdleSeat], now: float) -> Offer | None:
    """Scan callers best first until one fits a seat."""
    best: tuple[tuple[float, str], IdleSeat] | None = None
    for caller in waiting.values():
        if best is not None and naive_key(caller) >= best[0]:
            continue
        seat = naive_seat_for(caller, seats, now)
        if seat is not None:
            best = (naive_key(caller), seat)
    return None if best is None else Offer(best[0][1], best[1].extension)


def rush(size: int, repeats: int) -> tuple[float, int]:
    """Seconds spent in `offers` and offers made when half as many callers as seats wait at once."""
    rng = random.Random(size)
    spent, made = 0.0, 0
    for _ in range(repeats):
        matcher = Matcher(RULES)
        for seat in make_seats(size, rng):
            matcher.add_seat(seat)
        for number in range(size // 2):
            matcher.add_caller(make_caller(number, rng.random() * 60, rng))
        started = time.perf_counter()
        made += len(matcher.offers(90.0))
        spent += time.perf_counter() - started
    return spent, made


def steady(size: int, seconds: float) -> list[float]:
    """Seconds of each decision: a seat becomes idle, the best caller gets it, and a new caller queues."""
    rng = random.Random(size)
    matcher = Matcher(RULES)
    seats = make_seats(size, rng)
    now = 1000.0
    for number in range(size // 2):
        matcher.add_caller(make_caller(number, now + number * 1e-3, rng))
    fresh = [make_caller(number, 0.0, rng) for number in range(size, size + 20_000)]
    order = [rng.randrange(size) for _ in range(20_000)]
    took: list[float] = []
    clock = time.perf_counter
    end, turn = clock() + seconds, 0
    while clock() < end:
        now += 0.001
        model, seat = fresh[turn % len(fresh)], seats[order[turn % len(order)]]
        idle = IdleSeat(seat.extension, seat.level, seat.skills, now)
        caller = WaitingCaller(f"{model.uid}.{turn}", model.service, now, model.priority, model.senior)
        turn += 1
        started = clock()
        matcher.add_seat(idle)
        offers = matcher.offers(now)
        spent = clock() - started
        if offers:
            took.append(spent)
            matcher.add_caller(caller)
    return took


def naive_steady(size: int, seconds: float) -> tuple[float, int]:
    rng = random.Random(size)
    seats = make_seats(size, rng)
    waiting = {f"n1-{number}": make_caller(number, number * 1e-3, rng) for number in range(size // 2)}
    spent, made, now, number = 0.0, 0, 1000.0, size
    while spent < seconds:
        now += 0.001
        seat = rng.choice(seats)
        started = time.perf_counter()
        offer = naive_offer(waiting, [seat], now)
        spent += time.perf_counter() - started
        if offer is not None:
            made += 1
            del waiting[offer.uid]
            number += 1
            caller = make_caller(number, now, rng)
            waiting[caller.uid] = caller
    return spent, made


def naive_rush(size: int, seconds: float) -> tuple[float, int]:
    """The scan over all idle seats for each caller in turn; stops after `seconds`."""
    rng = random.Random(size)
    seats = make_seats(size, rng)
    waiting = sorted((make_caller(number, rng.random() * 60, rng) for number in range(size // 2)), key=naive_key)
    started, made = time.perf_counter(), 0
    for caller in waiting:
        seat = naive_seat_for(caller, seats, 90.0)
        if seat is not None:
            seats.remove(seat)
            made += 1
        if time.perf_counter() - started > seconds:
            break
    return time.perf_counter() - started, made


def percentile(values: list[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


def per_second(work: Callable[[], tuple[float, int]]) -> float:
    spent, made = work()
    return made / spent if spent else math.inf


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each steady load runs")
    seconds = parser.parse_args().seconds
    print(
        f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    print("peer: a scan of every waiting caller and idle seat")
    header = f"{'seats':>6} {'waiting':>7} | {'rush/s':>9} {'scan/s':>9} {'ratio':>7} | "
    print(header + f"{'steady/s':>9} {'p50 us':>7} {'p99 us':>7} {'scan/s':>9} {'ratio':>7}")
    steady_means: dict[int, float] = {}
    gc.collect()
    gc.freeze()
    for size in SIZES:
        rushed = per_second(lambda size=size: rush(size, max(3, 20_000 // size)))  # type: ignore[misc]
        scanned = per_second(lambda size=size: naive_rush(size, seconds))  # type: ignore[misc]
        took = steady(size, seconds)
        steady_means[size] = sum(took) / len(took)
        steadily = 1 / steady_means[size]
        peer = per_second(lambda size=size: naive_steady(size, seconds))  # type: ignore[misc]
        print(
            f"{size:>6} {size // 2:>7} | {rushed:>9,.0f} {scanned:>9,.0f} {rushed / scanned:>6.1f}x | {steadily:>9,.0f} "
            f"{percentile(took, 0.5) * 1e6:>7.2f} {percentile(took, 0.99) * 1e6:>7.2f} {peer:>9,.0f} {steadily / peer:>6.1f}x"
        )
    grown = steady_means[SIZES[-1]] / steady_means[SIZES[0]]
    allowed = math.log2(SIZES[-1]) / math.log2(SIZES[0])
    print(f"cost of a decision from {SIZES[0]} to {SIZES[-1]} seats: x{grown:.2f} (log n would be x{allowed:.2f})")


if __name__ == "__main__":
    main()
