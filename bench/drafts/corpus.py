"""The calls of the set: what is said, by whom, and the truth of every field of the draft, read from `calls/*.yaml`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
AUDIO = HERE / "audio"
TIMES = HERE / "timeline.json"

ENUMS = ("kind", "business", "nature", "category", "report", "cause", "cause_detail", "outcome", "consent")
LITERAL = ("phone", "reported", "amount", "urgent", "key_account", "number_check")
TEXTS = ("request", "what_happened", "place", "shop")
LISTS = ("tags", "promised", "dates", "days")
FIELDS = (*ENUMS, *LITERAL, *TEXTS, *LISTS)
"""Every field of a draft but the summary, which only puts the others into sentences."""
OF_THE_CALL = {"key_account", "number_check"}
"""Fields read from the call's facts, which have no sentence behind them."""
NOT_JUDGED = "~"
_TURN = re.compile(r"(?P<speaker>[cs])(?P<manner>[!&]?): (?P<text>[^#]+?)(?: #(?P<fields>[a-z_ ]+))?")
_SPEAKERS = {"c": "caller", "s": "seat"}


@dataclass(frozen=True, slots=True)
class Said:
    """One turn as it is written."""

    speaker: str
    manner: str
    """`!` cuts in before the turn before it has ended, `&` sounds while that one goes on; empty: follows it."""
    text: str
    justifies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Truth:
    """What one field should hold: any of `values`, with the turns that say so."""

    values: tuple[Any, ...]
    """Values that are right each; empty where nothing should be found."""
    judged: bool
    """False where the words leave open whether there is a value, and which."""
    turns: tuple[int, ...]
    may_be_empty: bool = False


@dataclass(frozen=True)
class Call:
    id: str
    at: datetime
    number: str
    service: str
    customer_class: str | None
    voices: tuple[str, str]
    speeds: tuple[float, float]
    turns: tuple[Said, ...]
    truth: Mapping[str, Any]

    @property
    def held_out(self) -> bool:
        """Which half a call is in follows from its name alone."""
        return hashlib.sha256(self.id.encode()).digest()[1] % 2 == 1

    @property
    def sound(self) -> Path:
        return AUDIO / f"{self.id}.ogg"

    @cached_property
    def mark(self) -> str:
        """Digest of all that its sound depends on."""
        parts = [self.voices, self.speeds, [(each.speaker, each.manner, each.text) for each in self.turns]]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def field(self, name: str) -> Truth:
        """The truth of one single-valued field."""
        given = self.truth.get(name)
        turns = self.justified(name)
        if name == "key_account":
            return Truth((True,) if self.customer_class == "key_account" else (), True, turns)
        if name == "urgent" and given is True:
            return Truth((True,), True, turns)
        if name == "number_check":
            phones = [str(each) for each in self.field("phone").values]
            if not self.field("phone").judged:
                return Truth((), False, turns)
            same = {_same_number(phone, self.number) for phone in phones}
            return Truth(tuple("same" if each else "different" for each in same), True, turns)
        options = str(given).split("|") if given is not None else []
        values = tuple(each for each in options if each != NOT_JUDGED)
        return Truth(values, given != NOT_JUDGED, turns, len(values) < len(options))

    def items(self, name: str) -> list[tuple[tuple[Any, ...], bool]]:
        """Values of a field that holds several: each as its acceptable forms, and whether it may be missing."""
        found: list[tuple[tuple[Any, ...], bool]] = []
        for entry in self.truth.get("days" if name in {"dates", "days"} else name, ()):
            text = str(entry[0] if isinstance(entry, Sequence) and not isinstance(entry, str) else entry)
            forms = tuple(text.lstrip("?").split("|"))
            if name == "days":
                found.append((((str(entry[1]), str(entry[2])),), text.startswith("?")))
            else:
                found.append((forms, text.startswith("?")))
        return found

    def justified(self, name: str) -> tuple[int, ...]:
        """Turns that say so.

        What the call is about as a whole is told by every sentence on the matter; consent by the question as well; a
        moment by every sentence that names it; a cause with no sentence of its own by what happened.
        """
        if name in {"dates", "days"}:
            forms = [form for item in self.items("dates") for form in item[0]]
            return tuple(at for at, turn in enumerate(self.turns) if any(form in turn.text for form in forms))
        wanted = _THE_MATTER if name in _OF_THE_WHOLE else {name}
        turns = [at for at, turn in enumerate(self.turns) if turn.justifies & wanted]
        if name == "consent":
            turns = sorted({*turns, *(at - 1 for at in turns if at)})
        return self.justified("what_happened") if not turns and name in {"cause_detail", "tags"} else tuple(turns)


