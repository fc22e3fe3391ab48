"""Whether the people behind open streams may still look: asked for all of them together, not for each."""

from __future__ import annotations

import asyncio

from hotline import accounts
from hotline.accounts import Subject
from hotline.clock import Clock
from hotline.database import Database
from hotline.roles import Action, allows

FRESH_SECONDS = 5.0
"""An answer is good for this long: streams that were opened together ask together."""
FORGET_SECONDS = 60.0
"""A stream asks more often than this; one that does not is closed."""


class StreamSessions:
    """One statement for the sessions of all open streams, however many ask at the same moment."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._wanted: dict[str, float] = {}
        """Tokens of open streams, and the loop's time at which each was last asked for."""
        self._known: dict[str, Subject | None] = {}
        self._asked_at = -FRESH_SECONDS
        self._turn = asyncio.Lock()

    async def may(self, token: str, action: Action) -> bool:
        """Whether this session still holds, and its person's role still does `action`."""
        subject = await self.who(token)
        return subject is not None and allows(subject.role, action)

    async def who(self, token: str) -> Subject | None:
        """Whose session this is; None where it does not hold any more."""
        loop = asyncio.get_running_loop()
        self._wanted[token] = loop.time()
        async with self._turn:
            if token not in self._known or loop.time() - self._asked_at >= FRESH_SECONDS:
                await self._ask(loop.time())
            return self._known[token]

    async def _ask(self, now: float) -> None:
        self._wanted = {token: at for token, at in self._wanted.items() if now - at < FORGET_SECONDS}
        tokens = list(self._wanted)
        async with self._database.transaction() as session:
            found = await accounts.subjects_of(session, tokens, self._clock.now())
        self._known = {token: found.get(token) for token in tokens}
        self._asked_at = now
