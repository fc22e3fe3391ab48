"""How quickly callers are given seats: the indexed matcher beside a naive scan, from 20 to 20 000 seats.

    .venv/bin/python bench/assign.py [--seconds 1.0]

Half as many callers wait as there are seats. Two loads: *rush*, in which all of them are given a seat in one call of
`offers`, and *steady*, in which all seats are busy and each seat that becomes idle takes the best caller, whose place
in the queue is taken by a new one (one decision per `offers`). The peer is the obvious scan over every waiting caller
and every idle seat, in the same run.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import math
import os
import platform
import random
import time
from dataclasses import replace

from acd.assign import LEVELS, IdleSeat, Matcher, Offer, Rules, WaitingCaller, need_of
from acd.words import CustomerClass, Level, Service

SIZES = (20, 200, 2_000, 20_000)
RULES = Rules()


def make_seats(count: int, rng: random.Random) -> list[IdleSeat]:
    """Two to four services each at skill 1 to 5; one seat in ten is kept for key accounts, one in twenty learns."""
    levels = [Level.JUNIOR] * 7 + [Level.SENIOR] * 2 + [Level.CLERK]
    services = list(Service)
    seats: list[IdleSeat] = []
    for number in range(count):
        skills = {service: rng.randint(2, 5) for service in rng.sample(services, rng.randint(2, 4))}
        if rng.random() < 0.05:
            skills = dict.fromkeys(skills, 1)
        kept = frozenset({CustomerClass.KEY_ACCOUNT}) if rng.random() < 0.1 else frozenset()
        seats.append(IdleSeat(f"{8000 + number}", rng.choice(levels), skills, rng.random(), kept))
    return seats


def make_caller(number: int, now: float, rng: random.Random) -> WaitingCaller:
    important = rng.random() < 0.1
    service = rng.choice(list(Service))
    customer_class = CustomerClass.KEY_ACCOUNT if important else CustomerClass.ORDINARY
    return WaitingCaller(f"n1-{number}", service, now, 2 if important else 0, important, customer_class=customer_class)


def naive_seat_for(caller: WaitingCaller, seats: list[IdleSeat], now: float) -> IdleSeat | None:
    order = LEVELS[need_of(caller, now, RULES)]
    wide = now >= caller.queued_at + RULES.any_seat_seconds

    def good(seat: IdleSeat) -> bool:
        known = seat.skills[caller.service] >= RULES.skill_wanted
        return known and (not seat.classes or caller.customer_class in seat.classes)

    def rank(seat: IdleSeat) -> tuple[bool, int, int, float, str]:
        skill = seat.skills[caller.service]
        return not good(seat), order.index(seat.level), -skill, seat.idle_since, seat.extension

    fitting = [seat for seat in seats if caller.service in seat.skills and seat.level in order and (wide or good(seat))]
    return min(fitting, key=rank, default=None)


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
    matcher = Matcher(RULES)
    for turn in range(-1, repeats):
        for seat in make_seats(size, rng):
            matcher.add_seat(seat)
        matcher.offers(0.0)
        for number in range(size // 2):
            matcher.add_caller(make_caller(number, rng.random() * 60, rng))
        started = time.process_time()
        offers = len(matcher.offers(90.0))
        if turn >= 0:  # the first fills what a matcher knows of its floor
            spent += time.process_time() - started
            made += offers
        for number in range(size // 2):
            matcher.remove_caller(f"n1-{number}")
    return spent, made


def steady(size: int, seconds: float) -> tuple[float, int, list[float]]:
    """Seconds, decisions, and seconds of each: a seat becomes idle and the best caller gets it; a new one queues.

    Blocks of turns are prepared first; every other block is timed as a whole (throughput, a new caller's queueing
    included), the blocks between turn by turn (latency of the decision).
    """
    rng = random.Random(size)
    matcher = Matcher(RULES)
    seats = make_seats(size, rng)
    for seat in seats:  # a controller has read the whole floor before it offers anything
        matcher.add_seat(seat)
        matcher.remove_seat(seat.extension)
    now, number = 1000.0, size // 2
    for each in range(number):
        matcher.add_caller(make_caller(each, now + each * 1e-3, rng))
    took: list[float] = []
    spent, made = 0.0, 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        turns: list[tuple[float, IdleSeat, WaitingCaller]] = []
        for _ in range(2_000):
            now += 0.001
            number += 1
            seat = seats[rng.randrange(size)]
            turns.append((now, replace(seat, idle_since=now), make_caller(number, now, rng)))
        started = time.process_time()
        for moment, idle, caller in turns[:1_000]:
            matcher.add_seat(idle)
            offers = matcher.offers(moment)
            if offers:
                made += 1
                matcher.add_caller(caller)
        spent += time.process_time() - started
        clock = time.perf_counter
        for moment, idle, caller in turns[1_000:]:
            began = clock()
            matcher.add_seat(idle)
            offers = matcher.offers(moment)
            if offers:
                took.append(clock() - began)
                matcher.add_caller(caller)
    return spent, made, took


def naive_steady(size: int, seconds: float) -> tuple[float, int]:
    rng = random.Random(size)
    seats = make_seats(size, rng)
    waiting = {f"n1-{number}": make_caller(number, number * 1e-3, rng) for number in range(size // 2)}
    spent, made, now, number = 0.0, 0, 1000.0, size
    while spent < seconds:
        now += 0.001
        seat = rng.choice(seats)
        started = time.process_time()
        offer = naive_offer(waiting, [seat], now)
        spent += time.process_time() - started
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
    started, made = time.process_time(), 0
    for caller in waiting:
        seat = naive_seat_for(caller, seats, 90.0)
        if seat is not None:
            seats.remove(seat)
            made += 1
        if time.process_time() - started > seconds:
            break
    return time.process_time() - started, made


def percentile(values: list[float], share: float) -> float:
    """In microseconds."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))] * 1e6


