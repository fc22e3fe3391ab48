"""A menu as a drawing: boxes with a row for each key, in columns by how many menus lie before them. No words yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ivr.menu import CallBack, Choice, HangUp, Menu, Menus, Say, ToMenu, ToMessageBox, ToPerson, When

WIDTH = 420
"""Of a box, in units of the drawing; texts are cut to it by whoever draws."""
HEAD = 66
ROW = 26
GAP_X = 60
GAP_Y = 26
MARGIN = 12


class Mark(StrEnum):
    """What a row of a box is about."""

    SAY = "say"
    WHEN = "when"
    OTHERWISE = "otherwise"
    NOBODY = "nobody"
    PERSON = "person"
    MENU = "menu"
    MESSAGE_BOX = "message_box"
    CALL_BACK = "call_back"
    HANG_UP = "hang_up"


@dataclass(frozen=True)
class Row:
    key: str
    """A key; `…` for silence; empty where the row goes on with what the key above does."""
    indent: int
    mark: Mark
    word: str
    """Name of the prompt, hours, service or menu."""
    y: int
    """Middle of the row."""


@dataclass(frozen=True)
class Box:
    name: str
    """Of the menu; empty for the greeting."""
    prompts: tuple[str, ...]
    wait_seconds: int
    tries: int
    rows: tuple[Row, ...]
    x: int
    y: int
    height: int
    width: int = WIDTH


@dataclass(frozen=True)
class Line:
    """From the right side of a row to the left side of a box's head."""

    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True)
class Drawing:
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    """The first way to each menu; other ways to it are only named in their rows, or nobody could follow them."""
    width: int
    height: int


def draw(menus: Menus) -> Drawing:
    """The greeting at the left, then each menu one column to the right of the first that leads to it."""
    boxes: list[Box] = []
    lines: list[Line] = []
    bottom: dict[int, int] = {}
    column = {"": 0}
    pending = [""]
    while pending:
        name = pending.pop(0)
        box = _box(name, menus, column[name], bottom)
        boxes.append(box)
        for row in box.rows:
            if row.mark is Mark.MENU and row.word not in column and row.word in menus.menus:
                column[row.word] = column[name] + 1
                pending.append(row.word)
    where = {box.name: box for box in boxes}
    reached = {""}
    for box in boxes:
        for row in box.rows:
            if row.mark is Mark.MENU and row.word not in reached:
                reached.add(row.word)
                target = where[row.word]
                lines.append(Line(box.x + WIDTH, row.y, target.x, target.y + HEAD // 2))
    width = max(box.x + WIDTH for box in boxes) + MARGIN
    height = max(box.y + box.height for box in boxes) + MARGIN
    return Drawing(tuple(boxes), tuple(lines), width, height)


def _box(name: str, menus: Menus, column: int, bottom: dict[int, int]) -> Box:
    y = bottom.get(column, MARGIN)
    menu = menus.menus.get(name)
    found = [("", menus.start)] if menu is None else [*sorted(menu.keys.items()), ("…", menu.otherwise)]
    rows: list[Row] = []
    for key, choice in found:
        for number, (indent, mark, word) in enumerate(_rows(choice, 0)):
            middle = y + HEAD + ROW * len(rows) + ROW // 2
            rows.append(Row(key if number == 0 else "", indent, mark, word, middle))
    height = HEAD + ROW * len(rows) + 8
    bottom[column] = y + height + GAP_Y
    prompts = menus.greeting if menu is None else (menu.prompt,)
    return Box(name, prompts, *_patience(menu), tuple(rows), MARGIN + column * (WIDTH + GAP_X), y, height)


def _patience(menu: Menu | None) -> tuple[int, int]:
    return (menu.wait_seconds, menu.tries) if menu is not None else (0, 0)


def _rows(choice: Choice, indent: int) -> Iterator[tuple[int, Mark, str]]:
    match choice:
        case Say(prompt=prompt, then=then):
            yield indent, Mark.SAY, prompt
            yield from _rows(then, indent)
        case When(hours=hours, then=then, otherwise=otherwise):
            yield indent, Mark.WHEN, hours
            yield from _rows(then, indent + 1)
            yield indent, Mark.OTHERWISE, hours
            yield from _rows(otherwise, indent + 1)
        case ToPerson(service=service, if_nobody=instead):
            yield indent, Mark.PERSON, service.value
            if instead is not None:
                yield indent, Mark.NOBODY, ""
                yield from _rows(instead, indent + 1)
        case ToMenu(menu=name):
            yield indent, Mark.MENU, name
        case ToMessageBox():
            yield indent, Mark.MESSAGE_BOX, ""
        case CallBack():
            yield indent, Mark.CALL_BACK, ""
        case HangUp():
            yield indent, Mark.HANG_UP, ""
