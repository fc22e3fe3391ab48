"""An import that SIGKILL ends at a named step: `python -m tests.recordings.killed_import STEP AT URL DATA WORK FOLDER`.

`AT` is the file, counted from 1, at which it ends.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hotline.bounded import BoundedWork
from hotline.clock import ManualClock
from hotline.database import Database
from hotline.settings import Settings
from recordings import importing
from recordings.finalise import Node
from recordings.sealed import open_objects
from tests.recordings.sounds import NOW

STEPS = ("hashed", "converted", "stored", "row_uncommitted", "row_committed")


def arm(step: str, at: int) -> None:
    """Replace the function whose end is the step by one that dies after its `at`-th call."""
    calls = itertools.count(1)

    def die_at() -> None:
        if next(calls) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def after(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            result = await function(*args, **kwargs)
            die_at()
            return result

        return wrapped

    def after_sync(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            die_at()
            return result

        return wrapped

    match step:
        case "hashed":
            importing.fingerprint = after_sync(importing.fingerprint)
        case "converted":
            BoundedWork.run = after(BoundedWork.run)  # type: ignore[method-assign]
        case "stored":
            importing.keep = after(importing.keep)
        case "row_uncommitted":
            importing.write_row = after(importing.write_row)
        case "row_committed":
            importing._import = after(importing._import)


async def main(arguments: list[str]) -> None:
    step, at, url, data, folder = arguments
    arm(step, int(at))
    settings, clock, database = Settings(data=Path(data)), ManualClock(NOW), Database(url)
    objects = open_objects(settings, database, clock)
    node = Node(settings, database, clock, objects, Path(data), objects.work())
    async for _ in importing.run(node, importing.Options(Path(folder))):
        pass


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
