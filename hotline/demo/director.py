"""Tells the demo's story: seats register and pick up; callers dial in, speak, wait, give up or leave messages.

Everything goes over SIP and RTP; the director only knows who is on the telephone with whom (a seat sees the caller's
number on its display) so that the two take turns in speaking.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from hotline.demo.cast import Behaviour, CallerPart, SeatPart, as_wav
from hotline.demo.softphone import Softphone, SoftphoneError, open_softphone

NUMBER = re.compile(r"<?sips?:(?P<number>[^@>;]*)@")


@dataclass(frozen=True)
class Pace:
    """Seconds of human hesitation."""

    before_key: float
    """From the answer by the hotline to the key: the notice and the menu are heard first."""
    pick_up: float = 1.5
    patience: float = 5.0
    """How long the caller who gives up waits in the queue."""
    before_message: float = 4.0
    """From the key that asks for the message box to the first word: its prompt is heard first."""
    longest_wait: float = 100.0


@dataclass
class Encounter:
    """A seat and a caller who have found each other."""

    seat: SeatPart
    phone: Softphone


@dataclass
class Stage:
    """What the parts share: who is waited for, who talks, and where lines lie as WAV files."""

    domain: str
    access_number: str
    pace: Pace
    wav_folder: Path
    say: Callable[[str], None]
    meetings: dict[str, asyncio.Future[Encounter]] = field(default_factory=dict)
    over: dict[str, asyncio.Event] = field(default_factory=dict)
    to_ignore: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    """What went otherwise than the story; the report decides whether a call is unaccounted for."""


async def play_seat(stage: Stage, part: SeatPart, phone: Softphone) -> None:
    """Pick up whatever rings, talk, and go on until cancelled."""
    while True:
        incoming = await phone.wait_for("incoming", timeout=3600)
        found = NUMBER.search(str(incoming.facts["remote"]))
        number = found["number"] if found else ""
        if number in stage.to_ignore:
            stage.to_ignore.discard(number)
            stage.say(f"座席 {part.seat} 未接 · seat lets it ring")
            await phone.wait_for("disconnected", timeout=60)
            continue
        await asyncio.sleep(stage.pace.pick_up)
        await phone.tell("answer")
        event = await phone.wait_for("confirmed", "disconnected", timeout=10)
        if event.name == "disconnected":
            continue
        stage.say(f"座席 {part.seat} 接听 · answered")
        meeting = stage.meetings.get(number)
        if meeting is not None and not meeting.done():
            meeting.set_result(Encounter(part, phone))
            await stage.over[number].wait()
        else:  # somebody outside the cast has dialled in: keep the line until they hang up
            await phone.wait_for("disconnected", timeout=600)


async def play_caller(stage: Stage, part: CallerPart) -> None:
    """One call from dialling to hanging up."""
    meeting: asyncio.Future[Encounter] = asyncio.get_running_loop().create_future()
    stage.meetings[part.number] = meeting
    stage.over[part.number] = asyncio.Event()
    if part.behaviour is Behaviour.IGNORED_ONCE:
        stage.to_ignore.add(part.number)
    try:
        async with open_softphone(part.number, stage.domain) as phone:
            await phone.call(stage.access_number)
            stage.say(f"来电 {part.id} 已接入 · in the menu")
            await asyncio.sleep(stage.pace.before_key)
            await phone.tell("keys", keys=part.keys)
            await _after_the_key(stage, part, phone, meeting)
    except (SoftphoneError, TimeoutError) as error:
        stage.failures.append(f"{part.id}: {error}")
    finally:
        stage.over[part.number].set()


async def _after_the_key(stage: Stage, part: CallerPart, phone: Softphone, meeting: asyncio.Future[Encounter]) -> None:
    match part.behaviour:
        case Behaviour.HANG_UP_WAITING:
            await asyncio.sleep(stage.pace.patience)
            stage.say(f"来电 {part.id} 放弃等待 · hangs up")
            await phone.tell("hangup")
        case Behaviour.LEAVE_MESSAGE:
            await asyncio.sleep(stage.pace.patience)
            await phone.tell("keys", keys="1")
            await asyncio.sleep(stage.pace.before_message)
            stage.say(f"来电 {part.id} 留言 · leaves a message")
            for line in part.lines:
                await phone.speak(as_wav(line, stage.wav_folder))
            await asyncio.sleep(1)
            await phone.tell("hangup")
        case Behaviour.TALK | Behaviour.IGNORED_ONCE:
            async with asyncio.timeout(stage.pace.longest_wait):
                encounter = await meeting
            await _converse(stage, part, phone, encounter)
            return
    await phone.wait_for("disconnected", timeout=10)


async def _converse(stage: Stage, part: CallerPart, phone: Softphone, encounter: Encounter) -> None:
    """Seat and caller speak in turns, the seat first and last; then the caller hangs up."""
    seat_lines: Sequence[Path] = [as_wav(line, stage.wav_folder) for line in encounter.seat.lines]
    caller_lines = [as_wav(line, stage.wav_folder) for line in part.lines]
    await encounter.phone.speak(seat_lines[0])
    for number, line in enumerate(caller_lines):
        await asyncio.sleep(0.4)
        if not await phone.speak(line):
            break
        await asyncio.sleep(0.4)
        last = number == len(caller_lines) - 1
        reply = seat_lines[-1] if last else seat_lines[1 + number % max(1, len(seat_lines) - 2)]
        if not await encounter.phone.speak(reply):
            break
    stage.say(f"来电 {part.id} 通话结束 · hangs up")
    await phone.tell("hangup")
    await encounter.phone.wait_for("disconnected", "gone", timeout=10)


async def open_seats(
    stack: AsyncExitStack, stage: Stage, parts: Sequence[SeatPart], secrets: dict[str, str]
) -> dict[str, Softphone]:
    """Register a softphone for every seat; SoftphoneError when one is refused."""
    phones: dict[str, Softphone] = {}
    for part in parts:
        phone = await stack.enter_async_context(open_softphone(part.seat, stage.domain, secret=secrets[part.seat]))
        await phone.register()
        phones[part.seat] = phone
        stage.say(f"座席 {part.seat} 已注册 · registered")
    return phones


async def play(stage: Stage, callers: Sequence[CallerPart], seats: Sequence[SeatPart]) -> None:
    """The whole story: as many talkers as there are seats, then those who meet a full floor, then the rest."""
    waits = [part for part in callers if part.behaviour in (Behaviour.HANG_UP_WAITING, Behaviour.LEAVE_MESSAGE)]
    talkers = [part for part in callers if part not in waits]
    first = [part for part in talkers if part.behaviour is Behaviour.TALK][: len(seats)]
    rest = [part for part in talkers if part not in first]
    async with asyncio.TaskGroup() as group:
        for part in first:
            group.create_task(play_caller(stage, part))
            await asyncio.sleep(0.7)
        await asyncio.wait(
            [asyncio.ensure_future(_met(stage, part)) for part in first], timeout=stage.pace.longest_wait
        )
        for part in waits:
            group.create_task(play_caller(stage, part))
        await asyncio.sleep(stage.pace.patience)
        for part in rest:
            group.create_task(play_caller(stage, part))
            await asyncio.sleep(4)


async def _met(stage: Stage, part: CallerPart) -> None:
    await asyncio.wait([stage.meetings[part.number]])
