"""What the values of a form were read from, kept with them while it lies on the desk (D123).

A recording may be recognised again, and a text's words be amended, under a clerk's hands. So the seconds and words
behind a value are kept as soon as it is saved, and a form that was begun over an earlier reading is put over the one
that counts now: what the clerk has touched stays, with its own evidence, and all else follows the new reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cases import desk, text_entries
from cases import desk_rows as rows
from cases.desk_errors import Erased, ItemMissing, Reread
from cases.desk_form import Mark, place
from cases.desk_rows import DRAFT, TEXT, ItemView
from cases.text_entries import EntryView
from hotline.accounts import Subject
from transcribe import drafts
from transcribe.covered import covered
from transcribe.draft.result import Evidence
from transcribe.drafts import DraftView
from transcribe.erasing import ERASED
from transcribe.turns import Turn

READ = frozenset({Mark.ACCEPTED, Mark.ALTERNATIVE, Mark.PICKED})
"""Marks of values that were read somewhere; the others are the clerk's own."""

DELETED = "deleted"
"""The stamp of what is left where a recording was deleted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a form lies over; digits that are not for everybody are covered."""

    stamp: str
    """Another one for another recognition or other words."""
    draft: Mapping[str, Any]
    turns: Sequence[Turn]


def of_draft(draft: DraftView) -> Reading:
    return Reading(_stamp_of_moment(draft.read_at, draft.reason), draft.fields, draft.turns)


def of_text(entry: EntryView) -> Reading:
    return Reading(_stamp_of_words(entry), entry.draft or {}, covered(entry.turns))


async def stamp_of(session: AsyncSession, ref: str) -> str:
    """Of what counts now; empty where there is no draft any more. Raises TextMissing."""
    if ref.startswith(DRAFT):
        read = await drafts.read_at(session, ref.removeprefix(DRAFT))
        return _stamp_of_moment(*read) if read is not None else ""
    return _stamp_of_words(await text_entries.get(session, int(ref.removeprefix(TEXT))))


async def keep(
    session: AsyncSession, ref: str, *, typed: Mapping[str, Any], version: int, subject: Subject, now: datetime
) -> tuple[ItemView, str]:
    """`desk.save`, with what each value was read from; the stamp that counts now beside it.

    Over an earlier reading it is kept as well: what was picked there and not saved before stays as the clerk's own
    words, since nobody knows any more where it stood. Raises Erased where the words were deleted meanwhile, and as
    `desk.save` does.
    """
    held = await rows.mine(session, ref, subject, now)
    stamp = await stamp_of(session, ref)
    mine = {**typed, "reading": typed.get("reading") or stamp}
    if stamp == DELETED and mine["reading"] != stamp:
        raise Erased(f"the recording of {ref} was deleted; what was typed of it is not kept")
    known: Mapping[str, Any] = held.typed
    reading: Reading | None = None
    if mine["reading"] == stamp and not (_same_reading(known, stamp) and _settled(mine, known)):
        reading = await _reading_of(session, ref)
        known = over(known, reading)
    found = await desk.save(
        session, ref, typed=_with_evidence(mine, known, reading), version=version, subject=subject, now=now
    )
    return found, stamp


async def demand_current(session: AsyncSession, ref: str, typed: Mapping[str, Any]) -> None:
    """Raise Reread where the form lies over an earlier reading: who confirms has to see what counts now."""
    if not _same_reading(typed, await stamp_of(session, ref)):
        raise Reread(f"{ref} was read anew meanwhile; look at it before you confirm")


def over(typed: Mapping[str, Any], reading: Reading) -> Mapping[str, Any]:
    """What stands in the form, put over `reading`: of an earlier one only what the clerk has touched is left, and its
    places are where the same words stand now."""
    if _same_reading(typed, reading.stamp):
        return typed
    marks = typed.get("marks", {})
    values = {name: value for name, value in typed.get("values", {}).items() if name in marks}
    moved = {name: _moved(mark, reading.turns) for name, mark in marks.items()}
    return {**typed, "values": values, "marks": moved, "reading": reading.stamp}


