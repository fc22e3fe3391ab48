"""What the menu pages show: a text with its problems in place, a drawing, and words that fit into it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from console.errors import N_
from hotline.settings import Settings
from ivr.drawing import Drawing, Mark, draw
from ivr.menu import MenuError
from ivr.prompt_texts import prompt_texts
from ivr.versions import VersionState, parse

STATES: Mapping[str, str] = {
    VersionState.DRAFT: N_("draft"),
    VersionState.ASKED: N_("being applied"),
    VersionState.LIVE: N_("in use"),
    VersionState.PAST: N_("past"),
    VersionState.FAILED: N_("not applied"),
}
MARKS: Mapping[str, str] = {
    Mark.SAY: N_("says"),
    Mark.WHEN: N_("open:"),
    Mark.OTHERWISE: N_("closed:"),
    Mark.NOBODY: N_("if nobody is signed in:"),
    Mark.PERSON: N_("to a person"),
    Mark.MENU: N_("to the menu"),
    Mark.MESSAGE_BOX: N_("message box"),
    Mark.CALL_BACK: N_("call-back"),
    Mark.HANG_UP: N_("thanks and the end"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A problem with the line it is in, as the author wrote it."""

    line: int
    text: str
    chinese: str
    written: str


@dataclass(frozen=True, slots=True)
class Checked:
    problems: tuple[Found, ...]
    drawing: Drawing | None
    """None where there are problems."""
    said: Mapping[str, str]
    """Texts of prompts."""

    def words(self, prompts: Iterable[str]) -> str:
        """What a caller hears of these prompts, or their names where no text is known."""
        return " ".join(self.said.get(prompt, prompt) for prompt in prompts)


def check(text: str, settings: Settings) -> Checked:
    """Read a menu that a person typed, never raising for it."""
    said = prompt_texts(settings.prompts)
    try:
        return Checked((), draw(parse(text, settings)), said)
    except MenuError as error:
        lines = text.splitlines()
        found = (
            Found(
                problem.line,
                problem.text,
                problem.chinese,
                lines[problem.line - 1] if problem.line <= len(lines) else "",
            )
            for problem in error.problems
        )
        return Checked(tuple(found), None, said)


def fitted(text: str, width: int) -> str:
    """`text` cut to `width` columns, of which a Chinese character takes two."""
    used = 0
    for place, letter in enumerate(text):
        used += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if used > width:
            return text[: max(0, place - 1)] + "…"
    return text
