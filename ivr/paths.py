"""Where a node keeps its files, as this machine sees them and as its Asterisk sees them."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hotline.settings import Settings
from ivr.errors import NoAsteriskError

OLDEST = 20
"""Oldest Asterisk whose dialplan functions and AMI filters we use (22 is what we test)."""
JOURNAL = "hotline.csv"


@functools.cache
def system_asterisk() -> Path | None:
    """The machine's own `asterisk` where it is new enough, else None."""
    found = shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        return None
    try:
        answer = subprocess.run([found, "-V"], capture_output=True, text=True, timeout=20, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"Asterisk (?:certified/)?(\d+)", answer)
    return Path(found) if version and int(version[1]) >= OLDEST else None


def asterisk_root(settings: Settings) -> Path | None:
    """The chroot that holds Asterisk, or None for the system's own; raises NoAsteriskError where there is neither."""
    chosen = settings.asterisk.root
    if chosen is None:
        if system_asterisk() is not None:
            return None
        chosen = settings.data / "asterisk"
    if not (chosen / "usr/sbin/asterisk").exists():
        raise NoAsteriskError(
            f"no Asterisk {OLDEST} or newer on this machine and none below {chosen}; "
            "run `make setup`, which installs one"
        )
    return chosen.resolve()


@dataclass(frozen=True)
class NodePaths:
    """Folders of one node. Every field is a path on this machine; `inside` gives it as Asterisk sees it.

    With a chroot they lie inside it, below `instances/<instance>`, so that nothing needs to be mounted; several
    instances share one chroot and nothing else.
    """

    root: Path | None
    """The chroot, or None where Asterisk is the system's own."""
    base: Path

    @classmethod
    def of(cls, settings: Settings) -> NodePaths:
        root = asterisk_root(settings)
        if root is None:
            return cls(None, (settings.instance_dir / "asterisk").resolve())
        return cls(root, root / "instances" / settings.instance)

    @property
    def etc(self) -> Path:
        return self.base / "etc"

    @property
    def spool(self) -> Path:
        return self.base / "spool"

    @property
    def recordings(self) -> Path:
        """Raw legs: `<uid>.rx.sln16` (what the caller says) and `<uid>.tx.sln16` (what the caller hears)."""
        return self.spool / "recordings"

    @property
    def run(self) -> Path:
        return self.base / "run"

    @property
    def pid_file(self) -> Path:
        return self.run / "asterisk.pid"

    @property
    def control(self) -> Path:
        return self.run / "asterisk.ctl"

    @property
    def log(self) -> Path:
        return self.base / "log"

    @property
    def journal(self) -> Path:
        """One CSV line per call event, written through at once (see `ivr.journal`)."""
        return self.log / "cel-custom" / JOURNAL

    @property
    def state(self) -> Path:
        """Asterisk's own small database: registrations outlive a restart."""
        return self.base / "state"

    @property
    def sounds(self) -> Path:
        return self.base / "sounds"

    @property
    def music(self) -> Path:
        return self.base / "music"

    @property
    def quiet(self) -> Path:
        """Silence to be sent while a caller thinks or speaks a message."""
        return self.base / "quiet"

    @property
    def folders(self) -> tuple[Path, ...]:
        return (
            self.etc,
            self.recordings,
            self.run,
            self.journal.parent,
            self.state / "keys",
            self.sounds,
            self.music,
            self.quiet,
        )

    def has_module(self, name: str) -> bool:
        """Whether this Asterisk has the loadable module `name`."""
        return ((self.root or Path("/")) / self.modules.relative_to("/") / f"{name}.so").exists()

    @property
    def modules(self) -> PurePosixPath:
        """Folder of the loadable modules, as Asterisk sees it."""
        top = self.root or Path("/")
        for pattern in ("usr/lib/*/asterisk/modules", "usr/lib/asterisk/modules", "usr/local/lib/asterisk/modules"):
            for folder in sorted(top.glob(pattern)):
                return self.inside(folder)
        raise NoAsteriskError(f"Asterisk below {top} has no modules folder; install it anew with `make setup`")

    @property
    def share(self) -> PurePosixPath:
        """Folder of Asterisk's own data, the documentation that its modules check their options against included."""
        top = self.root or Path("/")
        found = (folder for folder in ("usr/share/asterisk", "var/lib/asterisk") if (top / folder).is_dir())
        return PurePosixPath("/") / next(found, "var/lib/asterisk")

    def inside(self, path: Path) -> PurePosixPath:
        """`path` as Asterisk sees it."""
        if self.root is None:
            return PurePosixPath(path)
        return PurePosixPath("/") / path.relative_to(self.root).as_posix()

    def owner(self) -> tuple[int, int]:
        """User and group id of the account `asterisk` where this node runs."""
        passwd = (self.root or Path("/")) / "etc/passwd"
        for line in passwd.read_text("utf-8").splitlines():
            name, _, uid, gid, *_ = line.split(":")
            if name == "asterisk":
                return int(uid), int(gid)
        raise NoAsteriskError(f"{passwd} has no user `asterisk`; install Asterisk anew with `make setup`")
