"""The master key: a file outside the database whose age identities open the wrapped day keys.

The file is what `age-keygen` writes: comments, and one `AGE-SECRET-KEY-1…` a line. The first identity is the one that
day keys are wrapped to; further ones are of a rotation that goes on. The file is read anew each time, so that a
rotation needs no restart.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pyrage import DecryptError, IdentityError, decrypt, encrypt
from pyrage.x25519 import Identity, Recipient

from hotline import secrets
from hotline.settings import Settings
from recordings.errors import KeyUnavailable

NAME = "recordings-master.key"
MEND = "put the master key back from its backup, or name its file in recordings.master_key_file"


@dataclass(frozen=True, slots=True)
class Master:
    """The identities of one reading of the file, the present one first; never printed."""

    identities: tuple[Identity, ...]

    @property
    def recipient(self) -> str:
        return str(self.identities[0].to_public())

    def unwrap(self, wrapped: str, key: str) -> Identity:
        """The day key's identity; KeyUnavailable where none of these identities opens it."""
        try:
            return Identity.from_str(decrypt(wrapped.encode(), list(self.identities)).decode())
        except (DecryptError, IdentityError, ValueError) as error:
            raise KeyUnavailable(f"the master key does not open day key {key}: it is another one; {MEND}") from error


def path(settings: Settings) -> Path:
    """Where the master key lies; the default is the instance's folder of secrets."""
    return settings.recordings.master_key_file or secrets.folder(settings) / NAME


def read(settings: Settings) -> Master:
    """The identities in the file; KeyUnavailable where it is not there, not readable or holds none."""
    file = path(settings)
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError as error:
        raise KeyUnavailable(f"there is no master key {file}; {MEND}") from error
    except (OSError, ValueError) as error:
        raise KeyUnavailable(f"the master key {file} cannot be read ({error}); {MEND}") from error
    return Master(parse(text, file))


def parse(text: str, file: Path) -> tuple[Identity, ...]:
    """The identities of an identity file; KeyUnavailable where one is malformed or there is none."""
    lines = [line.strip() for line in text.splitlines()]
    try:
        found = tuple(Identity.from_str(line) for line in lines if line and not line.startswith("#"))
    except IdentityError as error:
        raise KeyUnavailable(f"{file} holds a line that is no age identity; {MEND}") from error
    if not found:
        raise KeyUnavailable(f"{file} holds no age identity; {MEND}")
    return found


def make(settings: Settings, now: datetime) -> None:
    """Make the file with a new identity, unless it is there; only for an installation without day keys."""
    secrets.write(path(settings), _text((Identity.generate(),), now), replace=False)


def write(settings: Settings, identities: tuple[Identity, ...], now: datetime) -> None:
    """Replace the file whole; OSError where it cannot be written, as with a read-only mount."""
    secrets.write(path(settings), _text(identities, now))


def wrap(identity: Identity, recipient: str) -> str:
    """A day key's identity as armoured text that only the master key opens."""
    return bytes(encrypt(str(identity).encode(), [Recipient.from_str(recipient)], armored=True)).decode()


def too_open(settings: Settings) -> bool:
    """Whether others than its owner may read the file."""
    return bool(path(settings).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _text(identities: tuple[Identity, ...], now: datetime) -> str:
    lines = ["# master key of the recordings: keep a copy where neither database nor recordings lie"]
    for identity in identities:
        lines += [f"# public key: {identity.to_public()} (written {now.isoformat(timespec='seconds')})", str(identity)]
    return "\n".join(lines) + "\n"
