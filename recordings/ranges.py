"""HTTP byte ranges (RFC 9110 §14) of one recording, as a pure function."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPEC = re.compile(r"(?P<first>[0-9]*)-(?P<last>[0-9]*)", re.ASCII)
_HUGE = 10**18


@dataclass(frozen=True, slots=True)
class Whole:
    """No range, one of another unit, or several: the whole file answers (status 200)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `first` to `last`, both included (status 206)."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """A range that is malformed or lies outside the file (status 416)."""


ByteRange = Whole | Part | Unsatisfiable


def parse_range(header: str | None, size: int) -> ByteRange:
    """What a `Range` header asks of a file of `size` bytes.

    A unit other than bytes is ignored, as §14.2 demands. Several ranges are answered by the whole file, which the RFC
    allows: no player asks for them. A malformed byte range is refused rather than ignored, so that a broken client
    is seen and is not sent a whole call for each request.
    """
    if header is None:
        return Whole()
    unit, equals, specs = header.strip(" \t").partition("=")
    if unit.strip(" \t").lower() != "bytes":
        return Whole() if re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", unit) and equals else Unsatisfiable()
    parts = [_SPEC.fullmatch(spec.strip(" \t")) for spec in specs.split(",")]
    found = [_resolve(part["first"], part["last"], size) if part else Unsatisfiable() for part in parts]
    if len(found) == 1:
        return found[0]
    return Whole() if any(isinstance(part, Part) for part in found) and all(parts) else Unsatisfiable()


def _resolve(first: str, last: str, size: int) -> Part | Unsatisfiable:
    if first:
        start, end = _number(first), min(_number(last), size - 1) if last else size - 1
        valid = not last or _number(first) <= _number(last)
        return Part(start, end) if valid and start < size else Unsatisfiable()
    suffix = min(_number(last), size) if last else 0
    return Part(size - suffix, size - 1) if suffix else Unsatisfiable()


def _number(digits: str) -> int:
    """As many digits as anyone likes: Python refuses to read more than 4300, and no file is that long."""
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= 18 else _HUGE
