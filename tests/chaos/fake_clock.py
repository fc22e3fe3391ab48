"""A clock of the centre's own that can be set while it runs (libfaketime), so that the machine's stays as it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

from hotline.processes.asterisk import AsteriskNode
from hotline.settings import Settings
from ivr.node import SeatAccount
from ivr.paths import NodePaths

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
"""Debian's package libfaketime."""


@dataclass(frozen=True)
class FakeClock:
    file: Path
    """What all processes read their offset from, each second anew."""
    library: Path
    """A copy where Asterisk in its chroot can see it."""

    @classmethod
    @contextmanager
    def installed(cls, settings: Settings) -> Iterator[FakeClock]:
        """Give every process that is started meanwhile this clock."""
        if LIBRARY is None:
            raise FileNotFoundError("libfaketime is missing: apt-get install libfaketime")
        run = NodePaths.of(settings).run
        run.mkdir(parents=True, exist_ok=True)
        clock = cls(run / "faketime", Path(shutil.copy(LIBRARY, run / "libfaketime.so.1")))
        clock.set(0)
        ours = _variables(clock.file, clock.library)
        os.environ.update(ours)
        try:
            yield clock
        finally:
            for name in ours:
                del os.environ[name]

    def set(self, seconds: int) -> None:
        """The clock is `seconds` ahead of the machine's from now on."""
        part = self.file.with_suffix(".part")
        part.write_text(f"{seconds:+d}\n", "ascii")
        part.chmod(0o644)
        part.replace(self.file)

    @asynccontextmanager
    async def node(self, settings: Settings, seats: Sequence[SeatAccount]) -> AsyncIterator[AsteriskNode]:
        async with _Node(settings, seats) as node:
            yield node


class _Node(AsteriskNode):
    def _environment(self) -> dict[str, str]:
        run = self.paths.run
        inside = self.paths.inside
        return super()._environment() | _variables(inside(run / "faketime"), inside(run / "libfaketime.so.1"))


def _variables(file: PurePath, library: PurePath) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
