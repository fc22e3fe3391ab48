"""Stored recordings: their rows, and the bytes behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recordings.errors import NoRecording
from recordings.models import Recording
from recordings.objects import Objects
from recordings.private import opened_copy


@dataclass(frozen=True, slots=True)
class RecordingView:
    """One recording as other rooms see it; lengths in seconds, levels 0…1 of full scale."""

    call_uid: str
    object_key: str
    sha256: str
    bytes: int
    seconds: float
    sample_rate: int
    caller_seconds: float
    seat_seconds: float
    caller_rms: float
    seat_rms: float
    started_at: datetime
    finalised_at: datetime
    recovered: bool

    def second_of(self, moment: datetime | None) -> float | None:
        """Where in the recording `moment` lies, kept within it; None for None."""
        if moment is None:
            return None
        return min(max((moment - self.started_at).total_seconds(), 0.0), self.seconds)


def view(row: Recording) -> RecordingView:
    return RecordingView(**{name: getattr(row, name) for name in RecordingView.__dataclass_fields__})


async def get(session: AsyncSession, call_uid: str) -> RecordingView | None:
    """The recording of one call, None where there is none."""
    row = await session.scalar(select(Recording).where(Recording.call_uid == call_uid))
    return view(row) if row else None


async def of_calls(session: AsyncSession, call_uids: Iterable[str]) -> dict[str, RecordingView]:
    """Recordings by call, for lists; calls without one are left out."""
    rows = await session.scalars(select(Recording).where(Recording.call_uid.in_(list(call_uids))))
    return {row.call_uid: view(row) for row in rows}


async def started_between(session: AsyncSession, start: datetime, end: datetime) -> list[RecordingView]:
    """Recordings whose sound began in `[start, end)`, oldest first."""
    rows = await session.scalars(
        select(Recording)
        .where(Recording.started_at >= start, Recording.started_at < end)
        .order_by(Recording.started_at)
    )
    return [view(row) for row in rows]


async def everything(session: AsyncSession) -> list[RecordingView]:
    """Every recording there is, oldest first."""
    return [view(row) for row in await session.scalars(select(Recording).order_by(Recording.started_at))]


def open_range(objects: Objects, recording: RecordingView, start: int, end: int) -> AsyncIterator[bytes]:
    """Bytes `start` to `end` (excluded) of the plain FLAC, in chunks. For people use `recordings.replay`."""
    return objects.read(recording.object_key, start, min(end, recording.bytes) - start)


@asynccontextmanager
async def local_file(objects: Objects, recording: RecordingView | None) -> AsyncIterator[Path]:
    """The plain FLAC file on this machine while the block runs, readable by this user only, then gone.

    Raises NoRecording for None; ObjectMissing, ObjectDamaged, StoreUnavailable or DiskFull where it cannot be had.
    """
    if recording is None:
        raise NoRecording("this call has no stored recording; `hotline recordings reconcile` says why")
    async with opened_copy(objects, recording.object_key, ".flac") as copy:
        yield copy
