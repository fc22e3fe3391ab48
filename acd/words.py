"""The room's words: services, levels of seats, classes of customers."""

from __future__ import annotations

from enum import StrEnum


class Service(StrEnum):
    """What the caller chose (D1, D93)."""

    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    STANDARDS = "standards"
    REPORT = "report"


class Level(StrEnum):
    """What a seat is staffed with; a clerk takes calls as overflow junior (D27, D31)."""

    JUNIOR = "junior"
    CLERK = "clerk"
    SENIOR = "senior"


class CustomerClass(StrEnum):
    ORDINARY = "ordinary"
    IMPORTANT = "important"
    LEASED_LINE = "leased_line"
    KEY_ACCOUNT = "key_account"

    @property
    def needs_senior(self) -> bool:
        """D18: key-account, important and leased-line callers go to a senior."""
        return self is not CustomerClass.ORDINARY
