"""How long a recording still waits until it was looked through for sensitive digits."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from hotline.jobs import waiting_jobs
from recordings.finalise import TRANSCRIBE
from recordings.store import RecordingView

SHARE = 0.2
"""Of a recording's length that recognition takes on a machine with other work (docs/recognition.md)."""
USUAL_SECONDS = 180.0
"""Length of the calls in front of this one."""
SHORTEST = 30.0


async def seconds_until_checked(session: AsyncSession, recording: RecordingView) -> float:
    """About how many seconds: the recordings in front of it, and itself."""
    before = await waiting_jobs(session, TRANSCRIBE)
    return round(max(SHORTEST, SHARE * (recording.seconds + USUAL_SECONDS * max(0, before - 1))))