def per_second(work: tuple[float, int]) -> float:
    spent, made = work
    return made / spent if spent else math.inf


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each load runs")
    seconds = parser.parse_args().seconds
    print(f"machine: {machine()}; load {os.getloadavg()[0]:.1f}")
    print("decisions per second of processor time; p50 and p99 in microseconds of the clock")
    print(f"{'':>14} | {'all at once':^28} | {'one by one':^45}")
    columns = f"{'decisions/s':>11} {'scan':>8} {'ratio':>7}"
    print(f"{'seats':>6} {'waiting':>7} | {columns} | {columns} {'p50':>7} {'p99':>7}")
    costs: dict[str, list[float]] = {"all at once": [], "one by one": []}
    gc.collect()
    gc.freeze()
    for size in SIZES:
        at_once = per_second(rush(size, max(3, 40_000 // size)))
        peer_at_once = per_second(naive_rush(size, seconds))
        spent, made, took = steady(size, seconds)
        by_one = per_second((spent, made))
        peer_by_one = per_second(naive_steady(size, seconds))
        costs["all at once"].append(1 / at_once)
        costs["one by one"].append(1 / by_one)
        figures = f"{at_once:>11,.0f} {peer_at_once:>8,.0f} {at_once / peer_at_once:>6.1f}x"
        figures += f" | {by_one:>11,.0f} {peer_by_one:>8,.0f} {by_one / peer_by_one:>6.1f}x"
        print(f"{size:>6} {size // 2:>7} | {figures} {percentile(took, 0.5):>7.2f} {percentile(took, 0.99):>7.2f}")
    allowed = math.log2(SIZES[-1]) / math.log2(SIZES[0])
    for load, cost in costs.items():
        print(
            f"{load}: a decision at {SIZES[-1]} seats costs x{cost[-1] / cost[0]:.2f} of one at {SIZES[0]}; "
            f"log n allows x{allowed:.2f}"
        )


def machine() -> str:
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
