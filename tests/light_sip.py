"""SIP endpoints light enough to have a thousand of them in one process, with a log of their own of what SIP saw.

Each `LightPhone` has one UDP port for signalling. It registers (digest, RFC 2617), answers OPTIONS, places and takes
calls, sends a tone over RTP where it is asked to, and does nothing cleverer than RFC 3261 demands of one that talks to
one server on loopback: no DNS, no TCP, no forks. What it saw is in `log`, with the wall clock's seconds, so that
what the system says of a call can be held against what happened on the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import re
import secrets
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

_LINE = re.compile(r"^([A-Za-z-]+)\s*:\s*(.*)$")
_SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}
_BRANCHES = itertools.count(1)
RETRANSMIT = 0.5
TONE = b"\xd5\x34\x2a\x34\xd5\xb4\xaa\xb4" * 20
"""20 ms of A-law, 1 kHz, loud."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that SIP saw: `kind` is a method or a status, `number` the other side."""

    at: float
    kind: str
    call_id: str
    number: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Message:
    start: str
    headers: dict[str, str]
    """First value of each, names in lower case."""
    vias: list[str]
    body: str

    @property
    def method(self) -> str:
        return "" if self.start.startswith("SIP/") else self.start.split(" ", 1)[0]

    @property
    def status(self) -> int:
        return int(self.start.split(" ", 2)[1]) if self.start.startswith("SIP/") else 0


def parse(data: bytes) -> Message:
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    lines = head.split("\r\n")
    headers: dict[str, str] = {}
    vias = []
    for line in lines[1:]:
        if found := _LINE.match(line):
            name = found.group(1).lower()
            name = _SHORT.get(name, name)
            if name == "via":
                vias.append(found.group(2))
            headers.setdefault(name, found.group(2))
    return Message(lines[0], headers, vias, body)


def user_of(value: str) -> str:
    """The user part of a From or To."""
    found = re.search(r"sips?:([^@>;]*)@", value)
    return found.group(1) if found else ""


@dataclass(slots=True)
class Dialog:
    """One call of a phone."""

    call_id: str
    number: str
    local: str
    """Our From or To with its tag."""
    remote: str
    target: str
    """Where requests in the dialog go."""
    outgoing: bool
    invite: Message | None = None
    cseq: int = 1
    state: str = "new"
    """`new`, `ringing`, `up`, `over`."""
    branch: str = ""
    heard_at: float = 0.0
    """When the first answer to our INVITE came: a server that was away has not heard the earlier sendings."""
    rtp: _Rtp | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    status: int = 0
    """Last final status of an INVITE of ours."""
    acked: asyncio.Event = field(default_factory=asyncio.Event)


