"""A process that SIGKILL ends at a named step: `python -m tests.recordings.rotator STEP URL DATA`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from hotline.clock import ManualClock
from hotline.database import Database
from hotline.settings import Settings
from recordings import master, rotation
from recordings.daykeys import DayKeys
from recordings.objects import ObstoreObjects
from recordings.private import opened_copy
from recordings.sealed import SealedObjects, open_objects
from recordings.sealing import seal_old
from tests.recordings.killed import after, die
from tests.recordings.sounds import NOW

RESEAL = ("reseal: copied", "reseal: sealed", "reseal: written")
STEPS = ("file_holds_both", "rewrapped", "committed", "copied", "file_holds_one")


def arm(step: str) -> None:
    """Let the process die right after the step."""
    write = master.write
    writes = iter(range(9))
    patch = pytest.MonkeyPatch()

    def die_after(number: int) -> Any:
        def wrapped(*args: Any) -> None:
            write(*args)
            if next(writes) == number:
                die()

        return wrapped

    match step:
        case "file_holds_both":
            patch.setattr(master, "write", die_after(0))
        case "rewrapped":
            patch.setattr("hotline.audit.record", die)
        case "committed":
            patch.setattr(DayKeys, "copy_out", die)
        case "copied":
            patch.setattr(DayKeys, "copy_out", after(DayKeys.copy_out))
        case "file_holds_one":
            patch.setattr(master, "write", die_after(1))


async def main(arguments: list[str]) -> None:
    step, url, data = arguments
    settings, database, clock = Settings(data=Path(data)), Database(url), ManualClock(NOW)
    objects = open_objects(settings, database, clock)
    if step == "copy":
        async with opened_copy(objects, "2026/11/21/n1-1.1.flac"):
            die()
    if step.startswith("reseal"):
        match step:
            case "reseal: copied":
                pytest.MonkeyPatch().setattr(SealedObjects, "_seal", die)
            case "reseal: sealed":
                pytest.MonkeyPatch().setattr(ObstoreObjects, "write", die)
            case _:
                pytest.MonkeyPatch().setattr(SealedObjects, "_save", die)
        await seal_old(database, objects)
    await objects.keys.current()
    arm(step)
    await rotation.rotate_master(settings, database, clock, objects.keys, actor="me")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
