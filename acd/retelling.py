"""The journal read along with the events: what AMI lost, doubled or turned round is put right within a second.

The dialplan writes each milestone into the journal before it tells it (`ivr.dialplan.tell`). So when a call's end is
heard, all that happened to it lies in the journal already, and is heard first: a lost `answered` cannot make a served
caller look like one who gave up. Whatever was told as well changes nothing, since milestones join (`acd.calls`).
"""

from __future__ import annotations

import asyncio

from acd.duty import Duty, Retold
from acd.hearing import hear
from acd.journal import read_journal

LOOK_SECONDS = 1.0
"""How long a milestone that AMI has lost stays unknown, such as a caller who has begun to wait."""


async def retell(duty: Duty) -> None:
    """Hear what the journal has gained since it was last read."""
    if duty.journal is None or not duty.resumed or not _grown(duty):
        return
    journal = await asyncio.to_thread(read_journal, duty.journal, start=duty.journal_told)
    duty.journal_told = journal.end
    for event in journal.events:
        await hear(duty, event, told_before=True)


def _grown(duty: Duty) -> bool:
    assert duty.journal is not None
    try:
        size = duty.journal.stat().st_size
    except OSError:
        return False
    return size != duty.journal_told


async def watch(duty: Duty) -> None:
    """Look each second whether the journal has grown; runs until cancelled."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if duty.journal is not None and duty.resumed and _grown(duty):
            await duty.inbox.put(Retold())
