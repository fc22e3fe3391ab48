"""`make chaos`: every fault, one after another, and a table of what held.

Ends with status 1 where an invariant was broken. `--only WORD` runs the faults whose name has it, `--seed N` repeats a
run's random choices.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from hotline.settings import (
    CHECKOUT,
    AcdSettings,
    AmiSettings,
    AsteriskSettings,
    RecordingSettings,
    Settings,
    SurveySettings,
)
from ivr.paths import NodePaths, system_asterisk
from tests.chaos.centre import ChaosCentre, opened
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.judge import Invariant, Verdict
from tests.e2e.rig import free_port
from tests.ivr.rig import QUICK_MENU, brief_prompts

SPOOL_MEGABYTES = 256


@contextmanager
def settings_of(folder: Path) -> Iterator[Settings]:
    """An installation of its own, whose recordings lie on a small file system of their own."""
    menu = folder / "menu.yaml"
    menu.write_text(QUICK_MENU, "utf-8")
    settings = Settings(
        data=folder,
        models=folder / "no-models",  # what was said is not the question here, and hearing it takes the machine
        instance=f"chaos-{uuid.uuid4().hex[:8]}",
        ami=AmiSettings(port=free_port(), secret=SecretStr(uuid.uuid4().hex), action_timeout=3.0),
        asterisk=AsteriskSettings(
            root=None if system_asterisk() else CHECKOUT / "data" / "asterisk",
            sip_port=free_port(udp=True),
            http_port=free_port(),
            rtp_start=26000,
            rtp_end=27998,
        ),
        acd=AcdSettings(wrap_up_seconds=1.0, max_wait_seconds=60),
        recordings=RecordingSettings(settle_seconds=2.0, low_free_mb=0, full_free_mb=0),
        survey=SurveySettings(scale="off"),
        menu=menu,
        prompts=brief_prompts(folder / "prompts"),
    )
    paths = NodePaths.of(settings)
    paths.recordings.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SPOOL_MEGABYTES}m,mode=0777", "tmpfs", str(paths.recordings)]
    subprocess.run(mount, check=True)
    try:
        yield settings
    finally:
        subprocess.run(["umount", "-l", str(paths.recordings)], check=False)
        shutil.rmtree(paths.base, ignore_errors=True)


async def run(faults: tuple[Fault, ...], seed: int) -> dict[str, Verdict]:
    verdicts: dict[str, Verdict] = {}
    kept = CHECKOUT / "data" / "chaos-logs"
    shutil.rmtree(kept, ignore_errors=True)
    for set_clock in (False, True):
        mine = [fault for fault in faults if fault.set_clock is set_clock]
        if not mine:
            continue
        with tempfile.TemporaryDirectory(prefix="hotline-chaos-") as name, settings_of(Path(name)) as settings:
            try:
                async with opened(settings, seed=seed, controllers=2, set_clock=set_clock) as centre:
                    for fault in mine:
                        verdicts[fault.name] = await _one(centre, fault)
            finally:
                shutil.copytree(settings.instance_dir / "log", kept / settings.instance, dirs_exist_ok=True)
    return verdicts


async def _one(centre: ChaosCentre, fault: Fault) -> Verdict:
    started = time.monotonic()
    try:
        verdict = await centre.scenario(fault.hurt, fault.calls, fault.seconds, cut=fault.cut)
    except Exception:
        traceback.print_exc()
        verdict = Verdict()
        verdict.broken[Invariant.ACCOUNTED].append("the scenario itself failed, see above")
    print(_line(fault.name, verdict, time.monotonic() - started), flush=True)
    return verdict


def _head() -> str:
    return f"{'fault':<44}{'calls':>6} " + "".join(f"{each.value:>16}" for each in Invariant) + "   endings"


def _line(name: str, verdict: Verdict, seconds: float) -> str:
    cells = "".join(f"{'holds' if not verdict.broken[each] else len(verdict.broken[each]):>16}" for each in Invariant)
    endings = ", ".join(f"{count} {outcome}" for outcome, count in sorted(verdict.outcomes.items()))
    return f"{name:<44}{verdict.calls:>6} {cells}   {endings} ({seconds:.0f} s)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="faults whose name has this word")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    faults = tuple(fault for fault in FAULTS if arguments.only in fault.name)
    if not faults:
        print(f"no fault has {arguments.only!r} in its name; there are: {', '.join(each.name for each in FAULTS)}")
        return 2
    print(_head(), flush=True)
    verdicts = asyncio.run(run(faults, arguments.seed))
    for name, verdict in verdicts.items():
        for invariant, findings in verdict.broken.items():
            for finding in findings:
                print(f"{name}: {invariant.value}: {finding}")
    total = sum(verdict.calls for verdict in verdicts.values())
    bad = sum(not verdict.good for verdict in verdicts.values())
    print(f"{total} calls, {len(verdicts)} faults, {bad} with a broken invariant; seed {arguments.seed}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
