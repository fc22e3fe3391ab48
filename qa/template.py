"""The score card's template, read from `template.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FULL_MARKS = 100


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is looked for. `points` is the most that can be taken off; 0 for a fatal item."""

    code: str
    name: str
    english: str
    points: int
    fatal: bool
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    code: str
    name: str
    english: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Template:
    version: str
    sections: tuple[Section, ...]

    @property
    def items(self) -> Mapping[str, Item]:
        return {item.code: item for section in self.sections for item in section.items}


@cache
def template() -> Template:
    """The template of this version; its items that are not fatal are worth 100 points together."""
    told: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "template.yaml").read_text("utf-8"))
    sections = tuple(
        Section(each["code"], each["name"], each["english"], tuple(_item(item) for item in each["items"]))
        for each in told["sections"]
    )
    return Template(str(told["version"]), sections)


def _item(told: Mapping[str, Any]) -> Item:
    return Item(
        code=told["code"],
        name=told["name"],
        english=told["english"],
        points=int(told.get("points", 0)),
        fatal=bool(told.get("fatal", False)),
        rules=tuple(told["rules"]),
    )
