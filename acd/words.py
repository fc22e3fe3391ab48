"""The room's words: services, levels of seats, classes of customers.

Each hashes as the string it is: `Enum` would call a Python function for it, and these are keys of every decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Service(StrEnum):
    """What the caller chose (D1, D93)."""

    __hash__ = str.__hash__

    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    STANDARDS = "standards"
    REPORT = "report"


class Level(StrEnum):
    """What a seat is staffed with."""

    __hash__ = str.__hash__

    JUNIOR = "junior"
    CLERK = "clerk"
    """Takes calls as overflow junior (D27, D31)."""
    SENIOR = "senior"
    MANAGER = "manager"
    """The manager hotline (D15, D43, D84); takes no other calls."""
    SUPERVISOR = "supervisor"
    """A telephone for listening; never offered a call."""


class CustomerClass(StrEnum):
    __hash__ = str.__hash__

    ORDINARY = "ordinary"
    IMPORTANT = "important"
    LEASED_LINE = "leased_line"
    KEY_ACCOUNT = "key_account"

    @property
    def needs_senior(self) -> bool:
        """D18: key-account, important and leased-line callers go to a senior."""
        return self is not CustomerClass.ORDINARY


SKILL_LEVELS = range(1, 6)
"""How well a seat answers a service: 1 is a learner, 5 an expert."""
SKILL_USUAL = 3
"""Where nothing else is said."""

Skills = Mapping[Service, int]
"""What a seat answers, and how well (one of `SKILL_LEVELS`)."""


def usual(services: Iterable[Service]) -> dict[Service, int]:
    """Each of these services at the usual level."""
    return {service: SKILL_USUAL for service in Service if service in set(services)}
