"""The menu file: read, checked, and told line by line what is wrong with it.

A menu that loads never strands a caller: whatever is pressed, or nothing, ends at a person, the message box or a
hang-up, and key 0 reaches a person from everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ivr.errors import IvrError

PROMPTS = Path(__file__).parent / "prompts"
DIGITS = "0123456789*#"


class Service(StrEnum):
    """What the caller wants (D1, D93)."""

    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    STANDARDS = "standards"
    REPORT = "report"


@dataclass(frozen=True)
class ToPerson:
    service: Service


@dataclass(frozen=True)
class ToMenu:
    menu: str


@dataclass(frozen=True)
class Say:
    """Play a prompt, during which keys count already, then go on."""

    prompt: str
    then: Choice


@dataclass(frozen=True)
class ToMessageBox:
    pass


@dataclass(frozen=True)
class HangUp:
    pass


Choice = ToPerson | ToMenu | Say | ToMessageBox | HangUp


@dataclass(frozen=True)
class Menu:
    name: str
    prompt: str
    wait_seconds: int
    """Silence after the prompt before it is said again."""
    tries: int
    keys: Mapping[str, Choice]
    """By digit; 0 is always there."""
    otherwise: Choice
    """After `tries` times of silence or unknown keys."""

    def choices(self) -> Iterator[Choice]:
        yield from self.keys.values()
        yield self.otherwise


@dataclass(frozen=True)
class Menus:
    greeting: tuple[str, ...]
    greeting_in_brief: tuple[str, ...]
    """Played to the end to a caller who presses a key during the greeting, before the key counts."""
    start: str
    most_steps: int
    """Menus and keys together after which the caller is taken to a person."""
    menus: Mapping[str, Menu]

    def prompts(self) -> frozenset[str]:
        """Every prompt that some caller may hear, `invalid-key` included."""
        found = {*self.greeting, *self.greeting_in_brief, "invalid-key"}
        for menu in self.menus.values():
            found.add(menu.prompt)
            found.update(step.prompt for choice in menu.choices() for step in path(choice) if isinstance(step, Say))
        return frozenset(found)


@dataclass(frozen=True, order=True)
class Problem:
    line: int
    """Counted from 1."""
    text: str


class MenuError(IvrError):
    """A menu file with problems; the message has one line `FILE:LINE: what is wrong` for each."""

    code = "ivr_menu"

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(f"{source}:{problem.line}: {problem.text}" for problem in self.problems))


def path(choice: Choice) -> Iterator[Choice]:
    """`choice` and what follows it up to the next menu or the end."""
    yield choice
    while isinstance(choice, Say):
        choice = choice.then
        yield choice


def end_of(choice: Choice) -> Choice:
    """Where `choice` leads once everything is said."""
    *_, last = path(choice)
    return last


def load_menus(source: Path, *, prompts: Path = PROMPTS) -> Menus:
    """Read and check a menu file; raises MenuError naming file and line of every problem."""
    from ivr.menu_reader import parse_menus  # noqa: PLC0415 - the reader builds the classes above

    try:
        text = source.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MenuError(str(source), [Problem(1, f"cannot be read as UTF-8 text ({error})")]) from error
    return parse_menus(text, str(source), lambda prompt: (prompts / f"{prompt}.wav").is_file())
