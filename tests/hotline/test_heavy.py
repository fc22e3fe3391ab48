from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from hotline.heavy import NICE, HeavyWork, HeavyWorkLost, HeavyWorkTooLong

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


async def test_work_that_hangs_is_ended_and_the_next_goes_on_in_another_process(heavy: HeavyWork) -> None:
    first = await heavy.run(os.getpid)
    with pytest.raises(HeavyWorkTooLong):
        await heavy.run_within(0.2, time.sleep, 600)
    assert not psutil.pid_exists(first)
    assert await heavy.run(os.getpid) != first


async def test_a_timeout_that_the_work_itself_raises_is_its_own(heavy: HeavyWork) -> None:
    with pytest.raises(TimeoutError):
        await heavy.run_within(60, _times_out)


async def test_the_time_begins_when_a_process_is_free(heavy: HeavyWork) -> None:
    await heavy.run(os.getpid)
    results = await asyncio.gather(*(heavy.run_within(5.0, time.sleep, 0.05) for _ in range(4)))
    assert results == [None] * 4


async def test_a_process_is_replaced_after_so_many_files_and_when_it_has_grown() -> None:
    for heavy in (HeavyWork(most_runs=2), HeavyWork(most_megabytes=1.0)):
        try:
            pids = [await heavy.run(os.getpid) for _ in range(4)]
        finally:
            heavy.close()
        assert len(set(pids)) >= 2


async def test_two_processes_work_at_once() -> None:
    heavy = HeavyWork(2)
    try:
        pids = await asyncio.gather(*(heavy.run(_sleeps, 0.5) for _ in range(2)))
    finally:
        heavy.close()
    assert len(set(pids)) == 2


async def test_people_talking_come_first(heavy: HeavyWork) -> None:
    pid = await heavy.run(os.getpid)
    assert os.getpriority(os.PRIO_PROCESS, pid) >= NICE
    assert os.sched_getscheduler(pid) == os.SCHED_BATCH


async def test_the_kernel_ranks_its_session_below_asterisks_and_the_databases_too(heavy: HeavyWork) -> None:
    session = Path("/proc/self/autogroup")
    if not session.exists():
        pytest.skip("this kernel does not share its cores between sessions")
    pid = await heavy.run(os.getpid)
    assert os.getsid(pid) == pid
    assert await heavy.run(_rank_of_session) == f"nice {NICE}"
    assert await heavy.run(_rank_of_session) not in session.read_text(), "ours is no nicer than it was"


def _rank_of_session() -> str:
    return " ".join(Path("/proc/self/autogroup").read_text().split()[1:])


def _times_out() -> None:
    raise TimeoutError("of the work itself")


def _sleeps(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


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
