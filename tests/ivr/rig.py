"""A real Asterisk node on free ports, its journal and its events, and SIPp as a caller of any manners."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from pydantic import SecretStr

from hotline.demo.softphone import Softphone, open_softphone
from hotline.processes.asterisk import AsteriskNode
from hotline.settings import CHECKOUT, AcdSettings, AmiSettings, AsteriskSettings, Settings, SurveySettings
from ivr.journal import Entry, read_journal
from ivr.node import SeatAccount

SECRET = "for-tests-only"
ACCESS = "10015"


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


QUICK_MENU = """
greeting: []
start: main
menus:
  main:
    prompt: tone
    wait_seconds: 1
    tries: 1
    keys:
      2: {person: suggestion}
      3: {menu: standards}
    otherwise: {person: complaint}
  standards:
    prompt: tone
    person: standards
    keys:
      1: {say: tone, then: {menu: standards}}
"""
"""To the queue within two seconds, where the menu is not what is tested."""


def brief_prompts(folder: Path) -> Path:
    """Every prompt, shortened to its first second."""
    folder.mkdir(exist_ok=True)
    for prompt in (CHECKOUT / "ivr" / "prompts").glob("*.wav"):
        samples, rate = soundfile.read(prompt, dtype="int16")
        soundfile.write(folder / prompt.name, samples[:rate], rate)
    return folder


def settings_of_node(
    menu: Path | None = None, prompts: Path | None = None, *, survey: str = "off", **acd: int
) -> Settings:
    """A node that runs beside any other: its own name, folder and ports."""
    rtp = 30000 + 200 * (free_port() % 100)
    return Settings(
        instance=f"test-{uuid.uuid4().hex[:12]}",
        ami=AmiSettings(port=free_port(), secret=SecretStr(SECRET)),
        asterisk=AsteriskSettings(
            node="t1", sip_port=free_port(socket.SOCK_DGRAM), http_port=free_port(), rtp_start=rtp, rtp_end=rtp + 198
        ),
        acd=AcdSettings(**{"heartbeat_dead_loops": 60, **acd}),  # type: ignore[arg-type]
        survey=SurveySettings(scale=survey, wait_seconds=2),
        menu=menu or CHECKOUT / "ivr" / "menu.yaml",
        prompts=prompts or CHECKOUT / "ivr" / "prompts",
    )


def account(extension: str) -> SeatAccount:
    return SeatAccount(extension, SecretStr(f"{SECRET}-{extension}"))


class Ami:
    """The manager interface, read line by line without any cleverness that could hide a forged event."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.raw: list[str] = []
        self.blocks: list[dict[str, str]] = []
        self._changed = asyncio.Condition()

    async def listen(self) -> None:
        block: dict[str, str] = {}
        while line := await self._reader.readline():
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            self.raw.append(text)
            if text:
                name, _, value = text.partition(": ")
                block.setdefault(name, value)
                continue
            async with self._changed:
                self.blocks.append(block)
                block = {}
                self._changed.notify_all()

    async def action(self, name: str, **headers: str) -> dict[str, str]:
        number = uuid.uuid4().hex
        lines = [f"Action: {name}", f"ActionID: {number}", *(f"{key}: {value}" for key, value in headers.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        return await self.until(lambda block: block.get("ActionID") == number and "Response" in block)

    async def until(self, wanted: Callable[[dict[str, str]], bool], seconds: float = 20) -> dict[str, str]:
        """The first block, past ones included, that is `wanted`."""
        async with asyncio.timeout(seconds), self._changed:
            while True:
                for block in self.blocks:
                    if wanted(block):
                        return block
                await self._changed.wait()

    async def told(self, kind: str, *, call: str | None = None, seconds: float = 20) -> dict[str, str]:
        """The hotline event of this kind (of that call)."""
        return await self.until(
            lambda block: (
                block.get("UserEvent") == "Hotline" and block.get("Kind") == kind and call in (None, block.get("Call"))
            ),
            seconds,
        )

    def kinds(self, call: str) -> list[str]:
        return [block["Kind"] for block in self.blocks if block.get("UserEvent") == "Hotline" and block["Call"] == call]

    def forget(self) -> None:
        self.blocks.clear()
        self.raw.clear()


@contextlib.asynccontextmanager
async def open_ami(settings: Settings) -> AsyncIterator[Ami]:
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.ami.port)
    await reader.readline()
    ami = Ami(reader, writer)
    listener = asyncio.create_task(ami.listen())
    try:
        await ami.action("Login", Username=settings.ami.user, Secret=SECRET)
        yield ami
    finally:
        writer.close()
        listener.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):  # the node may have been killed
            await listener


async def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until `true()`, looking ten times a second; TimeoutError after `seconds`."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is looked at tells nobody when it changes
            await asyncio.sleep(0.1)


