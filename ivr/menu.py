"""The menus: what a menu file holds once it is read, and where each key leads.

A menu that loads never strands a caller: whatever is pressed, or nothing, ends at a person, the message box or a
hang-up, and key 0 reaches a person from everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ivr.errors import IvrError
from ivr.hours import Hours

PROMPTS = Path(__file__).parent / "prompts"
DIGITS = "0123456789*#"
AFTER_A_MISS = ("invalid-key", "no-key")
"""Said after a key that is none of the menu's, and after silence."""


class Service(StrEnum):
    """What the caller wants (D1, D93)."""

    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    STANDARDS = "standards"
    REPORT = "report"


@dataclass(frozen=True)
class ToPerson:
    service: Service
    if_nobody: Choice | None = None
    """Where the caller goes instead while no seat is signed in; None waits all the same."""


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
class CallBack:
    """The caller may leave a number to be called back at."""


@dataclass(frozen=True)
class HangUp:
    pass


@dataclass(frozen=True)
class When:
    """One way in opening hours, another outside them."""

    hours: str
    then: Choice
    otherwise: Choice


Choice = ToPerson | ToMenu | Say | ToMessageBox | CallBack | HangUp | When


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
    start: Choice
    """What follows the greeting: a menu, or one in opening hours and another outside them."""
    most_steps: int
    """Menus and keys together after which the caller is taken to a person."""
    menus: Mapping[str, Menu]
    hours: Mapping[str, Hours] = field(default_factory=dict)

    def prompts(self) -> frozenset[str]:
        """Every prompt that some caller may hear, those said after a wrong key and after none included."""
        found = {*self.greeting, *self.greeting_in_brief, *AFTER_A_MISS}
        choices = [self.start]
        for menu in self.menus.values():
            found.add(menu.prompt)
            choices += menu.choices()
        found.update(step.prompt for choice in choices for step in steps(choice) if isinstance(step, Say))
        return frozenset(found)


@dataclass(frozen=True, order=True)
class Problem:
    line: int
    """Counted from 1."""
    text: str
    chinese: str


class MenuError(IvrError):
    """A menu file with problems; the message has one line `FILE:LINE: what is wrong` for each."""

    code = "ivr_menu"

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(f"{source}:{problem.line}: {problem.text}" for problem in self.problems))


def steps(choice: Choice) -> Iterator[Choice]:
    """`choice` and all that can follow it up to the next menus or ends, either way of a `When` included."""
    yield choice
    for following in followers(choice):
        yield from steps(following)


def followers(choice: Choice) -> tuple[Choice, ...]:
    """What can come right after `choice` without a key."""
    match choice:
        case Say(then=then):
            return (then,)
        case When(then=then, otherwise=otherwise):
            return (then, otherwise)
        case ToPerson(if_nobody=instead) if instead is not None:
            return (instead,)
        case _:
            return ()


def ends_of(choice: Choice) -> tuple[Choice, ...]:
    """Every place that `choice` can lead to: menus, persons, the message box, a call-back, a hang-up."""
    return tuple(step for step in steps(choice) if not isinstance(step, Say | When))


def reaches_person(choice: Choice) -> bool:
    """Whether `choice` leads to a person at any hour, were one there."""
    match choice:
        case ToPerson():
            return True
        case Say(then=then):
            return reaches_person(then)
        case When(then=then, otherwise=otherwise):
            return reaches_person(then) and reaches_person(otherwise)
        case _:
            return False
