"""How long a recording is kept, decided purely: the classes that apply, the longest of their limits, the holds.

The defaults are this project's choice: three years for what may be disputed, as long as a Chinese civil claim lasts
(Civil Code art. 188), and less for what only quality needs. The centre's own table goes into
`recordings.retention_days`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from recordings.errors import RecordingError


class Class(StrEnum):
    """What a recording can be; those of `business_…` exist where the settings name them."""

    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    ENQUIRY = "enquiry"
    REPORT = "report"
    KEY_ACCOUNT = "key_account"
    IMPORTANT = "important"
    LEASED_LINE = "leased_line"
    ORDINARY = "ordinary"
    OUTGOING = "outgoing"
    CONSULT = "consult"
    VOICEMAIL = "voicemail"
    ABANDONED = "abandoned"
    SUPERVISOR = "supervisor"


DEFAULT_DAYS: Mapping[str, int] = MappingProxyType(
    {
        Class.COMPLAINT: 1095,
        Class.SUGGESTION: 730,
        Class.ENQUIRY: 365,
        Class.REPORT: 1095,
        Class.KEY_ACCOUNT: 1095,
        Class.IMPORTANT: 1095,
        Class.LEASED_LINE: 1095,
        Class.ORDINARY: 365,
        Class.OUTGOING: 1095,
        Class.CONSULT: 365,
        Class.VOICEMAIL: 365,
        Class.ABANDONED: 90,
        Class.SUPERVISOR: 180,
    }
)
BUSINESS = "business_"


class UnknownClass(RecordingError):
    """The settings name a class of recordings that does not exist."""

    code = "unknown_class"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one recording; `kind` and `business` are those of the order that was made of the call."""

    started_at: datetime
    direction: str | None = "in"
    """`in`, `out` or `consult`; None for what no call is known of."""
    outcome: str | None = None
    customer_class: str = "ordinary"
    kind: str | None = None
    business: str | None = None
    voice: bool = False
    """A supervisor's voice beside a call."""
    held: tuple[str, ...] = ()
    """Reasons for which it is held now."""
    released_at: datetime | None = None
    """When the last case or appeal about it ended: its days begin anew then."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`due` says whether it is to be deleted now, `rule` by what, such as `complaint: 1095 days`."""

    retention_class: str
    rule: str
    until: datetime
    due: bool
    held: tuple[str, ...]


def table(configured: Mapping[str, int]) -> Mapping[str, int]:
    """Days by class: the defaults under what the settings say. Raises UnknownClass naming what is no class."""
    known = {each.value for each in Class}
    for name in configured:
        if name not in known and not name.startswith(BUSINESS):
            raise UnknownClass(
                f"recordings.retention_days names {name!r}; the classes are {', '.join(sorted(known))} and"
                f" {BUSINESS}<business>"
            )
    return {**DEFAULT_DAYS, **configured}


def classes(facts: Facts) -> tuple[str, ...]:
    """Every class that applies, the most general first."""
    if facts.voice:
        return (Class.SUPERVISOR.value,)
    found = [_by_way(facts).value]
    if facts.customer_class in (Class.KEY_ACCOUNT, Class.IMPORTANT, Class.LEASED_LINE):
        found.append(facts.customer_class)
    if facts.business is not None:
        found.append(f"{BUSINESS}{facts.business}")
    if facts.kind is not None:
        found.append(facts.kind)
    return tuple(found)


def decide(facts: Facts, days: Mapping[str, int], now: datetime) -> Decision:
    """The class that keeps it longest, and whether its time has come; what is held is never due."""
    limits = {name: days[name] for name in classes(facts) if name in days}
    chosen = max(limits, key=lambda name: limits[name])
    begins = max(facts.started_at, facts.released_at or facts.started_at)
    until = begins + timedelta(days=limits[chosen])
    rule = f"{chosen}: {limits[chosen]} days"
    return Decision(chosen, rule, until, until <= now and not facts.held, facts.held)


def _by_way(facts: Facts) -> Class:
    match facts.direction, facts.outcome:
        case "out", _:
            return Class.OUTGOING
        case "consult", _:
            return Class.CONSULT
        case _, "voicemail":
            return Class.VOICEMAIL
        case _, "abandoned":
            return Class.ABANDONED
        case _:
            return Class.ORDINARY