class _Rtp(asyncio.DatagramProtocol):
    """Sends the tone every 20 ms while told to, and counts what comes."""

    def __init__(self) -> None:
        self.transport: asyncio.DatagramTransport | None = None
        self.received = 0
        self.far: tuple[str, int] | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.received += 1

    @property
    def port(self) -> int:
        assert self.transport is not None
        return int(self.transport.get_extra_info("sockname")[1])

    def talk(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        assert self.transport is not None
        source, loop = secrets.randbits(32), asyncio.get_running_loop()
        start = loop.time()
        for number in itertools.count():
            if self.far is not None:
                header = struct.pack("!BBHII", 0x80, 8, number & 0xFFFF, (number * 160) & 0xFFFFFFFF, source)
                self.transport.sendto(header + TONE, self.far)
            await asyncio.sleep(max(0.0, start + (number + 1) * 0.02 - loop.time()))

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self.transport is not None:
            self.transport.close()


Behaviour = Callable[["LightPhone", Dialog], Awaitable[None]]
"""What a phone does when it is called; run as a task per call."""


class LightPhone(asyncio.DatagramProtocol):
    """A SIP endpoint at `server` (host, port) with one user name; use `await opened(...)`."""

    def __init__(self, user: str, server: tuple[str, int], *, secret: str = "", speaks: bool = False) -> None:
        self.user, self.server, self.secret, self.speaks = user, server, secret, speaks
        self.log: list[Seen] = []
        self.dialogs: dict[str, Dialog] = {}
        self.behaviour: Behaviour = answer_at_once
        self.deaf = False
        """Hears nothing and says nothing: a phone whose cable was pulled."""
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: dict[str, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._tag = secrets.token_hex(4)
        self._keeper: asyncio.Task[None] | None = None

    # ---- life -------------------------------------------------------------------------------------------------

    async def open(self) -> LightPhone:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0), family=socket.AF_INET)
        return self

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        for dialog in self.dialogs.values():
            if dialog.rtp is not None:
                dialog.rtp.close()
        if self._transport is not None:
            self._transport.close()

    async def __aenter__(self) -> LightPhone:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    @property
    def _contact(self) -> str:
        return f"<sip:{self.user}@127.0.0.1:{self.port}>"

    def task(self, work: Awaitable[None]) -> asyncio.Task[None]:
        """Keep a piece of this phone's own work until it ends."""

        async def run() -> None:
            await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # ---- what comes -------------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self.deaf or len(data) < 10:
            return
        message = parse(data)
        if message.status:
            self._answered(message)
        else:
            self._asked(message)

    def _answered(self, message: Message) -> None:
        via = message.vias[0] if message.vias else ""
        found = re.search(r"branch=([^;,\s]+)", via)
        waiting = self._waiting.get(found.group(1)) if found else None
        dialog = self.dialogs.get(message.headers.get("call-id", ""))
        if waiting is not None:
            if not waiting.done() and message.status >= 200:
                waiting.set_result(message)
        elif dialog is not None and dialog.outgoing and message.headers.get("cseq", "").endswith("INVITE"):
            self._invite_answered(dialog, message)

    def _invite_answered(self, dialog: Dialog, message: Message) -> None:
        if message.status < 200:
            if dialog.state == "new":
                self._note(str(message.status), dialog)
                dialog.state, dialog.heard_at = "ringing", time.time()
            return
        dialog.heard_at = dialog.heard_at or time.time()
        dialog.remote = message.headers.get("to", dialog.remote)
        if message.status < 300:
            dialog.target = _uri(message.headers.get("contact", "")) or dialog.target
            self._send(self._request("ACK", dialog, branch=_branch(), cseq=dialog.cseq))
            if dialog.state in {"new", "ringing"}:
                self._note(str(message.status), dialog)
                dialog.state, dialog.status = "up", message.status
                self._hear(dialog, message.body)
                dialog.answered.set()
            return
        self._send(self._request("ACK", dialog, branch=dialog.branch, cseq=dialog.cseq))
        if dialog.state != "over":
            self._note(str(message.status), dialog)
            dialog.status = message.status
            self._end(dialog)

    def _asked(self, message: Message) -> None:
        call_id = message.headers.get("call-id", "")
        dialog = self.dialogs.get(call_id)
        match message.method:
            case "INVITE" if dialog is None:
                self._called(message)
            case "INVITE":
                assert dialog is not None
                if dialog.state == "up":  # a change of the session
                    self._hear(dialog, message.body)
                    self._reply(message, 200, "OK", dialog, body=self._sdp(dialog))
            case "ACK":
                if dialog is not None:
                    dialog.acked.set()
            case "BYE":
                self._reply(message, 200, "OK", dialog)
                if dialog is not None and dialog.state != "over":
                    self._note("BYE", dialog, message)
                    self._end(dialog)
            case "CANCEL":
                self._reply(message, 200, "OK", dialog)
                if dialog is not None and dialog.state in {"new", "ringing"} and dialog.invite is not None:
                    self._reply(dialog.invite, 487, "Request Terminated", dialog)
                    self._note("CANCEL", dialog)
                    self._end(dialog)
            case _:
                self._reply(message, 200, "OK", dialog)

    def _called(self, message: Message) -> None:
        dialog = Dialog(
            call_id=message.headers.get("call-id", ""),
            number=user_of(message.headers.get("from", "")),
            local=message.headers.get("to", "") + f";tag={secrets.token_hex(4)}",
            remote=message.headers.get("from", ""),
            target=_uri(message.headers.get("contact", "")),
            outgoing=False,
            invite=message,
        )
        self.dialogs[dialog.call_id] = dialog
        self._note("INVITE", dialog, message)
        self._reply(message, 100, "Trying", None)

        async def take() -> None:
            await self._open_rtp(dialog)
            self._hear(dialog, message.body)
            await self.behaviour(self, dialog)

        self.task(take())

    # ---- what a user does -------------------------------------------------------------------------------------

    async def register(self, seconds: int = 300, *, timeout: float = 10.0) -> int:
        """Register with digest and again before it expires; the first final status."""
        if self._keeper is None:
            self._keeper = self.task(self._keep_registered(seconds))
        return await self._register(seconds, timeout)

    async def _keep_registered(self, seconds: int) -> None:
        while True:
            await asyncio.sleep(0.6 * seconds)
            with contextlib.suppress(TimeoutError):  # the server may be away; it is asked again
                await self._register(seconds, 10)

    async def _register(self, seconds: int, timeout: float) -> int:
        uri = f"sip:{self.server[0]}:{self.server[1]}"
        call_id, authorization = secrets.token_hex(8), ""
        answer = None
        for cseq in (1, 2):
            branch = _branch()
            lines = [
                f"REGISTER {uri} SIP/2.0",
                f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch={branch};rport",
                "Max-Forwards: 70",
                f"From: <sip:{self.user}@{self.server[0]}>;tag={self._tag}",
                f"To: <sip:{self.user}@{self.server[0]}>",
                f"Call-ID: {call_id}",
                f"CSeq: {cseq} REGISTER",
                f"Contact: {self._contact}",
                f"Expires: {seconds}",
                *([authorization] if authorization else []),
                "Content-Length: 0",
            ]
            answer = await self._ask(branch, "\r\n".join(lines) + "\r\n\r\n", timeout)
            if answer.status != 401:
                break
            authorization = self._digest("REGISTER", uri, answer.headers["www-authenticate"])
        assert answer is not None
        return answer.status

    async def call(self, number: str, *, from_user: str | None = None) -> Dialog:
        """Send an INVITE and return at once; `answered` and `over` tell what becomes of it."""
        host, port = self.server
        from_header = f"<sip:{from_user or self.user}@127.0.0.1>;tag={secrets.token_hex(4)}"
        dialog = Dialog(
            call_id=secrets.token_hex(8),
            number=number,
            local=from_header,
            remote=f"<sip:{number}@{host}:{port}>",
            target=f"sip:{number}@{host}:{port}",
            outgoing=True,
            branch=_branch(),
        )
        await self._open_rtp(dialog)
        self.dialogs[dialog.call_id] = dialog
        self._note("INVITE", dialog)
        invite = self._request("INVITE", dialog, branch=dialog.branch, cseq=1, body=self._sdp(dialog))
        self.task(self._persist(dialog, invite))
        return dialog

    async def hang_up(self, dialog: Dialog) -> None:
        """CANCEL or BYE, by the state of the call."""
        if dialog.state == "over":
            return
        if not dialog.outgoing and dialog.state != "up":
            self.refuse(dialog, 486, "Busy Here")
            return
        if dialog.outgoing and dialog.state != "up":
            self._note("CANCEL", dialog)
            self._send(self._request("CANCEL", dialog, branch=dialog.branch, cseq=dialog.cseq))
            await _within(dialog.over.wait(), 5)
            self._end(dialog)
            return
        self._note("BYE", dialog)
        self._end(dialog)
        branch = _branch()
        dialog.cseq += 1
        try:
            await self._ask(branch, self._request("BYE", dialog, branch=branch, cseq=dialog.cseq), 4)
        except TimeoutError:
            self._note("BYE unanswered", dialog)

    async def hold(self, dialog: Dialog, *, on: bool) -> None:
        """Put the other side on hold, or take it back, with a re-INVITE (RFC 3264, 8.4)."""
        if dialog.state != "up":
            return
        branch = _branch()
        dialog.cseq += 1
        cseq = dialog.cseq
        body = self._sdp(dialog, "sendonly" if on else "sendrecv")
        try:
            answer = await self._ask(branch, self._request("INVITE", dialog, branch=branch, cseq=cseq, body=body), 5)
        except TimeoutError:
            self._note("re-INVITE unanswered", dialog)
            return
        self._send(self._request("ACK", dialog, branch=_branch() if answer.status < 300 else branch, cseq=cseq))
        if answer.status < 300:
            self._note("held" if on else "resumed", dialog)

    def ring(self, dialog: Dialog) -> None:
        assert dialog.invite is not None
        dialog.state = "ringing"
        self._reply(dialog.invite, 180, "Ringing", dialog)

    async def answer(self, dialog: Dialog) -> None:
        """200 to an INVITE, again until it is acknowledged."""
        if dialog.state == "over" or dialog.invite is None:
            return
        dialog.state = "up"
        self._note("200", dialog)
        for wait in (0.5, 1.0, 2.0, 4.0):
            self._reply(dialog.invite, 200, "OK", dialog, body=self._sdp(dialog))
            if await _within(dialog.acked.wait(), wait):
                break
        dialog.answered.set()
        if self.speaks and dialog.rtp is not None and dialog.state == "up":
            dialog.rtp.talk()

    def refuse(self, dialog: Dialog, status: int, reason: str) -> None:
        assert dialog.invite is not None
        self._reply(dialog.invite, status, reason, dialog)
        self._note(str(status), dialog)
        self._end(dialog)

    # ---- inside -----------------------------------------------------------------------------------------------

    async def _persist(self, dialog: Dialog, invite: str) -> None:
        wait = RETRANSMIT
        while dialog.state == "new":
            self._send(invite)
            await asyncio.sleep(wait)
            wait *= 2
            if wait > 32:
                self._note("408", dialog)
                dialog.status = 408
                self._end(dialog)

    async def _ask(self, branch: str, text: str, timeout: float) -> Message:
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[branch] = waiting
        try:
            async with asyncio.timeout(timeout):
                wait = RETRANSMIT
                while True:
                    self._send(text)
                    if await _within(asyncio.shield(waiting), wait):
                        return waiting.result()
                    wait = min(4.0, 2 * wait)
        finally:
            del self._waiting[branch]

    async def _open_rtp(self, dialog: Dialog) -> None:
        loop = asyncio.get_running_loop()
        _, rtp = await loop.create_datagram_endpoint(_Rtp, local_addr=("127.0.0.1", 0), family=socket.AF_INET)
        dialog.rtp = rtp

    def _hear(self, dialog: Dialog, body: str) -> None:
        port = re.search(r"^m=audio (\d+)", body, re.M)
        host = re.search(r"^c=IN IP4 ([\d.]+)", body, re.M)
        if dialog.rtp is None or port is None:
            return
        dialog.rtp.far = (host.group(1) if host else "127.0.0.1", int(port.group(1)))
        if dialog.outgoing and self.speaks:
            dialog.rtp.talk()

    def _sdp(self, dialog: Dialog, direction: str = "sendrecv") -> str:
        assert dialog.rtp is not None
        lines = ["v=0", "o=light 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
                 f"m=audio {dialog.rtp.port} RTP/AVP 8 101", "a=rtpmap:8 PCMA/8000",
                 "a=rtpmap:101 telephone-event/8000", f"a={direction}"]  # fmt: skip
        return "\r\n".join(lines) + "\r\n"

    def _request(self, method: str, dialog: Dialog, *, branch: str, cseq: int, body: str = "") -> str:
        lines = [
            f"{method} {dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch={branch};rport",
            "Max-Forwards: 70",
            f"From: {dialog.local}",
            f"To: {dialog.remote}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: {self._contact}",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def _reply(self, request: Message, status: int, reason: str, dialog: Dialog | None, *, body: str = "") -> None:
        lines = [
            f"SIP/2.0 {status} {reason}",
            *(f"Via: {via}" for via in request.vias),
            f"From: {request.headers.get('from', '')}",
            f"To: {dialog.local if dialog is not None and not dialog.outgoing else request.headers.get('to', '')}",
            f"Call-ID: {request.headers.get('call-id', '')}",
            f"CSeq: {request.headers.get('cseq', '')}",
            f"Contact: {self._contact}",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._send("\r\n".join(lines) + "\r\n\r\n" + body)

    def _send(self, text: str) -> None:
        if not self.deaf and self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(text.encode(), self.server)

    def _note(self, kind: str, dialog: Dialog, message: Message | None = None) -> None:
        headers = {} if message is None else {k: v for k, v in message.headers.items() if k.startswith("x-")}
        self.log.append(Seen(time.time(), kind, dialog.call_id, dialog.number, headers))

    def _end(self, dialog: Dialog) -> None:
        dialog.state = "over"
        if dialog.rtp is not None:
            dialog.rtp.close()
        dialog.answered.set()
        dialog.over.set()

    def _digest(self, method: str, uri: str, challenge: str) -> str:
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
        a1 = _md5(f"{self.user}:{given['realm']}:{self.secret}")
        a2 = _md5(f"{method}:{uri}")
        fields = {"username": self.user, "realm": given["realm"], "nonce": given["nonce"], "uri": uri}
        extra = ""
        if "qop" in given:
            cnonce = secrets.token_hex(4)
            response = _md5(f"{a1}:{given['nonce']}:00000001:{cnonce}:auth:{a2}")
            extra = f', qop=auth, nc=00000001, cnonce="{cnonce}"'
        else:
            response = _md5(f"{a1}:{given['nonce']}:{a2}")
        if "opaque" in given:
            extra += f', opaque="{given["opaque"]}"'
        listed = ", ".join(f'{name}="{value}"' for name, value in fields.items())
        return f'Authorization: Digest {listed}, response="{response}", algorithm=MD5{extra}'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _branch() -> str:
    return f"z9hG4bK{next(_BRANCHES)}{secrets.token_hex(3)}"


def _uri(contact: str) -> str:
    found = re.search(r"<([^>]+)>", contact)
    return found.group(1) if found else contact.split(";", 1)[0].strip()


async def _within(work: Awaitable[object], seconds: float) -> bool:
    """Whether `work` was done within `seconds`."""
    try:
        await asyncio.wait_for(asyncio.ensure_future(work), seconds)
    except TimeoutError:
        return False
    return True


# ---- manners of a phone that is called ---------------------------------------------------------------------------


async def answer_at_once(phone: LightPhone, dialog: Dialog) -> None:
    phone.ring(dialog)
    await phone.answer(dialog)


def answers_after(seconds: float, *, talks: float | None = None) -> Behaviour:
    """Ring, pick up after `seconds`, and hang up after `talks` where that is given."""

    async def behave(phone: LightPhone, dialog: Dialog) -> None:
        phone.ring(dialog)
        if await _within(dialog.over.wait(), seconds):
            return
        await phone.answer(dialog)
        if talks is not None and not await _within(dialog.over.wait(), talks):
            await phone.hang_up(dialog)

    return behave


async def lets_ring(phone: LightPhone, dialog: Dialog) -> None:
    phone.ring(dialog)


async def busy(phone: LightPhone, dialog: Dialog) -> None:
    phone.refuse(dialog, 486, "Busy Here")
