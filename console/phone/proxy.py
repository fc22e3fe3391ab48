"""`/phone/ws`: SIP between a logged-in agent's browser and Asterisk, under the console's own origin and TLS."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import IntEnum
from typing import Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi import WebSocketException as Refused
from fastapi.params import Depends
from starlette.websockets import WebSocketState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from acd import phones
from acd.phones import PhoneKind
from console.access import SESSION_COOKIE
from console.phone.frames import LONGEST, may_pass
from console.phone.sockets import Holder
from console.state import Console
from hotline import accounts
from hotline.accounts import Subject
from hotline.roles import Action, allows
from hotline.settings import Settings

router = APIRouter()
log = structlog.get_logger(__name__)

SIP = Subprotocol("sip")
CONNECT_SECONDS = 5.0
LOOK_SECONDS = 5.0
"""How often it is asked whether the log-in still holds, of the console and of the telephone."""
TAB = re.compile(r"[A-Za-z0-9-]{8,64}")


class Close(IntEnum):
    """Why the console ended a telephone's socket; `scripts/phone-socket.js` knows the same numbers."""

    BAD_FRAME = 4400
    SESSION_OVER = 4401
    ELSEWHERE = 4409
    TAKEN_OVER = 4410
    RELEASED = 4412
    ASTERISK_AWAY = 4503


class RequireSocket:
    """Dependency of a WebSocket route: the subject of the session cookie, from our own pages only, with a seat.

    Refuses before the handshake is answered (HTTP 403).
    """

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, websocket: WebSocket) -> Subject:
        origin = websocket.headers.get("origin", "")
        if not origin or urlsplit(origin).netloc != websocket.headers.get("host"):
            raise Refused(1008, "foreign origin")
        subject = await _subject_of(websocket)
        if subject is None or not allows(subject.role, self.action) or subject.seat is None:
            raise Refused(1008, "not allowed")
        return subject


@router.websocket("/phone/ws")
async def phone_socket(
    websocket: WebSocket,
    subject: Annotated[Subject, Depends(RequireSocket(Action.SEAT_SELF))],
    tab: str = "",
    take: bool = False,
) -> None:
    """Carry SIP to and fro until one side ends, the log-in does, or another page takes the telephone over."""
    seat, holders = subject.seat, _console(websocket).phones
    if seat is None or not TAB.fullmatch(tab) or SIP not in websocket.scope["subprotocols"]:
        raise Refused(1008, "not a telephone of ours")
    await websocket.accept(subprotocol=SIP)
    holder = holders.claim(seat, tab, take=take)
    if holder is None:
        await websocket.close(Close.ELSEWHERE)
        return
    try:
        code = await _carry(websocket, seat, holder)
    finally:
        holders.release(seat, holder)
    if websocket.application_state is WebSocketState.CONNECTED:
        with suppress(RuntimeError, WebSocketDisconnect):  # it has gone meanwhile
            await websocket.close(code)


def asterisk_socket(settings: Settings) -> str:
    """URL of Asterisk's SIP over WebSocket."""
    bind = settings.asterisk.bind
    host = "127.0.0.1" if bind == "0.0.0.0" else bind  # noqa: S104 - compared, not bound
    return settings.phone.websocket or f"ws://{host}:{settings.asterisk.http_port}/ws"


async def _carry(websocket: WebSocket, seat: str, holder: Holder) -> int:
    """The code to close the browser's socket with."""
    try:
        upstream = await connect(
            asterisk_socket(_console(websocket).settings), subprotocols=[SIP], open_timeout=CONNECT_SECONDS,
            max_size=LONGEST, compression=None, proxy=None,
        )  # fmt: skip
    except (OSError, EOFError, WebSocketException) as error:  # a time-out is an OSError
        log.warning("phone.asterisk_away", error=type(error).__name__)
        return Close.ASTERISK_AWAY

    async def superseded() -> int:
        await holder.superseded.wait()
        return Close.TAKEN_OVER

    works: tuple[Callable[[], Awaitable[int]], ...] = (
        lambda: _to_asterisk(websocket, upstream, seat),
        lambda: _to_browser(websocket, upstream),
        lambda: _session_over(websocket, seat),
        superseded,
    )
    async with upstream:
        tasks = [asyncio.ensure_future(work()) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _to_asterisk(websocket: WebSocket, upstream: ClientConnection, seat: str) -> int:
    try:
        while True:
            frame = await websocket.receive_text()
            if not may_pass(frame, seat):
                log.warning("phone.frame_refused", seat=seat)
                return Close.BAD_FRAME
            await upstream.send(frame)
    except (WebSocketDisconnect, KeyError):  # gone, or a binary frame, which SIP is not
        return Close.BAD_FRAME
    except ConnectionClosed:
        return Close.ASTERISK_AWAY


async def _to_browser(websocket: WebSocket, upstream: ClientConnection) -> int:
    with suppress(ConnectionClosed, RuntimeError, WebSocketDisconnect):  # one side is gone, in whatever manner
        async for frame in upstream:
            await websocket.send_text(frame if isinstance(frame, str) else frame.decode("utf-8", "replace"))
    return Close.ASTERISK_AWAY


async def _session_over(websocket: WebSocket, seat: str) -> int:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        subject = await _subject_of(websocket)
        if subject is None or not allows(subject.role, Action.SEAT_SELF) or subject.seat != seat:
            return Close.SESSION_OVER
        if not await _serves(websocket, seat):
            return Close.RELEASED


async def _serves(websocket: WebSocket, seat: str) -> bool:
    """Whether the seat is still a browser's: what was revoked must not stay registered in a telephone's place."""
    console = _console(websocket)
    async with console.database.transaction() as session:
        live = await phones.live(session, console.now(), extension=seat)
    return any(credential.kind is PhoneKind.BROWSER for credential in live)


async def _subject_of(websocket: WebSocket) -> Subject | None:
    token = websocket.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    console = _console(websocket)
    async with console.database.transaction() as session:
        return await accounts.subject_of(session, token, console.now())


def _console(websocket: WebSocket) -> Console:
    console = websocket.app.state.console
    assert isinstance(console, Console)
    return console
