"""Who calls in the demo and what they say, read from `cast.yaml`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import soundfile
import yaml
from pydantic import BaseModel, ConfigDict, Field

SPEECH = Path(__file__).parent / "speech"


class Behaviour(StrEnum):
    TALK = "talk"
    IGNORED_ONCE = "ignored_once"
    """The first seat that rings for this caller does not pick up."""
    HANG_UP_WAITING = "hang_up_waiting"
    LEAVE_MESSAGE = "leave_message"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Line(_Strict):
    file: str
    """Name of a FLAC file in `speech/`."""
    text: str


class CallerPart(_Strict):
    id: str
    number: str = Field(pattern=r"^[0-9]{7,15}$")
    keys: str = Field(pattern=r"^[0-9*#]*$")
    service: str
    customer_class: str = Field("ordinary", alias="class")
    behaviour: Behaviour = Behaviour.TALK
    lines: tuple[Line, ...]
    truth: dict[str, Any] = {}


class SeatPart(_Strict):
    seat: str
    name: str = ""
    level: str
    lines: tuple[Line, ...]


class Cast(_Strict):
    callers: tuple[CallerPart, ...]
    seats: tuple[SeatPart, ...]


def load_cast(path: Path = Path(__file__).parent / "cast.yaml") -> Cast:
    """The parts of the demo; pydantic's ValidationError names what is wrong in the file."""
    return Cast.model_validate(yaml.safe_load(path.read_text("utf-8")))


def as_wav(line: Line, folder: Path) -> Path:
    """The line's speech as 16-bit PCM WAV below `folder`, which is what a SIP endpoint plays; made once."""
    target = folder / Path(line.file).with_suffix(".wav").name
    if not target.exists():
        samples, rate = soundfile.read(SPEECH / line.file, dtype="int16")
        part = target.with_suffix(".part")
        soundfile.write(part, samples, rate, format="WAV", subtype="PCM_16")
        part.replace(target)
    return target
