"""The sealed object: how plain bytes lie encrypted, so that any range can be read and every change is found.

    hotline-sealed/1 <length of the next line, 8 digits>
    {"bytes":…,"day_key":"…","object":"…","segment":262144,"segments":["<length, 9 digits> <SHA-256>",…],"sha256":"…"}
    <segment 0><segment 1>…

Each segment is one age file, encrypted to the day's recipient. What it holds begins with a line that names the object,
the segment's place and the whole's length, so that segments cannot be swapped, dropped or taken from another object,
not even by somebody who can encrypt to that recipient, whom the header's own SHA-256 in the database keeps out.
`age -d` and `sha256sum` are all that is needed to verify one by hand (docs/recordings.md).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from pyrage import DecryptError, decrypt, encrypt
from pyrage.x25519 import Identity, Recipient

from recordings.errors import ObjectDamaged

SEGMENT = 256 * 1024
"""Plain bytes of a segment: a seek decrypts one (0.4 ms), and age adds about 0.1 % to it."""
MAGIC = b"hotline-sealed/1 "
FIRST_LINE = len(MAGIC) + 9
LONGEST_HEADER = 16 << 20
_FIELDS = {"bytes": int, "day_key": str, "object": str, "segment": int, "segments": list, "sha256": str}
_AGE_ADDS = 4096
"""More than age's header and tags add to a segment with its line."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a sealed object says of itself; `lengths` and `offsets` are of the sealed segments, in bytes."""

    key: str
    day_key: str
    size: int
    """Of the plain bytes."""
    sha256: str
    """Of the plain bytes."""
    segment: int
    lengths: tuple[int, ...]
    digests: tuple[str, ...]

    def encoded(self) -> bytes:
        """The first two lines of the file."""
        segments = [f"{length:09d} {digest}" for length, digest in zip(self.lengths, self.digests, strict=True)]
        said = {
            "bytes": self.size, "day_key": self.day_key, "object": self.key, "segment": self.segment,
            "segments": segments, "sha256": self.sha256,
        }  # fmt: skip
        line = _line(said)
        return MAGIC + b"%08d\n" % len(line) + line

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.encoded()).hexdigest()

    @property
    def offsets(self) -> tuple[int, ...]:
        """Where each segment begins, and where the file ends."""
        return tuple(accumulate(self.lengths, initial=len(self.encoded())))

    def open(self, index: int, data: bytes, identity: Identity) -> bytes:
        """The plain bytes of segment `index`; ObjectDamaged where `data` is not exactly that segment."""
        where = f"segment {index + 1} of {len(self.lengths)} of {self.key}"
        if hashlib.sha256(data).hexdigest() != self.digests[index]:
            raise ObjectDamaged(f"{where} is not as it was stored")
        try:
            found = bytes(decrypt(data, [identity]))
        except DecryptError as error:
            raise ObjectDamaged(f"{where} cannot be decrypted with key {self.day_key} ({error})") from error
        line = _place(self, index)
        wanted = min(self.segment, self.size - index * self.segment)
        if not found.startswith(line) or len(found) != len(line) + wanted:
            raise ObjectDamaged(f"{where} holds something else; somebody has changed the store")
        return found[len(line) :]


def header_length(first_line: bytes, key: str) -> int:
    """Bytes of the two first lines, read from the first; ObjectDamaged where it is none."""
    digits = first_line[len(MAGIC) : FIRST_LINE - 1]
    if len(first_line) < FIRST_LINE or first_line[FIRST_LINE - 1 : FIRST_LINE] != b"\n" or not digits.isdigit():
        raise ObjectDamaged(f"{key} has a damaged header")
    if int(digits) > LONGEST_HEADER:
        raise ObjectDamaged(f"{key} has a header of {int(digits)} bytes")
    return FIRST_LINE + int(digits)


def parse(data: bytes, key: str) -> Header:
    """The header of the object stored under `key`; ObjectDamaged where one byte of it is not as `encoded` writes it."""
    damaged = ObjectDamaged(f"{key} has a damaged header")
    try:
        said = json.loads(data[FIRST_LINE:])
        if not isinstance(said, dict) or {name: type(value) for name, value in said.items()} != _FIELDS:
            raise damaged
        pairs = [(int(each[:9]), each[10:]) for each in said["segments"]]
        header = Header(
            said["object"], said["day_key"], said["bytes"], said["sha256"], said["segment"],
            tuple(length for length, _ in pairs), tuple(digest for _, digest in pairs),
        )  # fmt: skip
        encoded = header.encoded()
    except (ValueError, TypeError, RecursionError) as error:
        raise damaged from error
    if encoded != data:
        raise damaged
    if header.key != key:
        raise ObjectDamaged(f"{key} holds the object {header.key[:120]!a}; somebody has moved it")
    if not _sound(header):
        raise ObjectDamaged(f"{key} has a header that contradicts itself")
    return header


def seal(source: Path, target: Path, *, key: str, day_key: str, recipient: Recipient) -> tuple[Header, str, int]:
    """Write `source` sealed to the new file `target`: its header, the SHA-256 and the length of what was written.

    One pass, one segment in memory; blocking. OSError where the disk fails or `source` changes meanwhile.
    """
    size = source.stat().st_size
    count = segments_of(size)
    blank = Header(key, day_key, size, "0" * 64, SEGMENT, (0,) * count, ("0" * 64,) * count)
    lengths: list[int] = []
    digests: list[str] = []
    plain = hashlib.sha256()
    with source.open("rb") as file, target.open("xb") as out:
        out.write(blank.encoded())  # as long as the true one: every number in it has its width
        for index in range(count):
            data = file.read(SEGMENT)
            if len(data) != min(SEGMENT, size - index * SEGMENT):
                raise OSError(f"{source.name} changed while it was sealed")
            plain.update(data)
            sealed = encrypt(_place(blank, index) + data, [recipient])
            lengths.append(len(sealed))
            digests.append(hashlib.sha256(sealed).hexdigest())
            out.write(sealed)
        if file.read(1):
            raise OSError(f"{source.name} changed while it was sealed")
        header = Header(key, day_key, size, plain.hexdigest(), SEGMENT, tuple(lengths), tuple(digests))
        out.seek(0)
        out.write(header.encoded())
    with target.open("rb") as written:
        stored = hashlib.file_digest(written, "sha256").hexdigest()
        return header, stored, written.tell()


def segments_of(size: int) -> int:
    """Nothing at all is one segment too, so that it is sealed as well."""
    return max(1, -(-size // SEGMENT))


def _sound(header: Header) -> bool:
    return (
        header.segment == SEGMENT
        and header.size >= 0
        and len(header.lengths) == segments_of(header.size)
        and all(0 < length <= SEGMENT + _AGE_ADDS for length in header.lengths)
    )


def _place(header: Header, index: int) -> bytes:
    """The line with which segment `index` of this object begins."""
    said = {"bytes": header.size, "day_key": header.day_key, "index": index, "object": header.key}
    return _line({**said, "segments": len(header.lengths)})


def _line(said: dict[str, object]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"
