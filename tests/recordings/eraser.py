"""A deletion that SIGKILL ends at a named step: `python -m tests.recordings.eraser STEP URL DATA UID`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from hotline.clock import ManualClock
from hotline.database import Database
from hotline.settings import Settings
from recordings import certificates, erase
from recordings.erase import Wish
from recordings.objects import ObstoreObjects
from recordings.sealed import open_objects
from tests.recordings.killed import after, die
from tests.recordings.sounds import NOW

STEPS = ("begun", "one_object_gone", "all_objects_gone", "certificate_uncommitted", "rows_uncommitted")


def arm(step: str) -> None:
    """Let the process die at the step."""
    patch = pytest.MonkeyPatch()
    match step:
        case "begun":
            patch.setattr(erase, "begin", after(erase.begin))
        case "one_object_gone":
            patch.setattr(ObstoreObjects, "delete", after(ObstoreObjects.delete))
        case "all_objects_gone":
            patch.setattr(certificates, "write", die)
        case "certificate_uncommitted":
            patch.setattr(certificates, "write", after(certificates.write))
        case "rows_uncommitted":
            patch.setattr(erase, "defer", die)


async def main(arguments: list[str]) -> None:
    step, url, data, uid = arguments
    settings, database, clock = Settings(data=Path(data)), Database(url), ManualClock(NOW)
    arm(step)
    await erase.erase(database, open_objects(settings, database, clock), clock, Wish(uid, "ordinary", "r", "me", "x"))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
