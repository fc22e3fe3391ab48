"""Each fault as something that is done to a centre while people call it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil

from hotline.processes.asterisk import AsteriskNode
from ivr.errors import NodeError
from ivr.paths import NodePaths
from tests.chaos.centre import ChaosCentre
from tests.chaos.relay import doubled, dropped, reordered
from tests.chaos.traffic import Traffic
from tests.light_sip import Dialog, LightPhone, answers_after, busy, lets_ring

Hurt = Callable[[ChaosCentre, Traffic], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    hurt: Hurt
    calls: int = 12
    seconds: float = 15.0
    """Over which the calls come."""
    cut: bool = False
    """Talks end with the fault itself."""
    set_clock: bool = False
    """Needs a centre whose clock can be set."""


async def nothing(centre: ChaosCentre, traffic: Traffic) -> None:
    """The same traffic and no fault: what the others are compared with."""


# ---- the controller ----------------------------------------------------------------------------------------------


def controller_killed_while(*states: str) -> Hurt:
    async def hurt(centre: ChaosCentre, traffic: Traffic) -> None:
        for _ in range(2):
            await centre.waiting_for(set(states))
            centre.kill_controllers()
            await asyncio.sleep(6)

    return hurt


async def controller_killed_while_callers_wait(centre: ChaosCentre, traffic: Traffic) -> None:
    centre.behave(lambda: answers_after(0.3, talks=8.0))  # so that some have to wait
    await asyncio.sleep(6)
    centre.kill_controllers()


async def controller_killed_between_claim_and_redirect(centre: ChaosCentre, traffic: Traffic) -> None:
    """The claim is in the database, its Redirect has been written to a cable that carries nothing."""
    await asyncio.sleep(3)
    centre.relay.go_dark()
    await centre.waiting_for({"ringing"}, seconds=5)
    centre.kill_controllers()
    centre.relay.cut()
    centre.relay.light()


async def two_controllers(centre: ChaosCentre, traffic: Traffic) -> None:
    """The leader stands still for longer than its heartbeat allows, and comes back believing that it leads."""
    await asyncio.sleep(3)
    for controller in centre.controllers:
        controller.signal(signal.SIGSTOP)
        await asyncio.sleep(8)
        controller.signal(signal.SIGCONT)
        await asyncio.sleep(2)
    for controller in centre.controllers:  # one of them leads, the other takes over
        controller.signal(signal.SIGKILL)
        await asyncio.sleep(5)


# ---- the manager interface ---------------------------------------------------------------------------------------


async def ami_dark(centre: ChaosCentre, traffic: Traffic) -> None:
    await asyncio.sleep(3)
    centre.relay.go_dark()
    await asyncio.sleep(10)
    centre.relay.light()


async def ami_cut(centre: ChaosCentre, traffic: Traffic) -> None:
    for _ in range(4):
        await asyncio.sleep(3)
        await centre.waiting_for({"ringing"}, seconds=3)
        centre.relay.cut()


def events_mangled(how: str) -> Hurt:
    async def hurt(centre: ChaosCentre, traffic: Traffic) -> None:
        centre.relay.mangle = {
            "doubled": doubled,
            "dropped": dropped(centre.chance, 0.3),
            "reordered": reordered(centre.chance),
        }[how]
        await asyncio.sleep(20)
        centre.relay.mangle = None

    return hurt


# ---- Asterisk ----------------------------------------------------------------------------------------------------


async def asterisk_killed(centre: ChaosCentre, traffic: Traffic) -> None:
    await asyncio.sleep(6)
    pid = int(NodePaths.of(centre.settings).pid_file.read_text("ascii"))
    os.kill(pid, signal.SIGKILL)


async def asterisk_restarts_gracefully(centre: ChaosCentre, traffic: Traffic) -> None:
    """No new calls, those that talk end in peace, then it starts anew."""
    await asyncio.sleep(6)
    pid = centre.system.pids["asterisk"]
    with suppress(NodeError):  # the command line does not come back before Asterisk has ended
        await AsteriskNode(centre.settings, ()).command("core stop gracefully")
    async with asyncio.timeout(120):
        while centre.system.pids.get("asterisk", pid) == pid:  # noqa: ASYNC110 - the supervisor tells nobody
            await asyncio.sleep(0.5)


# ---- what everything stands on -----------------------------------------------------------------------------------


async def disk_full(centre: ChaosCentre, traffic: Traffic) -> None:
    """The recordings' file system has no byte left for some seconds."""
    await asyncio.sleep(4)
    ballast = centre.spool / "ballast"
    with suppress(OSError), ballast.open("wb") as file:
        while True:
            file.write(b"\0" * 65536)
    await asyncio.sleep(5)
    ballast.unlink()


async def disk_read_only(centre: ChaosCentre, traffic: Traffic) -> None:
    await asyncio.sleep(4)
    for mode in ("ro", "rw"):
        # a mount that is open for writing refuses this: new calls are what it is about
        subprocess.run(["mount", "-o", f"remount,{mode}", str(centre.spool)], check=False, capture_output=True)
        await asyncio.sleep(5)


async def database_away(centre: ChaosCentre, traffic: Traffic) -> None:
    """PostgreSQL answers nothing for a minute."""
    await asyncio.sleep(4)
    stopped = centre.postgres()
    for process in stopped:
        process.suspend()
    await asyncio.sleep(60)
    for process in stopped:
        process.resume()


