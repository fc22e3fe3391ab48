"""Whatever is lost, doubled or late: no seat with two calls, no caller with two seats, nobody stranded.

`Dialplan` plays the contract of docker/asterisk/extensions.conf.j2 (epochs, fence, group count, milestones) on a fake
link, and loses, doubles and delays what it tells.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

import pytest

from hotline.database import Database
from tests.acd.fake_link import Sent
from tests.acd.floor_rig import until
from tests.acd.play import Play, playing

SEATS = ("8001", "8002", "8003", "8004")
RING_SECONDS = 0.4


@dataclass
class Caller:
    uid: str
    queued: str
    state: str = "waiting"
    seat: str = ""
    epoch: int = 0
    patience: float = 9e9


class Dialplan:
    """Asterisk's part: holds callers, rings seats, tells milestones (not always, not always once)."""

    def __init__(self, play: Play, rng: random.Random, *, lossy: bool) -> None:
        self.play, self.rng, self.lossy = play, rng, lossy
        self.callers: dict[str, Caller] = {}
        self.seat_calls: dict[str, str] = {}
        self.epochs: dict[str, int] = {}
        self.fence = 0
        self.answered: dict[str, str] = {}
        self.told_late: list[tuple[str, str, dict[str, str]]] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.faults: list[str] = []
        play.link.on_action = self.obey

    def tell(self, kind: str, caller: Caller, **other: str) -> None:
        facts = {"seat": caller.seat, "epoch": str(caller.epoch or ""), **other}
        self.show()
        fate = self.rng.random() if self.lossy else 1.0
        if fate < 0.03:
            return  # lost
        self.play.tell(kind, caller.uid, **facts)  # type: ignore[arg-type]
        if fate < 0.2:
            self.play.tell(kind, caller.uid, **facts)  # type: ignore[arg-type]
        if fate < 0.3:
            self.told_late.append((kind, caller.uid, facts))
        if self.told_late and self.rng.random() < 0.2:
            kind, uid, facts = self.told_late.pop(0)
            self.play.tell(kind, uid, **facts)  # type: ignore[arg-type]

    def show(self) -> None:
        """What `Status` would answer now."""
        self.play.channels(
            *(
                {
                    "Uniqueid": caller.uid, "HL_STATE": caller.state, "HL_QUEUED": caller.queued,
                    "HL_ENTERED": caller.queued, "HL_SEAT": caller.seat, "HL_EPOCH": str(caller.epoch or ""),
                }
                for caller in self.callers.values()
            )
        )  # fmt: skip

    def dial_in(self, uid: str) -> None:
        caller = Caller(uid, f"{self.play.clock.now().timestamp():.3f}")
        self.callers[uid] = caller
        self.tell("entered", caller)
        self.tell("queued", caller)
        if self.rng.random() < 0.15:
            self.spawn(self.hang_up_after(caller, self.rng.random() * 1.5))

    async def hang_up_after(self, caller: Caller, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.end(caller)

    def end(self, caller: Caller) -> None:
        if caller.uid not in self.callers:
            return
        del self.callers[caller.uid]
        if self.seat_calls.get(caller.seat) == caller.uid:
            del self.seat_calls[caller.seat]
        self.tell("ended", caller)
        self.play.link.emit("Hangup", {"Uniqueid": caller.uid})

    def obey(self, sent: Sent) -> None:
        if sent.name == "Setvar" and sent.headers["Variable"] == "ACD_FENCE":
            self.fence = int(sent.headers["Value"])
        self.play.link.refusals.pop("Redirect", None)
        if sent.name != "Redirect":
            return
        caller = self.callers.get(sent.headers["Channel"])
        if caller is None:
            self.play.link.refusals["Redirect"] = "Channel does not exist"
            return
        if caller.state == "talking":
            self.faults.append(f"{caller.uid} was redirected out of a conversation")
        seat, epoch, _ = sent.headers["Exten"].split("*")
        self.spawn(self.ring(caller, seat, int(epoch)))

    async def ring(self, caller: Caller, seat: str, epoch: int) -> None:
        await asyncio.sleep(self.rng.random() * 0.01)
        if caller.uid not in self.callers:
            return
        if caller.state == "ringing":
            self.faults.append(f"{caller.uid} is to ring {seat} while it rings {caller.seat}")
        caller.seat, caller.epoch = seat, epoch
        if caller.state != "waiting" or epoch <= self.epochs.get(seat, 0) or epoch < self.fence:
            self.tell("refused", caller, Detail="stale")
            return
        if seat in self.seat_calls:
            self.faults.append(f"{seat} has {self.seat_calls[seat]} and is to ring for {caller.uid}")
            self.tell("refused", caller, Detail="busy")
            return
        self.epochs[seat] = epoch
        self.seat_calls[seat] = caller.uid
        caller.state = "ringing"
        self.tell("ringing", caller)
        answers = self.rng.random() < 0.7
        await asyncio.sleep(self.rng.random() * 0.2 if answers else RING_SECONDS)
        if caller.uid not in self.callers:
            return
        if not answers:
            del self.seat_calls[seat]
            caller.state = "waiting"
            self.tell("returned", caller, Detail=self.rng.choice(["NOANSWER", "BUSY"]))
            return
        caller.state = "talking"
        self.answered[caller.uid] = seat
        self.tell("answered", caller)
        await asyncio.sleep(self.rng.random() * 0.4)
        self.end(caller)

    def spawn(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


@pytest.mark.parametrize(("seed", "lossy"), [(1, False), (2, True), (3, True)])
async def test_nobody_is_stranded_and_nobody_is_rung_twice(
    database: Database, seed: int, lossy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acd.hearing.HANGUP_GRACE_SECONDS", 0.3)
    monkeypatch.setattr("acd.offering.HOLD_SECONDS", 0.2)
    monkeypatch.setattr("acd.controller.LOOK_SECONDS", 1.0)
    rng = random.Random(seed)
    async with playing(
        database, *SEATS, wrap_up_seconds=0.05, ring_penalty_seconds=0.1, misses_before_away=1000
    ) as play:  # nobody here comes back from not answering
        play.controller.duty.lease = 1.5
        plan = Dialplan(play, rng, lossy=lossy)
        for number in range(40):
            plan.dial_in(f"n1-{seed}.{number}")
            await asyncio.sleep(rng.random() * 0.15)
            if seed == 2 and number in {12, 27}:
                play.link.go_down()
                await asyncio.sleep(0.3)
                plan.show()
                play.link.come_up()

        async def all_gone() -> bool:
            return not plan.callers

        await until(all_gone, 40, f"everybody served; {plan.callers} {play.controller!r}")
        assert plan.faults == []
        await play.becomes("SELECT count(*) FROM calls WHERE ended_at IS NULL", 0, 10)
        assert await play.one("SELECT count(*) FROM calls") == 40
        for extension in SEATS:
            await play.seat_is(extension, "ready", 10)
        rows = {call: await play.call(call) for call in plan.answered}
        if not lossy:
            assert {uid: row.seat for uid, row in rows.items() if row} == plan.answered
        assert await play.one("SELECT count(DISTINCT args) FROM procrastinate_jobs") == 40
