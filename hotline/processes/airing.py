"""What callers hear, brought from the database to a running node: versions, announcements, days, whether anybody is in.

Nothing here drops a call, and nothing is lost when it fails: the node goes on with what it has, and the page shows why.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from acd import floor
from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import Settings
from ivr import announcements, versions
from ivr.content import Content
from ivr.errors import IvrError
from ivr.wanted import Standing, Wanted, standing, wanted

_CONTEXT = re.compile(r"\b(?:ivr|hl)-v([0-9]{1,9})-")

AGAIN = timedelta(seconds=30)
"""How soon an announcement or a day that Asterisk did not take is tried again."""

_log = structlog.get_logger(__name__)


class Node(Protocol):
    """What is needed of a running `AsteriskNode`."""

    content: Content | None

    async def command(self, line: str) -> str: ...

    async def set_content(self, content: Content) -> None: ...


class Airing:
    """Follows the database; `look()` is called every few seconds."""

    def __init__(self, database: Database, node: Node, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._node = node
        self._settings = settings
        self._clock = clock
        self._present: int | None = None
        self._done: Standing | None = None
        """What was last brought to the node, or refused by it."""
        self._again_at: datetime | None = None
        """When what was refused is tried again though nothing has changed."""

    async def look(self) -> None:
        """Bring the node to what the database says, and write down what came of it.

        Raises what the database raises, and NodeError where Asterisk does not answer.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            stands = await standing(session, self._settings, now)
            present = await floor.signed_in(session)
        await self._tell_presence(present)
        if stands == self._done and (self._again_at is None or now < self._again_at):
            return
        await self._follow(now)
        self._done = stands

    async def _follow(self, now: datetime) -> None:
        async with self._database.transaction() as session:
            sought = await wanted(session, self._settings, now)
        if sought.problem and sought.asked is not None:
            await self._fail(sought.asked.number, sought.problem)
            return
        self._again_at = None
        known = self._node.content
        if known is None or not _says_all(known, sought.content):
            sought = await self._with_those_in_use(sought, now)
            try:
                await self._node.set_content(sought.content)
            except IvrError as error:
                _log.error("menus.not_applied", version=sought.content.live, code=error.code, reason=str(error))
                self._again_at = now + AGAIN
                await self._refuse(sought, str(error))
                return
            _log.info("menus.applied", version=sought.content.live, announcements=len(sought.content.news))
        await self._note(sought, now)

    async def _with_those_in_use(self, sought: Wanted, now: datetime) -> Wanted:
        channels = await self._node.command("core show channels concise")
        in_use = {int(number) for number in _CONTEXT.findall(channels)}
        async with self._database.transaction() as session:
            again = await wanted(session, self._settings, now, in_use)
        return again if again.asked == sought.asked and not again.problem else sought

    async def _tell_presence(self, present: int) -> None:
        if present != self._present:
            await self._node.command(f"dialplan set global HL_PRESENT {present}")
            self._present = present

    async def _note(self, sought: Wanted, now: datetime) -> None:
        async with self._database.transaction() as session:
            if sought.asked is not None and await _still_asked(session, sought.asked.number):
                await versions.made_live(session, sought.asked.number, now=now)
            if await announcements.news(session, now) == sought.content.news:
                await announcements.aired(session, now=now)

    async def _refuse(self, sought: Wanted, problem: str) -> None:
        if sought.asked is not None:
            await self._fail(sought.asked.number, problem)
            return
        async with self._database.transaction() as session:
            await announcements.not_aired(session, problem)

    async def _fail(self, number: int, problem: str) -> None:
        async with self._database.transaction() as session:
            if await _still_asked(session, number):
                await versions.failed(session, number, problem)


async def _still_asked(session: AsyncSession, number: int) -> bool:
    asked = await versions.in_state(session, versions.VersionState.ASKED)
    return asked is not None and asked.number == number


def _says_all(known: Content, sought: Content) -> bool:
    """Whether a node that has `known` needs nothing for `sought`; versions it has beside those do no harm."""
    menus = {number: known.menus.get(number) for number in sought.menus}
    return replace(known, menus=menus) == sought  # type: ignore[arg-type]
