"""The raw legs that Asterisk leaves in a node's spool, and which of them are finished.

`MixMonitor(,r(<uid>.rx.sln16)t(<uid>.tx.sln16))` writes signed 16-bit little-endian samples at 16 kHz without a
header: `rx` is what the caller says, `tx` what the caller hears. A leg is finished when no process has it open and
either the ledger knows the call's end or the leg has not grown for a while: Asterisk writes only through the file
it holds open, so a leg that nobody holds cannot grow, even when its Asterisk was killed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from recordings.errors import HostileName

SAMPLE_RATE = 16_000
SAMPLE_BYTES = 2
CALLER_SUFFIX = ".rx.sln16"
SEAT_SUFFIX = ".tx.sln16"
WRITE_OUT_SECONDS = 3.0
"""Asterisk writes a leg out every 32 kB, which is a second of sound."""
_UID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,62}[A-Za-z0-9]|[A-Za-z0-9]", re.ASCII)
_EPOCH = re.compile(r"(?:^|-)(\d{9,11})\.\d+$", re.ASCII)


def check_uid(uid: str) -> str:
    """`uid` itself where it can be a Uniqueid, such as `n1-1732199999.42`; else HostileName.

    The uid becomes part of file names and object keys, so that nothing but letters, digits, `-`, `_` and single
    dots may be in it.
    """
    if _UID.fullmatch(uid) is None:
        raise HostileName(f"{uid[:80]!a} is not the name of a call; look at who wrote it and remove it by hand")
    return uid


def uid_started_at(uid: str) -> datetime | None:
    """When the channel was made, read from the seconds inside an Asterisk Uniqueid; None where it has none."""
    found = _EPOCH.search(uid)
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None


@dataclass(frozen=True, slots=True)
class Leg:
    """One raw leg; `size` in bytes, `changed_at` the last write on the node's clock."""

    path: Path
    size: int
    changed_at: datetime
    device: int
    inode: int

    @property
    def seconds(self) -> float:
        return self.size // SAMPLE_BYTES / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Legs:
    """What the spool holds of one call."""

    uid: str
    caller: Leg | None
    seat: Leg | None

    @property
    def present(self) -> tuple[Leg, ...]:
        return tuple(leg for leg in (self.caller, self.seat) if leg is not None)

    @property
    def seconds(self) -> float:
        return max((leg.seconds for leg in self.present), default=0.0)

    @property
    def changed_at(self) -> datetime:
        return max(leg.changed_at for leg in self.present)

    def started_at(self) -> datetime:
        """The uid's own second, else the last write less the length."""
        known = uid_started_at(self.uid)
        return known or datetime.fromtimestamp(self.changed_at.timestamp() - self.seconds, UTC)


@dataclass(frozen=True, slots=True)
class Spool:
    """One look at the spool: calls by uid, and what was refused with the reason."""

    calls: dict[str, Legs]
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Holders:
    """Files that some process has open, by device and inode.

    `blind` where no Asterisk was among the processes, or none whose files could be read: it was killed, or it runs as
    another user or in another container.
    """

    files: frozenset[tuple[int, int]]
    blind: bool

    def holds(self, legs: Legs) -> bool:
        return any((leg.device, leg.inode) in self.files for leg in legs.present)


def scan(spool: Path) -> Spool:
    """Every call's legs in `spool`. A folder that is not there is an empty spool; other files are refused by name."""
    calls: dict[str, dict[str, Leg]] = {}
    refused: list[tuple[str, str]] = []
    try:
        entries = sorted(os.scandir(spool), key=lambda entry: entry.name)
    except FileNotFoundError:
        return Spool({})
    for entry in entries:
        suffix = next((end for end in (CALLER_SUFFIX, SEAT_SUFFIX) if entry.name.endswith(end)), None)
        if suffix is None:
            refused.append((ascii(entry.name), "not a raw leg (<call>.rx.sln16 or <call>.tx.sln16)"))
            continue
        try:
            uid = check_uid(entry.name.removesuffix(suffix))
            leg = _leg(Path(entry.path))
        except HostileName as error:
            refused.append((ascii(entry.name), str(error)))
            continue
        if leg is not None:
            calls.setdefault(uid, {})[suffix] = leg
    return Spool(
        {uid: Legs(uid, found.get(CALLER_SUFFIX), found.get(SEAT_SUFFIX)) for uid, found in calls.items()},
        tuple(refused),
    )


def find(spool: Path, uid: str) -> Legs | None:
    """The legs of one call, None where the spool has neither; HostileName for what cannot be a call's file."""
    check_uid(uid)
    caller, seat = _leg(spool / f"{uid}{CALLER_SUFFIX}"), _leg(spool / f"{uid}{SEAT_SUFFIX}")
    return Legs(uid, caller, seat) if caller or seat else None


def _leg(path: Path) -> Leg | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise HostileName("not a regular file: a link or a folder in the spool is never read")
    return Leg(path, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC), found.st_dev, found.st_ino)


def holders(proc: Path = Path("/proc")) -> Holders:
    """Which files the processes of this host have open.

    Files are told apart by device and inode, not by name, since a process inside a chroot sees other names.
    """
    files: set[tuple[int, int]] = set()
    seen = False
    for process in proc.iterdir():
        if not process.name.isdigit():
            continue
        try:
            descriptors = list((process / "fd").iterdir())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended while we looked, or is not ours to look into
        seen = seen or _is_asterisk(process)
        files.update(_open_files(descriptors))
    return Holders(frozenset(files), blind=not seen)


def _open_files(descriptors: Iterable[Path]) -> Iterable[tuple[int, int]]:
    for descriptor in descriptors:
        try:
            found = descriptor.stat()
        except OSError:
            continue  # closed while we looked
        if stat.S_ISREG(found.st_mode):
            yield found.st_dev, found.st_ino


def _is_asterisk(process: Path) -> bool:
    try:
        return (process / "comm").read_text().startswith("asterisk")
    except OSError:
        return False


def finished(legs: Legs, held: Holders, *, call_ended: bool, now: datetime, settle_seconds: float) -> bool:
    """Whether nobody will write to these legs again.

    Where Asterisk's open files cannot be seen, an ended call's legs must have been quiet for longer than Asterisk
    takes to write out what it holds back.
    """
    if held.holds(legs):
        return False
    # what is written now bears the clock's time: legs from the future were written before the clock was set back
    quiet = abs((now - legs.changed_at).total_seconds())
    return quiet >= settle_seconds or (call_ended and (not held.blind or quiet >= WRITE_OUT_SECONDS))
