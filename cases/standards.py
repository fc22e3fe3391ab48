"""Limits and standards as entries that an agent finds in a second (D7), read and checked from `standards.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cases.errors import CaseError
from transcribe.draft import Business

FILE = Path(__file__).parent / "standards.yaml"


class BadStandards(CaseError):
    """The file of standards cannot be used."""

    code = "bad_standards"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z-]{0,39}$")
    business: list[Business] = []
    matter: str = Field(min_length=1, max_length=40)
    limit: str = Field(min_length=1, max_length=120)
    note: str = Field("", max_length=120)
    source: str = Field(min_length=1, max_length=60)
    words: list[str] = []


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: str
    entries: list[_Entry] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Standard:
    """One entry. `business` empty: it holds for all."""

    id: str
    business: frozenset[str]
    matter: str
    limit: str
    note: str
    source: str
    search: str
    """Everything that a search looks through, in lower case."""

    def fits(self, business: str) -> bool:
        return not business or not self.business or business in self.business


@dataclass(frozen=True, slots=True)
class Standards:
    version: str
    entries: tuple[Standard, ...]

    def find(self, words: str, business: str) -> tuple[Standard, ...]:
        """Entries with every one of `words`; those of this business first, then those of all, never another's."""
        wanted = words.lower().split()
        fitting = [each for each in self.entries if each.fits(business) and all(word in each.search for word in wanted)]
        return tuple(sorted(fitting, key=lambda each: not each.business))


def read_standards(path: Path = FILE) -> Standards:
    """The file's entries; BadStandards says what to mend in it."""
    try:
        read = _File.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadStandards(f"{path.name} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadStandards(f"{path.name}: {where}: {first['msg']}") from error
    twice = {each.id for each in read.entries if [other.id for other in read.entries].count(each.id) > 1}
    if twice:
        raise BadStandards(f"{path.name}: the ids {', '.join(sorted(twice))} are given twice")
    return Standards(read.version, tuple(_standard(each) for each in read.entries))


@cache
def standards() -> Standards:
    """The entries of this installation, read once."""
    return read_standards()


def _standard(entry: _Entry) -> Standard:
    search = " ".join([entry.matter, entry.limit, entry.note, entry.source, *entry.words]).lower()
    business = frozenset(each.value for each in entry.business)
    return Standard(entry.id, business, entry.matter, entry.limit, entry.note, entry.source, search)