def evidence_of(typed: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By field, what the values that the clerk has accepted, taken or picked were read from."""
    found = {name: mark.get("evidence") for name, mark in typed.get("marks", {}).items() if mark["by"] in READ}
    return {name: list(evidence) for name, evidence in found.items() if evidence}


async def _reading_of(session: AsyncSession, ref: str) -> Reading:
    if ref.startswith(TEXT):
        return of_text(await text_entries.get(session, int(ref.removeprefix(TEXT))))
    draft = await drafts.get(session, ref.removeprefix(DRAFT))
    if draft is None:
        raise ItemMissing(f"{ref} has no draft any more")
    return of_draft(draft)


def _same_reading(typed: Mapping[str, Any], stamp: str) -> bool:
    return not typed or typed.get("reading", stamp) == stamp


def _settled(typed: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether the evidence of every mark is kept already."""
    return all(mark["by"] not in READ or _kept(name, mark, known) is not None for name, mark in typed["marks"].items())


def _kept(name: str, mark: Mapping[str, Any], known: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    before = known.get("marks", {}).get(name, {})
    same = (before.get("by"), before.get("places")) == (mark["by"], mark["places"])
    return before.get("evidence") if same else None


def _with_evidence(typed: Mapping[str, Any], known: Mapping[str, Any], reading: Reading | None) -> dict[str, Any]:
    marks = {}
    for name, mark in typed["marks"].items():
        evidence = _kept(name, mark, known)
        if mark["by"] not in READ:
            marks[name] = dict(mark)
        elif evidence is not None:
            marks[name] = {**mark, "evidence": evidence}
        elif reading is None:
            marks[name] = {"by": Mark.CLERK.value, "places": []}
        else:
            marks[name] = {**mark, "evidence": _read_from(name, mark, reading)}
    return {**typed, "marks": marks}


def _read_from(name: str, mark: Mapping[str, Any], reading: Reading) -> list[dict[str, Any]]:
    if mark["by"] == Mark.ACCEPTED:
        return list(reading.draft.get("evidence", {}).get(name, ()))
    found = [place(reading.turns, *each) for each in mark["places"]]
    return [each.to_json() for each in found if each is not None]


def _moved(mark: Mapping[str, Any], turns: Sequence[Turn]) -> Mapping[str, Any]:
    if "evidence" not in mark:
        return mark
    found = [placed(Evidence(**each), turns) for each in mark["evidence"]]
    places = [[each.turn, each.first, each.last] for each in found if each.turn >= 0] if mark["places"] else []
    return {**mark, "places": places, "evidence": [each.to_json() for each in found]}


def placed(one: Evidence, turns: Sequence[Turn]) -> Evidence:
    """The same words and seconds with their place in `turns`; turn -1 where nothing there says them."""
    known = turns[one.turn] if 0 <= one.turn < len(turns) else None
    if known is not None and _meet(one, known) and one.text == known.text[one.first : one.last]:
        return one
    for index, turn in enumerate(turns):
        first = turn.text.find(one.text) if one.text and _meet(one, turn) else -1
        if first >= 0:
            return replace(one, turn=index, first=first, last=first + len(one.text))
    return replace(one, turn=-1, first=0, last=0)


def _meet(one: Evidence, turn: Turn) -> bool:
    """Whether they share a second; the words of a text take no time."""
    return (turn.start < one.end and one.start < turn.end) or one.start == one.end == turn.end


def _stamp_of_moment(moment: datetime, reason: str | None) -> str:
    return DELETED if reason == ERASED else f"{moment.timestamp():.6f}"


def _stamp_of_words(entry: EntryView) -> str:
    return hashlib.sha256(repr((entry.words, entry.draft)).encode()).hexdigest()[:16]
