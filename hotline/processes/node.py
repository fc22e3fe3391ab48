"""An Asterisk node as a process: started with the seats of the database, told of new ones, watched."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

import structlog
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from acd import desk, phones
from acd.phones import PhoneKind
from hotline.clock import SystemClock
from hotline.connect import database_url
from hotline.database import Database
from hotline.embedded import libpq_url
from hotline.errors import HotlineError
from hotline.listening import listen
from hotline.processes.airing import Airing
from hotline.processes.asterisk import AsteriskNode, stop_left_over
from hotline.settings import Settings
from ivr import versions
from ivr.content import Content
from ivr.errors import IvrError
from ivr.node import SeatAccount, SipLogin
from ivr.paths import NodePaths
from ivr.wanted import take_up, wanted

LOOK_SECONDS = 3.0
"""How often the seats are read again: a new seat can register this soon, and an expired log-in opens no longer.
The same look sees that a day has passed, and renders the days ahead anew."""
SETTLE_SECONDS = 0.3
"""A shift begins for many at once: what is told within this time is one reload."""

_log = structlog.get_logger(__name__)


class NodeEndedError(HotlineError):
    code = "asterisk_ended"


async def run(settings: Settings, ready: Callable[[], None], stop: asyncio.Event) -> None:
    """Run the node; raises NodeEndedError when Asterisk ends by itself, and what starting it raises.

    A database that is away changes nothing for the calls on the node; the seats stay as they were last read.
    """
    stop_left_over(NodePaths.of(settings))
    database = Database(database_url(settings), pool_size=1)
    try:
        seats = await _seats(database)
        content = await _content(database, settings)
        async with AsteriskNode(settings, seats, content=content, die_with_parent=True) as node:
            ready()
            ended = asyncio.create_task(node.wait())
            told = asyncio.Event()
            watching = asyncio.create_task(_watch(database, node, settings, told))
            listening = asyncio.create_task(_listen(settings, told))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({ended, watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in (watching, listening, stopping):
                task.cancel()
            if stop.is_set():
                ended.cancel()
                return
            if watching.done() and not watching.cancelled():
                ended.cancel()
                watching.result()
            raise NodeEndedError(f"Asterisk ended with status {await ended}; its log is {node.paths.log / 'messages'}")
    finally:
        await database.close()


async def _watch(database: Database, node: AsteriskNode, settings: Settings, told: asyncio.Event) -> None:
    airing = Airing(database, node, settings, SystemClock())
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), LOOK_SECONDS)
            await asyncio.sleep(SETTLE_SECONDS)
        told.clear()
        try:
            await airing.look()
        except IvrError as error:  # callers go on with what they have, and it is looked at again
            _log.error("node.not_aired", code=error.code, reason=str(error))
        except (SQLAlchemyError, OSError) as error:
            _log.warning("node.database_away", error=type(error).__name__)
            continue
        try:
            seats = await _seats(database)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("node.database_away", error=type(error).__name__)
            continue
        if seats != node.seats:
            await node.set_seats(seats)
            _log.info("node.seats_changed", seats=len(seats))


async def _listen(settings: Settings, told: asyncio.Event) -> None:
    """A log-in that is issued opens within about a second, as does a menu; were this deaf, within LOOK_SECONDS."""

    async def changed(_: str) -> None:
        told.set()

    url = libpq_url(database_url(settings))
    async with asyncio.TaskGroup() as tasks:
        for channel in (phones.CHANNEL, versions.CHANNEL):
            tasks.create_task(listen(url, channel, changed, name="hotline-node"))


async def _content(database: Database, settings: Settings) -> Content:
    """What callers hear from the start; a version that is asked for is left to the first look."""
    now = SystemClock().now()
    async with database.transaction() as session:
        await take_up(session, settings, now)
        return (await wanted(session, settings, now, with_asked=False)).content


async def _seats(database: Database) -> tuple[SeatAccount, ...]:
    async with database.transaction() as session:
        accounts = await desk.accounts(session)
        issued = await phones.seat_phones(session, SystemClock().now())
    found = []
    for account in accounts:
        seat = SeatAccount(account.extension, SecretStr(account.secret), account.supervises)
        phone = issued.get(account.extension)
        if phone is not None:
            logins = tuple(SipLogin(name, SecretStr(secret)) for name, secret in phone.logins)
            seat = replace(seat, logins=logins, browser=phone.kind is PhoneKind.BROWSER)
        found.append(seat)
    return tuple(sorted(found, key=lambda seat: seat.extension))
