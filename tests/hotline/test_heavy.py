from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import psutil
import pytest

from hotline.heavy import HeavyWork, HeavyWorkLost

PARENT = """
import asyncio, os
from hotline.heavy import HeavyWork
async def main():
    print(await HeavyWork().run(os.getpid), flush=True)
    await asyncio.sleep(600)
if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.fixture
async def heavy() -> AsyncIterator[HeavyWork]:
    work = HeavyWork()
    yield work
    work.close()


async def test_work_is_done_in_one_other_process_that_is_kept(heavy: HeavyWork) -> None:
    first, second = await heavy.run(os.getpid), await heavy.run(os.getpid)
    assert first == second != os.getpid()


async def test_what_the_work_raises_comes_back(heavy: HeavyWork) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await heavy.run(int, "x")


async def test_a_killed_process_fails_its_work_and_is_replaced(heavy: HeavyWork) -> None:
    first = await heavy.run(os.getpid)
    with pytest.raises(HeavyWorkLost):
        await heavy.run(os.kill, first, signal.SIGKILL)
    assert await heavy.run(os.getpid) not in {first, os.getpid()}


async def test_closing_ends_the_process_in_the_middle_of_its_work(heavy: HeavyWork) -> None:
    pid = await heavy.run(os.getpid)
    heavy.close()
    assert not psutil.pid_exists(pid)


def test_the_process_dies_with_its_killed_parent(tmp_path: object) -> None:
    script = f"{tmp_path}/parent.py"
    with open(script, "w", encoding="utf-8") as file:
        file.write(PARENT)
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the process outlived its parent"
        time.sleep(0.05)