async def database_killed(centre: ChaosCentre, traffic: Traffic) -> None:
    await asyncio.sleep(5)
    for process in centre.postgres():
        with suppress(psutil.NoSuchProcess):
            process.kill()


def clock_set(seconds: int) -> Hurt:
    """The clock of every process is set in mid-traffic, and set right again later."""

    async def hurt(centre: ChaosCentre, traffic: Traffic) -> None:
        assert centre.fake_clock is not None
        await asyncio.sleep(5)
        centre.fake_clock.set(seconds)
        await asyncio.sleep(8)
        centre.fake_clock.set(0)

    return hurt


# ---- callers and seats -------------------------------------------------------------------------------------------

HOSTILE = (
    "1390000\r\nX-Evil: 1", "a,b,c", '"quoted"', "${GLOBAL(ACD_FENCE)}", "139%0d%0aEvent: FullyBooted", "9" * 1000,
    "'; DROP TABLE calls; --", "<script>", "8001", "+8613900000001;phone-context=x",
)  # fmt: skip


async def hostile_callers(centre: ChaosCentre, traffic: Traffic) -> None:
    """INVITEs whose caller ID is meant to break something, and scanners' rubbish; the other callers notice nothing."""
    server = (centre.settings.asterisk.bind, centre.settings.asterisk.sip_port)
    async with LightPhone("hostile", server) as phone:
        for text in HOSTILE:
            dialog = await phone.call(centre.settings.asterisk.access_numbers[0], from_user=text)
            await asyncio.sleep(0.3)
            await phone.hang_up(dialog)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as scanner:
        for rubbish in (
            b"\x00" * 200,
            b"INVITE",
            b"INVITE sip:10015@x SIP/2.0\r\n\r\n",
            b"INVITE sip:10015@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=x\r\nContent-Length: -1\r\n\r\n",
            b"OPTIONS sip:100@1.1.1.1 SIP/2.0\r\nUser-Agent: friendly-scanner\r\nCSeq: 99999999999 OPTIONS\r\n\r\n",
            b"REGISTER sip:a SIP/2.0\r\nContact: <sip:" + b"a" * 4000 + b">\r\n\r\n",
        ):
            scanner.sendto(rubbish, server)


async def flood(centre: ChaosCentre, traffic: Traffic) -> None:
    """Sixty callers within a second or so, none of whom stays long."""
    for _ in range(60):
        await traffic.one(patience=centre.chance.uniform(3, 12))
        await asyncio.sleep(0.02)


async def seats_misbehave(centre: ChaosCentre, traffic: Traffic) -> None:
    """One telephone is pulled out of the wall, one refuses, one lets ring, one sends no sound."""
    centre.behave(lambda: busy, "8002")
    centre.behave(lambda: lets_ring, "8003")
    centre.seats["8102"].speaks = False
    await asyncio.sleep(4)
    centre.seats["8001"].deaf = True
    await asyncio.sleep(20)
    centre.seats["8102"].speaks = True


async def hang_up_at_the_answer(centre: ChaosCentre, traffic: Traffic) -> None:
    """Callers who leave within ten milliseconds of the seat's answer."""

    async def take(phone: LightPhone, dialog: Dialog) -> None:
        phone.ring(dialog)
        await asyncio.sleep(0.3)
        placed = next((one for one in traffic.placed if one.number == dialog.number), None)
        answering = asyncio.create_task(phone.answer(dialog))
        await asyncio.sleep(centre.chance.uniform(0, 0.01))
        if placed is not None:
            await traffic.phone.hang_up(placed.dialog)
        await answering

    for phone in centre.seats.values():
        phone.behaviour = take


FAULTS = (
    Fault("no fault", nothing),
    Fault("controller killed, callers waiting", controller_killed_while_callers_wait),
    Fault("controller killed, seat ringing", controller_killed_while("ringing")),
    Fault("controller killed, people talking", controller_killed_while("talking")),
    Fault("controller killed, wrapping up", controller_killed_while("wrap_up")),
    Fault("controller killed, claim without Redirect", controller_killed_between_claim_and_redirect),
    Fault("two controllers, each frozen in turn", two_controllers),
    Fault("AMI dark for 10 s", ami_dark),
    Fault("AMI cut while a seat rings, four times", ami_cut),
    Fault("events doubled", events_mangled("doubled")),
    Fault("events dropped (30 %)", events_mangled("dropped")),
    Fault("events reordered", events_mangled("reordered")),
    Fault("Asterisk killed", asterisk_killed, cut=True),
    Fault("Asterisk restarted gracefully", asterisk_restarts_gracefully, cut=True),
    Fault("disk full for 5 s", disk_full),
    Fault("disk read-only for 5 s", disk_read_only),
    Fault("database silent for 60 s", database_away),
    Fault("database killed", database_killed),
    Fault("hostile caller IDs and scanners", hostile_callers),
    Fault("INVITE flood", flood),
    Fault("seats crash, refuse, ignore, stay mute", seats_misbehave),
    Fault("caller gone within 10 ms of the answer", hang_up_at_the_answer),
    Fault("clock set an hour ahead and back", clock_set(3600), set_clock=True),
    Fault("clock set an hour back and ahead", clock_set(-3600), set_clock=True),
)
