"""A real worker that stops at one step of a transcription and waits to be killed: what `test_worker_killed` starts.

python -m tests.transcribe.stopping_worker DATABASE_URL DATA FLAG STEP
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hotline import metrics
from hotline.processes import worker
from hotline.settings import Settings
from transcribe import drafts, jobs
from transcribe.jobs import Request
from transcribe.lexicon import notes
from transcribe.turns import Transcription, Turn

SAID = (
    Turn("caller", 1.0, 5.0, "我要投诉，我家的宽带断网三天了。"),
    Turn("caller", 5.0, 8.0, "卡号六二二二零二零二零零零一二三四五六七八。"),
)


def hears(_: Path, __: Settings, ___: Request) -> Transcription:
    return Transcription(9.0, SAID, engine="test/test")


def hears_otherwise(_: Path, __: Settings, ___: Request) -> Transcription:
    return Transcription(9.0, (Turn("caller", 1.0, 8.0, "我想咨询一下套餐。"),), engine="test/other")


def hears_without_end(_: Path, settings: Settings, ___: Request) -> Transcription:
    (settings.data / "flag").touch()
    time.sleep(600)
    return hears(_, settings, ___)


def stop_at(step: str, flag: Path) -> None:
    async def wait() -> None:
        flag.touch()
        await asyncio.sleep(600)

    def before(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def waits(*args: Any, **kwargs: Any) -> Any:
            await wait()
            return await function(*args, **kwargs)

        return waits

    measured = metrics.measured

    async def waits_before(job: Any, process: Callable[[], Awaitable[Any]]) -> Any:
        if job.task_name == jobs.TRANSCRIBE:
            await wait()
        return await measured(job, process)

    async def waits_after(job: Any, process: Callable[[], Awaitable[Any]]) -> Any:
        result = await measured(job, process)
        if job.task_name == jobs.TRANSCRIBE:
            await wait()
        return result

    recognisers = {"recognise": hears_without_end, "none": hears_otherwise}
    jobs.transcribe_call.__defaults__ = (recognisers.get(step, hears),)
    match step:
        case "claim":
            metrics.measured = waits_before
        case "masked":
            setattr(drafts, "save", before(drafts.save))  # noqa: B010 - the one of this process alone
        case "commit":
            setattr(notes, "mark", before(notes.mark))  # noqa: B010 - the one of this process alone
        case "end":
            metrics.measured = waits_after
        case _:
            pass


async def main(url: str, data: str, flag: str, step: str) -> None:
    settings = Settings(data=Path(data), database_url=url)
    stop_at(step, Path(flag))
    await worker.run(settings, lambda: None, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
