"""The disk that calls are recorded on: room left, and whether the legs of live calls grow.

Asterisk tells nobody when it cannot write a recording (asterisk.md §3): a failed open only logs, write errors are
ignored. So the disk is watched, and legs that are held open must grow.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import structlog
from prometheus_client import Gauge

from hotline.health import Check
from hotline.settings import RecordingSettings, Settings
from ivr.errors import NoAsteriskError
from ivr.paths import NodePaths
from recordings.legs import Holders, Spool

MEGABYTE = 1 << 20
FREE = Gauge("hotline_recordings_disk_free_bytes", "Free space where calls are recorded", ["folder"])
USED = Gauge("hotline_recordings_disk_used_ratio", "Used share of the disk where calls are recorded", ["folder"])
SPOOL_BYTES = Gauge("hotline_recordings_spool_bytes", "Raw legs that wait in the spool or are being written")
SPOOL_CALLS = Gauge("hotline_recordings_spool_calls", "Calls with raw legs in the spool")
STALLED = Gauge("hotline_recordings_stalled_calls", "Live calls whose legs do not grow: they are not being recorded")

_log = structlog.get_logger(__name__)


class Level(StrEnum):
    OK = "ok"
    LOW = "low"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class DiskReport:
    """`free_mb` is of the fullest of the folders watched; `message` is for a person."""

    level: Level
    free_mb: int
    folder: Path
    message: str

    @property
    def ready(self) -> bool:
        """Whether new calls can be recorded."""
        return self.level is not Level.FULL


def assess(
    free: dict[Path, int], limits: RecordingSettings, used: Mapping[Path, float] = MappingProxyType({})
) -> DiskReport:
    """Judge free bytes by folder, and the share of each disk that is used (0…1)."""
    folder, left = min(free.items(), key=lambda item: item[1])
    free_mb = left // MEGABYTE
    if free_mb < limits.full_free_mb:
        said = f"{folder} is full ({free_mb} MB free): calls are no longer recorded; free some space now"
        return DiskReport(Level.FULL, free_mb, folder, said)
    if free_mb < limits.low_free_mb:
        said = f"{folder} has {free_mb} MB free; below {limits.full_free_mb} MB calls are no longer recorded"
        return DiskReport(Level.LOW, free_mb, folder, said)
    fullest = max(used, key=lambda each: used[each], default=folder)
    if used.get(fullest, 0.0) > limits.full_share:
        said = f"the disk of {fullest} is {used[fullest]:.0%} used ({free[fullest] // MEGABYTE} MB free)"
        return DiskReport(Level.LOW, free[fullest] // MEGABYTE, fullest, said)
    return DiskReport(Level.OK, free_mb, folder, f"{free_mb} MB free in {folder}")


def check(folders: tuple[Path, ...], limits: RecordingSettings) -> DiskReport:
    """Look at the disks of `folders` (or of the nearest folder above one that is not made yet)."""
    disks = {folder: shutil.disk_usage(_existing(folder)) for folder in folders}
    free = {folder: disk.free for folder, disk in disks.items()}
    used = {folder: disk.used / (disk.used + disk.free or 1) for folder, disk in disks.items()}
    for folder in disks:
        FREE.labels(str(folder)).set(free[folder])
        USED.labels(str(folder)).set(used[folder])
    return assess(free, limits, used)


def readiness(settings: Settings) -> Check:
    """The line of `/readyz` and of the doctor: whether new calls can be recorded on this machine."""
    report = check(watched(settings), settings.recordings)
    return Check("recordings_disk", report.ready, report.message if report.level is not Level.OK else "")


def watched(settings: Settings) -> tuple[Path, ...]:
    """Folders of this machine that recordings need: Asterisk's spool, where it has one, and the instance's own."""
    try:
        return NodePaths.of(settings).recordings, settings.instance_dir
    except NoAsteriskError:
        return (settings.instance_dir,)


def watch(folders: tuple[Path, ...], limits: RecordingSettings) -> DiskReport:
    """`check`, with an alarm in the log where room runs out."""
    report = check(folders, limits)
    if report.level is Level.FULL:
        _log.error("recordings.disk_full", free_mb=report.free_mb, message=report.message)
    elif report.level is Level.LOW:
        _log.warning("recordings.disk_low", free_mb=report.free_mb, message=report.message)
    return report


def stalled(before: Spool, after: Spool, held: Holders) -> tuple[str, ...]:
    """Calls whose legs some process holds open and of which no leg has grown between two looks at the spool."""
    return tuple(
        uid
        for uid, legs in after.calls.items()
        if uid in before.calls
        and held.holds(legs)
        and sum(leg.size for leg in legs.present) <= sum(leg.size for leg in before.calls[uid].present)
    )


def measure(spool: Spool, stuck: tuple[str, ...]) -> None:
    """Publish the spool's size and the calls that are not being recorded."""
    SPOOL_BYTES.set(sum(leg.size for legs in spool.calls.values() for leg in legs.present))
    SPOOL_CALLS.set(len(spool.calls))
    STALLED.set(len(stuck))
    for uid in stuck:
        _log.error("recording.stalled", call=uid, message="the legs of this live call do not grow: it is not recorded")


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
