"""Calls against recordings against files: recover what was left, name every call without a sound recording.

Runs as a periodic job and as `hotline recordings reconcile`. What it finds out is decided in `findings`; here are
the looks at the ledger, the rows, the spool and the store, and the rows written of it.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from recordings import calls, certificates, problems, store, stored
from recordings.errors import LegsHeld, RecordingError
from recordings.finalise import Node, attempt
from recordings.findings import CallFacts, Problem, reconcile
from recordings.legs import Spool, scan
from recordings.objects import day_folders
from recordings.private import REQUESTS, sweep
from recordings.problems import OpenProblem
from recordings.restore import restore_orphans
from recordings.store import RecordingView

LOOK_BACK = timedelta(days=2)
"""Calls that ended within this are held against their recordings; older ones only while a problem is open."""
GRACE = timedelta(seconds=60)
"""The ordinary job has this long after a call's end before the reconciliation does its work."""
HELD_GRACE = timedelta(minutes=10)
"""Legs that somebody still holds, Asterisk or another finaliser, are a finding only after this."""

PLAIN_FOLDERS_STAY = timedelta(hours=1)
"""No request works longer on a clip, a letter's pages or what was sent."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """One run; `problems` are all that are open after it, `refused` files in spool and store that are no recordings."""

    calls: int
    recordings: int
    recovered: tuple[str, ...]
    waiting: dict[str, str]
    refused: tuple[tuple[str, str], ...]
    opened: int
    resolved: int
    problems: tuple[OpenProblem, ...]

    @property
    def sound(self) -> bool:
        return not self.problems


async def run(node: Node, *, look_back: timedelta = LOOK_BACK) -> Report:
    """Recover the legs that were left behind, then bring the problem rows up to date."""
    now = node.clock.now()
    spool = await asyncio.to_thread(scan, node.spool)
    recovered, waiting, held = await _recover(node, spool)
    listed = [
        found
        for folder in day_folders(now - look_back, now, node.settings)
        async for found in node.objects.listing(folder)
    ]
    restored, strange = await restore_orphans(node, [found for found in listed if found.changed_at < now - GRACE])
    recovered += restored
    async with node.database.transaction() as session:
        open_before = {problem.call_uid for problem in await problems.list_open(session)}
        looked_at, kept = await _facts(session, open_before, now - look_back, now)
        for uid in held & (looked_at.keys() - kept.keys()):
            ended_at = looked_at[uid].ended_at
            if ended_at is not None and now - ended_at < HELD_GRACE:
                del looked_at[uid]
        for uid in await certificates.deleted(session, looked_at.keys()):
            del looked_at[uid]  # what was deleted by a rule, or is being deleted, is not missing
            kept.pop(uid, None)
        for uid in looked_at.keys() & kept.keys():
            looked_at[uid] = await calls.with_pauses(session, looked_at[uid], kept[uid], node.limits)
        sizes = await _sizes(node, kept.values(), {found.key: found.bytes for found in listed})
        found = reconcile(
            looked_at.values(), kept.values(), reasons=waiting, stored=sizes, limits=node.limits,
            expected=await stored.sizes(session, sizes),
        )  # fmt: skip
        # Damage is only ever opened here: whether the bytes are whole again, the scrubber says, which hashes them.
        kinds = set(Problem) - {Problem.UNREADABLE}
        opened, resolved = await problems.apply(session, {*looked_at, *kept, *open_before}, kinds, found, now)
        still_open = tuple(await problems.list_open(session))
    refused = (*spool.refused, *strange)
    if opened or resolved or recovered or refused:
        counts = {"recovered": len(recovered), "refused": len(refused)}
        _log.info("recordings.reconciled", opened=opened, resolved=resolved, **counts)
    return Report(len(looked_at), len(kept), tuple(recovered), waiting, refused, opened, resolved, still_open)


async def tidy(node: Node) -> int:
    """Remove what killed processes left behind: what is in clear now, half-made files after a day; how many."""
    swept = await asyncio.to_thread(sweep, node.objects.work())
    before = node.clock.now() - timedelta(days=1)
    plain = (node.clock.now() - PLAIN_FOLDERS_STAY).timestamp()
    old = [
        path
        for path in node.work.iterdir()
        if path.stat().st_mtime < (plain if path.name.startswith(REQUESTS) else before.timestamp())
    ]
    for path in old:
        if path.is_dir():
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return swept + len(old) + await asyncio.to_thread(node.objects.forget_halves, before)


async def _sizes(node: Node, kept: Iterable[RecordingView], listed: dict[str, int]) -> dict[str, int]:
    """Sizes in the store of what is looked at: from the listing of the days, else from that of its folder."""
    sizes = dict(listed)
    elsewhere = {recording.object_key.rpartition("/")[0] for recording in kept if recording.object_key not in sizes}
    for folder in sorted(elsewhere):
        sizes |= {found.key: found.bytes async for found in node.objects.listing(folder)}
    return sizes


async def _recover(node: Node, spool: Spool) -> tuple[list[str], dict[str, str], set[str]]:
    """Finalise what the spool still holds: uids made whole, why the others wait, and which of them somebody holds."""
    recovered: list[str] = []
    waiting: dict[str, str] = {}
    held: set[str] = set()
    for uid in spool.calls:
        async with node.database.transaction() as session:
            call = await calls.get(session, uid)
        if call is not None and call.ended_at is not None and abs(node.clock.now() - call.ended_at) < GRACE:
            waiting[uid] = "the call has just ended"
            continue
        try:
            await attempt(node, uid, recovered=True)
        except RecordingError as error:
            waiting[uid] = str(error)
            if isinstance(error, LegsHeld):
                held.add(uid)
        else:
            recovered.append(uid)
    return recovered, waiting, held


async def _facts(
    session: AsyncSession, uids: set[str], since: datetime, now: datetime
) -> tuple[dict[str, CallFacts], dict[str, RecordingView]]:
    """The calls that ended since (but for the last minute's) and those of `uids`, with their recordings."""
    looked_at = {call.uid: call for call in await calls.ended_between(session, since, now - GRACE)}
    kept = {found.call_uid: found for found in await store.started_between(session, since, now)}
    kept |= await store.of_calls(session, (looked_at.keys() | uids) - kept.keys())
    for uid in (kept.keys() | uids) - looked_at.keys():
        call = await calls.get(session, uid)
        if call is not None:
            looked_at[uid] = call
    return looked_at, kept
