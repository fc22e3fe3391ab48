"""The supervisor on real processes: what dies comes back, and nothing is left when it ends, however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hotline import secrets
from hotline.embedded import borrowed
from hotline.errors import HotlineError
from hotline.processes.environment import for_child
from hotline.processes.supervisor import AlreadyRunningError, running, supervisor_pid
from hotline.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", instance="test")


@pytest.fixture
def keeper(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], dict[str, int]]]:
    """`hotline up` with the worker alone, and the process ids of what it runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hotline", "up", "--only", "worker"],
        env=for_child(settings), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert any("Ctrl-C" in line for line in process.stdout), "it did not start"
        children = psutil.Process(process.pid).children(recursive=True)
        yield process, {child.name(): child.pid for child in children}
    finally:
        process.kill()
        process.wait()


def _wait_for(true: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.1)
    return False


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_a_part_that_is_killed_comes_back_and_nothing_is_left_at_the_end(settings: Settings) -> None:
    async with running(settings, ("worker",)) as system:
        before = system.pids
        assert set(before) == {"worker", "postgres"}
        assert supervisor_pid(settings) == os.getpid()
        for name in ("worker", "postgres"):
            os.kill(before[name], signal.SIGKILL)
        for _ in range(400):
            await asyncio.sleep(0.1)
            after = system.pids
            if set(after) == set(before) and not set(after.values()) & set(before.values()):
                break
        assert set(after) == set(before)
        assert system.restarts["worker"] >= 1
        with pytest.raises(AlreadyRunningError, match="hotline down"):
            async with running(settings, ()):
                pass
    assert all(_gone(pid) for pid in [*before.values(), *after.values()])
    assert supervisor_pid(settings) is None


async def test_a_part_that_cannot_start_is_named_with_its_reason_and_nothing_is_left(settings: Settings) -> None:
    broken = settings.model_copy(update={"web_host": "192.0.2.1"})  # TEST-NET-1, not ours to bind
    with pytest.raises(HotlineError, match=r"192\.0\.2\.1"):
        async with running(broken, ("web",)):
            pass
    assert supervisor_pid(settings) is None
    assert not any(str(settings.data) in " ".join(process.cmdline()) for process in _ours())


def _ours() -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.cmdline():
                yield process
        except psutil.Error:
            continue


def test_a_killed_supervisor_takes_every_process_with_it_and_the_next_start_works(
    settings: Settings, keeper: tuple[subprocess.Popen[str], dict[str, int]]
) -> None:
    process, pids = keeper
    process.kill()
    process.wait()
    assert _wait_for(lambda: all(_gone(pid) for pid in pids.values())), "a child outlived the supervisor"
    assert (settings.instance_dir / "supervisor.pid").read_text(), "the pid file is stale"
    assert supervisor_pid(settings) is None

    async def again() -> dict[str, int]:
        async with running(settings, ("worker",)) as system:
            return system.pids

    assert set(asyncio.run(again())) == {"worker", "postgres"}


def test_hotline_down_stops_it_from_outside(
    settings: Settings, keeper: tuple[subprocess.Popen[str], dict[str, int]]
) -> None:
    process, pids = keeper

    def down() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hotline", "down"]
        return subprocess.run(command, env=for_child(settings), capture_output=True, text=True, check=False)

    first = down()
    assert (first.returncode, first.stdout) == (0, "stopped\n")
    assert process.wait(10) == 0
    assert all(_gone(pid) for pid in pids.values())
    assert down().stdout == "nothing was running\n"


async def test_a_start_waits_for_a_command_that_runs_the_database_for_itself(settings: Settings) -> None:
    with borrowed(settings.instance_dir) as url:
        assert url

        async def start() -> dict[str, int]:
            async with running(settings, ()) as system:
                return system.pids

        starting = asyncio.create_task(start())
        await asyncio.sleep(1)
        assert not starting.done()
    assert set(await starting) == {"postgres"}


def test_secrets_are_made_once_for_the_owner_only(settings: Settings) -> None:
    first = secrets.complete(settings).ami.secret.get_secret_value()
    assert len(first) >= 24
    assert secrets.complete(settings).ami.secret.get_secret_value() == first
    file = settings.instance_dir / "secrets" / "ami"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_child_reads_the_very_settings_and_no_secret_is_in_its_environment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = settings.model_copy(
        update={
            "web_port": 8123,
            "acd": settings.acd.model_copy(update={"ring_seconds": 5}),
            "asterisk": settings.asterisk.model_copy(update={"access_numbers": ["10015", "10016"]}),
        }
    )
    complete = secrets.complete(changed)
    monkeypatch.setenv("HOTLINE_WEB_PORT", "1")
    environment = for_child(complete)
    assert complete.ami.secret.get_secret_value() not in environment.values()
    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        if name.startswith("HOTLINE_"):
            monkeypatch.setenv(name, value)
    assert load_settings() == complete


def test_an_interrupted_up_stops_in_order_also_while_it_starts(settings: Settings) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "hotline", "up", "--only", "worker"],
        env=for_child(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert any("starting worker" in line for line in process.stdout)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert out.endswith("stopped\n")
    assert "Traceback" not in err
    assert all(_gone(child.pid) for child in children)
