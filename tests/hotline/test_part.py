from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hotline.processes.environment import for_child
from hotline.processes.part import READY_FD
from hotline.settings import Settings

PART = """
import asyncio, sys, types
from hotline.processes import part
from hotline.settings import load_settings

async def run(settings, ready, stop):
    ready()
    await (asyncio.Event() if sys.argv[1] == "stuck" else stop).wait()

module = types.ModuleType("a_part")
module.run = run
sys.modules["a_part"] = module
part.PARTS["a_part"] = "a_part"
part.LONGEST_END_SECONDS = 0.5
part.main("a_part", load_settings())
"""


@pytest.mark.parametrize(("kind", "status"), [("obedient", 0), ("stuck", 1)])
def test_a_part_says_when_it_is_ready_and_ends_when_it_is_told_even_if_its_work_does_not(
    tmp_path: Path, kind: str, status: int
) -> None:
    settings = Settings(data=tmp_path, instance="test")
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", PART, kind],
        env=for_child(settings) | {READY_FD: str(writing)}, pass_fds=(writing,), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(writing)
    assert os.read(reading, 6) == b"ready\n"
    os.close(reading)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, logged = process.communicate(timeout=30)
    assert process.returncode == status
    assert ("part.ended_by_force" in logged) is (kind == "stuck")
