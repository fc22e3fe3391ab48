"""What is known of an archived file besides its sound: from a manifest, from its name, else from the file itself."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from acd.words import Service
from hotline.errors import UsageError
from recordings.errors import RecordingError

COLUMNS = ("file", "caller", "seat", "started_at", "service")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[0-9+*#]{0,20}", re.ASCII)
_SEAT = re.compile(r"[0-9]{1,16}", re.ASCII)
_MOST_BYTES = 256 << 20
_PLACES: Mapping[str, str] = {
    "caller": r"(?P<caller>\+?[0-9]{3,20})",
    "seat": r"(?P<seat>[0-9]{1,16})",
    "service": r"(?P<service>[a-z]+)",
    "date": r"(?P<date>[12][0-9]{3}[-_.]?[0-9]{2}[-_.]?[0-9]{2})",
    "time": r"(?P<time>[0-9]{2}[-_.:]?[0-9]{2}(?:[-_.:]?[0-9]{2})?)",
    "epoch": r"(?P<epoch>[0-9]{9,11})",
    "any": r".*?",
}


class TimeFrom(StrEnum):
    """What says when the call was."""

    MANIFEST = "manifest"
    NAME = "name"
    FILE = "file"
    """The file's own time of last change, less its length: right only where nobody has copied it since."""


class WrongFacts(RecordingError):
    """What the manifest or the name says of a file cannot be."""

    code = "wrong_facts"


@dataclass(frozen=True, slots=True)
class Facts:
    """Empty or None where nothing is known."""

    caller: str = ""
    seat: str | None = None
    started_at: datetime | None = None
    service: str | None = None
    time_from: TimeFrom = TimeFrom.FILE


@dataclass(frozen=True, slots=True)
class Manifest:
    """Rows by the file's path below the folder; those that cannot be, with the reason."""

    rows: Mapping[str, Facts] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


NameReader = Callable[[str], Facts | None]
"""What the name of a file says, None where it does not fit."""


def read_manifest(path: Path, zone: ZoneInfo) -> Manifest:
    """A CSV with the columns `file,caller,seat,started_at,service`, of which `file` must be there.

    UTF-8 or GB18030, as spreadsheets write it. `started_at` is ISO 8601, in `zone` where it names none. Raises
    UsageError where the file is no such list.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} is larger than {_MOST_BYTES >> 20} MB; split it")
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the manifest {path}: {error.strerror}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    rows: dict[str, Facts] = {}
    wrong: dict[str, str] = {}
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        unknown = set(reader.fieldnames or ()) - set(COLUMNS)
        if "file" not in (reader.fieldnames or ()) or unknown:
            raise UsageError(f"the first line of {path} must name columns of {', '.join(COLUMNS)}; `file` among them")
        for row in reader:
            name = _path_of(row.get("file") or "")
            if name in rows or name in wrong:
                rows.pop(name, None)
                wrong[name] = "the manifest names it twice; keep one of the lines"
                continue
            try:
                rows[name] = _facts(row, zone, TimeFrom.MANIFEST)
            except WrongFacts as error:
                wrong[name] = f"line {reader.line_num} of the manifest: {error}"
    except csv.Error as error:
        raise UsageError(f"{path} is not a CSV that can be read: {error}") from error
    return Manifest(rows, wrong)


def name_reader(pattern: str, zone: ZoneInfo) -> NameReader:
    """A reader of names by a pattern such as `{date}-{time}_{caller}_{seat}`; the ending does not belong to it.

    Places are {caller} {seat} {service} {date} {time} {epoch} and {any}. Raises UsageError for another.
    """
    compiled = re.compile(_expression(pattern), re.ASCII)

    def read(name: str) -> Facts | None:
        found = compiled.fullmatch(PurePosixPath(name).stem)
        if found is None:
            return None
        told = {key: value or "" for key, value in found.groupdict().items()}
        if told.get("date"):
            digits = re.sub(r"\D", "", told["date"]), re.sub(r"\D", "", told.get("time", "")).ljust(6, "0")
            told["started_at"] = f"{digits[0][:4]}-{digits[0][4:6]}-{digits[0][6:]}T" + ":".join(
                digits[1][at : at + 2] for at in (0, 2, 4)
            )
        elif told.get("epoch"):
            told["started_at"] = datetime.fromtimestamp(int(told["epoch"]), UTC).isoformat()
        return _facts(told, zone, TimeFrom.NAME)

    return read


def _expression(pattern: str) -> str:
    parts = []
    seen: set[str] = set()
    for literal, place in re.findall(r"([^{}]*)(?:\{([^{}]*)\}|$)", pattern):
        parts.append(re.escape(literal))
        if not place:
            continue
        if place not in _PLACES or (place in seen and place != "any"):
            known = " ".join(f"{{{name}}}" for name in _PLACES)
            raise UsageError(f"the pattern's {{{place}}} is unknown or there twice; the places are {known}")
        seen.add(place)
        parts.append(_PLACES[place])
    if not seen - {"any"} or pattern.count("{") != pattern.count("}"):
        raise UsageError("the pattern names nothing that is to be read; give one such as {date}-{time}_{caller}_{seat}")
    if "time" in seen and "date" not in seen:
        raise UsageError("the pattern has a {time} without a {date}")
    return "".join(parts)


def _path_of(name: str) -> str:
    """`./a//b.wav` and `a\\b.wav` are `a/b.wav`."""
    return str(PurePosixPath(name.strip().replace("\\", "/")))


def _facts(row: Mapping[str, str | None], zone: ZoneInfo, time_from: TimeFrom) -> Facts:
    told = {name: (row.get(name) or "").strip() for name in COLUMNS}
    caller = re.sub(r"[ ()-]", "", told["caller"])
    if _NUMBER.fullmatch(caller) is None:
        raise WrongFacts("caller must be a telephone number")
    if told["seat"] and _SEAT.fullmatch(told["seat"]) is None:
        raise WrongFacts("seat must be its extension, in digits")
    if told["service"] and told["service"] not in set(Service):
        raise WrongFacts(f"service must be one of {', '.join(Service)}")
    started_at = _moment(told["started_at"], zone) if told["started_at"] else None
    return Facts(
        caller, told["seat"] or None, started_at, told["service"] or None,
        time_from if started_at is not None else TimeFrom.FILE,
    )  # fmt: skip


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongFacts("the time must be written as 2024-05-31 14:03:07") from None
