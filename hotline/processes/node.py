"""An Asterisk node as a process: started with the seats of the database, told of new ones, watched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from acd import desk
from hotline.connect import database_url
from hotline.database import Database
from hotline.errors import HotlineError
from hotline.processes.asterisk import AsteriskNode, stop_left_over
from hotline.settings import Settings
from ivr.node import SeatAccount
from ivr.paths import NodePaths

LOOK_SECONDS = 3.0
"""How often the seats are read again: a new seat can register this soon."""

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
        async with AsteriskNode(settings, seats, die_with_parent=True) as node:
            ready()
            ended = asyncio.create_task(node.wait())
            watching = asyncio.create_task(_watch(database, node))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({ended, watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
            watching.cancel()
            stopping.cancel()
            if stop.is_set():
                ended.cancel()
                return
            if watching.done() and not watching.cancelled():
                ended.cancel()
                watching.result()
            raise NodeEndedError(f"Asterisk ended with status {await ended}; its log is {node.paths.log / 'messages'}")
    finally:
        await database.close()


async def _watch(database: Database, node: AsteriskNode) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            seats = await _seats(database)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("node.database_away", error=type(error).__name__)
            continue
        if seats != node.seats:
            await node.set_seats(seats)
            _log.info("node.seats_changed", seats=len(seats))


async def _seats(database: Database) -> tuple[SeatAccount, ...]:
    async with database.transaction() as session:
        accounts = await desk.accounts(session)
    found = [SeatAccount(account.extension, SecretStr(account.secret), account.supervises) for account in accounts]
    return tuple(sorted(found, key=lambda seat: seat.extension))
