"""A finaliser that SIGKILL ends at a named step: `python -m tests.recordings.killed STEP URL DATA SPOOL WORK UID`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hotline.clock import ManualClock
from hotline.database import Database
from hotline.settings import Settings
from recordings import container, finalise
from recordings.encode import encode
from recordings.legs import Legs
from recordings.objects import keep
from recordings.sealed import SealedObjects, open_objects
from tests.recordings.sounds import NOW

STEPS = ("claimed", "encoded", "sealed", "put", "stored", "row_uncommitted", "row_committed", "one_leg_deleted")


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def wrapped(*args: Any, **kwargs: Any) -> None:
        await function(*args, **kwargs)
        die()

    return wrapped


def after_sync(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: die(function(*args, **kwargs))


def delete_one(legs: Legs) -> None:
    legs.present[0].path.unlink()
    die()


def arm(step: str) -> None:
    if step == "sealed":
        pytest.MonkeyPatch().setattr("recordings.sealed.seal", after_sync(container.seal))
        return
    if step == "put":
        pytest.MonkeyPatch().setattr(SealedObjects, "_save", die)
        return
    replacements: dict[str, tuple[str, Any]] = {
        "claimed": ("_preserve", die),
        "encoded": ("encode", after_sync(encode)),
        "stored": ("keep", after(keep)),
        "row_uncommitted": ("write_row", after(finalise.write_row)),
        "row_committed": ("_delete", die),
        "one_leg_deleted": ("_delete", delete_one),
    }
    name, replacement = replacements[step]
    assert hasattr(finalise, name)
    setattr(finalise, name, replacement)


async def main(arguments: list[str]) -> None:
    step, url, data, spool, work, uid = arguments
    arm(step)
    settings = Settings(data=Path(data))
    database, clock = Database(url), ManualClock(NOW)
    objects = open_objects(settings, database, clock)
    node = finalise.Node(settings, database, clock, objects, Path(spool), Path(work))
    await finalise.finalise(node, uid)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