@dataclass
class Stage:
    """A running node and one AMI session."""

    node: AsteriskNode
    ami: Ami
    scratch: Path
    beating: bool = True
    beats: int = 0
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.settings = self.node.settings

    @property
    def domain(self) -> str:
        return f"127.0.0.1:{self.settings.asterisk.sip_port}"

    def journal(self) -> list[Entry]:
        return list(read_journal(self.node.paths.journal))

    async def beat(self) -> None:
        """What a controller does each second."""
        while True:
            if self.beating:
                self.beats += 1
                await self.ami.action("Setvar", Variable="ACD_HB", Value=str(self.beats))
            await asyncio.sleep(0.5)

    async def channel_of(self, uid: str) -> str:
        """Name of a living channel by its Uniqueid."""
        await self.ami.action("Status")
        block = await self.ami.until(lambda block: block.get("Event") == "Status" and block.get("Uniqueid") == uid)
        return block["Channel"]

    def kinds(self, call: str) -> list[str]:
        """What the controller was told of this call, in order."""
        return self.ami.kinds(call)

    def legs(self, call: str) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Samples of what the caller said and of what the caller heard, at 16 kHz."""
        said, heard = (self.node.paths.recordings / f"{call}.{leg}.sln16" for leg in ("rx", "tx"))
        return np.fromfile(said, "<i2"), np.fromfile(heard, "<i2")

    @contextlib.asynccontextmanager
    async def seat(self, extension: str) -> AsyncIterator[Softphone]:
        """A registered softphone."""
        secret = account(extension).secret.get_secret_value()
        async with open_softphone(extension, self.domain, secret=secret) as phone:
            await phone.register()
            yield phone

    async def ring(self, uid: str, seat: str, epoch: int, attempt: int = 1) -> dict[str, str]:
        channel = await self.channel_of(uid)
        extension = f"{seat}*{epoch}*{attempt}"
        return await self.ami.action("Redirect", Channel=channel, Context="acd-ring", Exten=extension, Priority="1")


@contextlib.asynccontextmanager
async def open_stage(
    scratch: Path,
    seats: Sequence[str] = ("8001", "8002"),
    *,
    beating: bool = True,
    menu_text: str = QUICK_MENU,
    survey: str = "off",
    outbound: str = "",
    **acd: int,
) -> AsyncIterator[Stage]:
    menu = scratch / "menu.yaml"
    menu.write_text(menu_text, "utf-8")
    settings = settings_of_node(menu, brief_prompts(scratch / "prompts"), survey=survey, **acd)
    settings.asterisk.outbound = outbound
    node = AsteriskNode(settings, [account(seat) for seat in seats], die_with_parent=True)
    try:
        async with node, open_ami(node.settings) as ami:
            stage = Stage(node, ami, scratch, beating)
            heart = asyncio.create_task(stage.beat())
            try:
                yield stage
            finally:
                heart.cancel()
                with contextlib.suppress(asyncio.CancelledError, ConnectionError, TimeoutError):
                    await heart
    finally:
        shutil.rmtree(node.paths.base, ignore_errors=True)
        shutil.rmtree(node.settings.instance_dir, ignore_errors=True)


_CALL = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
<send retrans="500"><![CDATA[
INVITE sip:{number}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: {sender};tag=[pid]t[call_number]
To: <sip:{number}@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
]]></send>
{answers}
</scenario>
"""
_REFUSED = (
    '<recv response="100" optional="true"/><recv response="{code}"/>'
    + """
<send><![CDATA[
ACK sip:{number}@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
From: {sender};tag=[pid]t[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>"""
)
_ANSWERED = """<recv response="100" optional="true"/><recv response="180" optional="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: {sender};tag=[pid]t[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
{steps}"""
_INFO = """<send retrans="500"><![CDATA[
INFO [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: {sender};tag=[pid]t[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: {sequence} INFO
Max-Forwards: 70
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal={key}
Duration=100
]]></send>
<recv response="200"/>
"""
_BYE = """<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: {sender};tag=[pid]t[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 900 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
"""


@contextlib.asynccontextmanager
async def sipp_call(
    stage: Stage, *, sender: str, keys: Mapping[float, str], talk: float = 0, refused: int = 0, number: str = ACCESS
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A caller whose From header is `sender` to the letter, pressing `keys` (seconds after the one before: key).

    With `refused` the call must be answered by that status instead. `talk` seconds later the caller hangs up; 0 means
    that Asterisk ends the call or the block's end does.
    """
    folder = stage.scratch / f"sipp-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    if refused:
        answers = _REFUSED.format(code=refused, sender=sender, number=number)
    else:
        steps = "".join(
            f'<pause milliseconds="{int(after * 1000)}"/>' + _INFO.format(sender=sender, sequence=10 + n, key=key)
            for n, (after, key) in enumerate(keys.items())
        )
        end = (
            f'<pause milliseconds="{int(talk * 1000)}"/>{_BYE.format(sender=sender)}'
            if talk
            else '<recv request="BYE"/>'
        )
        answers = _ANSWERED.format(sender=sender, steps=steps + end)
    scenario = folder / "call.xml"
    scenario.write_text(_CALL.format(sender=sender, number=number, answers=answers), "utf-8")
    process = await asyncio.create_subprocess_exec(
        *("sipp", stage.domain, "-sf", str(scenario), "-m", "1", "-nostdin", "-i", "127.0.0.1"),
        *("-p", str(free_port(socket.SOCK_DGRAM)), "-mp", str(free_port(socket.SOCK_DGRAM)), "-timeout", "120s"),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()
