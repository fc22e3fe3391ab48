"""What stands beside a transcript: how its numbers are written, and which words may have been misheard.

Both are kept with the transcript and never change it. What a person made of a suggestion is kept too: who, and when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from transcribe.lexicon.errors import LexiconError
from transcribe.lexicon.models import SuggestionVerdict
from transcribe.lexicon.repair import Suggestion, suggest
from transcribe.lexicon.words import LexiconWord, active_words
from transcribe.models import Transcript
from transcribe.normal import Part, Piece, kept_pieces, parts, pieces_of_turns
from transcribe.turns import Turn

BATCH = 200
"""Transcripts that get their suggestions anew in one transaction."""


class SuggestionGone(LexiconError):
    """The lexicon has changed since the page was drawn."""

    code = "suggestion_gone"


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion as a reader sees it; `accepted` None while nobody has judged it."""

    suggestion: Suggestion
    start: float
    end: float
    accepted: bool | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class TurnNote:
    """What stands beside one turn."""

    parts: tuple[Part, ...]
    """The turn as it is written, from its first character to its last; empty where nothing is written otherwise."""
    offers: tuple[Offer, ...]

    @property
    def written(self) -> str:
        return "".join(part.text for part in self.parts)


async def mark(session: AsyncSession, call_uid: str, turns: Sequence[Turn]) -> None:
    """Keep the pieces and suggestions of a transcript that was just stored."""
    await _store(session, call_uid, turns, await active_words(session))


Place = tuple[datetime, str]


async def suggest_again(session: AsyncSession, *, since: datetime, after: Place | None = None) -> Place | None:
    """Give the next batch of transcripts made since then the suggestions of what is live now.

    Returns where to go on, None after the last batch.
    """
    at = (Transcript.created_at, Transcript.call_uid)
    query = select(Transcript).where(Transcript.created_at >= since).order_by(*at).limit(BATCH)
    if after is not None:
        query = query.where(
            (Transcript.created_at > after[0])
            | ((Transcript.created_at == after[0]) & (Transcript.call_uid > after[1]))
        )
    rows = list(await session.scalars(query))
    words = await active_words(session)
    for row in rows:
        await _store(session, row.call_uid, [Turn.from_json(turn) for turn in row.turns], words)
    return (rows[-1].created_at, rows[-1].call_uid) if len(rows) == BATCH else None


async def notes_of(session: AsyncSession, call_uid: str, turns: Sequence[Turn]) -> Mapping[int, TurnNote]:
    """Notes by number of the turn, for turns that have any; nothing over characters that are hidden in `turns`."""
    row = (
        await session.execute(
            select(Transcript.normalised, Transcript.suggestions).where(Transcript.call_uid == call_uid)
        )
    ).one_or_none()
    if row is None:
        return {}
    pieces = kept_pieces(map(Piece.from_json, row.normalised), turns)
    offers = await _offers(session, call_uid, map(Suggestion.from_json, row.suggestions), turns)
    numbers = sorted({piece.turn for piece in pieces} | {offer.suggestion.turn for offer in offers})
    return {number: _note(number, turns[number], pieces, offers) for number in numbers}


async def judge(
    session: AsyncSession, call_uid: str, *, turn: int, first: int, meant: str, accepted: bool, subject: Subject,
    now: datetime,
) -> None:  # fmt: skip
    """Keep that a person finds a suggestion right, or wrong; the last word counts. Raises Denied and SuggestionGone."""
    subject.demand(Action.LEXICON_PROPOSE)
    stored = await session.scalar(select(Transcript.suggestions).where(Transcript.call_uid == call_uid))
    wanted = [each for each in map(Suggestion.from_json, stored or ()) if (each.turn, each.first) == (turn, first)]
    if not wanted or wanted[0].meant != meant:
        raise SuggestionGone("this suggestion is not made any more; load the page anew")
    values = {
        "heard": wanted[0].heard, "meant": meant, "accepted": accepted, "author": subject.login, "at": now,
    }  # fmt: skip
    made = insert(SuggestionVerdict).values(call_uid=call_uid, turn=turn, first=first, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["call_uid", "turn", "first"], set_=values))
    await audit.record(
        session, actor=subject.login, role=subject.role.value,
        action="suggestion.accept" if accepted else "suggestion.refuse", subject=f"call:{call_uid}",
        detail={"turn": turn, "first": first, "meant": meant}, now=now,
    )  # fmt: skip


async def feedback(session: AsyncSession) -> dict[str, tuple[int, int]]:
    """Word → how often its suggestions were accepted, and refused."""
    accepted = func.count().filter(SuggestionVerdict.accepted.is_(True))
    query = select(SuggestionVerdict.meant, accepted, func.count() - accepted).group_by(SuggestionVerdict.meant)
    return {meant: (int(yes), int(no)) for meant, yes, no in await session.execute(query)}


async def _store(session: AsyncSession, call_uid: str, turns: Sequence[Turn], words: tuple[LexiconWord, ...]) -> None:
    values = {
        "normalised": [piece.to_json() for piece in pieces_of_turns(turns)],
        "suggestions": [each.to_json() for each in suggest(turns, words)],
    }
    await session.execute(update(Transcript).where(Transcript.call_uid == call_uid).values(**values))


async def _offers(
    session: AsyncSession, call_uid: str, suggestions: Iterable[Suggestion], turns: Sequence[Turn]
) -> list[Offer]:
    rows = await session.scalars(select(SuggestionVerdict).where(SuggestionVerdict.call_uid == call_uid))
    judged = {(row.turn, row.first, row.meant): row for row in rows}
    offers = []
    for each in suggestions:
        if each.turn >= len(turns) or turns[each.turn].text[each.first : each.last] != each.heard:
            continue  # hidden from this reader, or of another recognition
        start, end = turns[each.turn].seconds_of(each.first, each.last)
        verdict = judged.get((each.turn, each.first, each.meant))
        offers.append(Offer(each, start, end, verdict.accepted if verdict else None, verdict.author if verdict else ""))
    return offers


def _note(number: int, turn: Turn, pieces: Iterable[Piece], offers: Iterable[Offer]) -> TurnNote:
    own = [piece for piece in pieces if piece.turn == number]
    return TurnNote(
        parts(turn.text, own) if own else (), tuple(offer for offer in offers if offer.suggestion.turn == number)
    )