_OF_THE_WHOLE = {"kind", "business", "nature", "cause"}
_THE_MATTER = frozenset({*_OF_THE_WHOLE, "what_happened", "request", "amount", "cause_detail"})


def _same_number(said: str, calling: str) -> bool:
    """A number said without its area code is the same line."""
    return said == calling or (len(said) >= 7 and calling.startswith("0") and calling.endswith(said))


def load(half: str = "all") -> list[Call]:
    """The calls of a half (`tune`, `held`) or all of them, by id."""
    return [call for call in _all() if half == "all" or call.held_out == (half == "held")]


@cache
def _all() -> tuple[Call, ...]:
    found = [_call(entry) for path in sorted((HERE / "calls").glob("*.yaml")) for entry in yaml.safe_load(path.open())]
    ids = [call.id for call in found]
    if len(ids) != len(set(ids)):
        raise ValueError(f"ids twice: {sorted(each for each in set(ids) if ids.count(each) > 1)}")
    return tuple(sorted(found, key=lambda call: call.id))


def _call(entry: Mapping[str, Any]) -> Call:
    speeds = entry.get("speeds", (1.0, 1.05))
    call = Call(
        id=entry["id"],
        at=datetime.fromisoformat(entry["at"]),
        number=entry["from"],
        service=entry.get("service", "complaint"),
        customer_class=entry.get("class"),
        voices=(entry["voices"][0], entry["voices"][1]),
        speeds=(float(speeds[0]), float(speeds[1])),
        turns=tuple(_said(line) for line in entry["turns"]),
        truth=entry["truth"],
    )
    _check(call)
    return call


def _said(line: str) -> Said:
    found = _TURN.fullmatch(line)
    if found is None:
        raise ValueError(f"not a turn: {line}")
    fields = frozenset((found["fields"] or "").split())
    return Said(_SPEAKERS[found["speaker"]], found["manner"], found["text"].strip(), fields)


def _check(call: Call) -> None:
    """A truth that its own words do not bear out is a slip of the writer."""
    known = {*FIELDS} - {"dates"}
    wrong = [name for turn in call.turns for name in turn.justifies if name not in known]
    wrong += [name for name in call.truth if name not in known]
    for name in TEXTS:
        wrong += [f"{name}: {value}" for value in call.field(name).values if not _is_said(call, name, [value])]
    for name in ("promised", "days"):
        texts = [item[0] for item in (call.items("dates") if name == "days" else call.items(name))]
        wrong += [f"{name}: {forms}" for forms in texts if not _is_said(call, None, forms)]
    stated = [name for name in (*ENUMS, *LITERAL, *TEXTS) if name not in OF_THE_CALL and call.field(name).values]
    wrong += [
        f"{name}: no turn"
        for name in stated
        if not call.justified(name) and not call.field(name).may_be_empty and (name, call.truth[name]) != _OTHER
    ]
    if wrong:
        raise ValueError(f"{call.id}: {'; '.join(wrong)}")


_OTHER = ("business", "other")


def _is_said(call: Call, name: str | None, forms: Iterable[str]) -> bool:
    turns = [turn for turn in call.turns if name is None or name in turn.justifies]
    return any(form in turn.text for form in forms for turn in turns)
