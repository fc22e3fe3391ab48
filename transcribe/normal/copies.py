"""Pieces of a verbatim text, the copy that they make, and the way back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transcribe.masking import HIDDEN
from transcribe.normal.grammar import RULES, What
from transcribe.turns import Turn

_WIDE = str.maketrans("０１２３４５６７８９．％", "0123456789.%")
_LONGEST = 4_000
"""Characters of a turn that are read; no person says more in one breath."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`text[first:last]` of the verbatim turn is written `text`."""

    turn: int
    first: int
    last: int
    what: What
    text: str

    def to_json(self) -> list[Any]:
        return [self.turn, self.first, self.last, self.what.value, self.text]

    @classmethod
    def from_json(cls, row: Sequence[Any]) -> Piece:
        return cls(int(row[0]), int(row[1]), int(row[2]), What(row[3]), str(row[4]))


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the copy: `text` stands for `said`, which is the same where nothing was normalised."""

    text: str
    said: str
    first: int
    last: int
    what: What | None = None


def pieces_of(text: str, turn: int = 0) -> tuple[Piece, ...]:
    """What of a verbatim text is written otherwise, in order, nothing twice."""
    read = text[:_LONGEST].translate(_WIDE)
    taken = bytearray(len(read))
    found: list[Piece] = []
    for rule in RULES:
        for match in rule.expression.finditer(read):
            first, last = match.span()
            if any(taken[first:last]):
                continue
            written_so = rule.write(match)
            if written_so is None:
                continue
            taken[first:last] = b"\1" * (last - first)
            if written_so != text[first:last]:
                found.append(Piece(turn, first, last, rule.what, written_so))
    return tuple(sorted(found, key=lambda piece: piece.first))


def pieces_of_turns(turns: Iterable[Turn]) -> tuple[Piece, ...]:
    return tuple(piece for index, turn in enumerate(turns) for piece in pieces_of(turn.text, index))


def kept_pieces(pieces: Iterable[Piece], turns: Sequence[Turn]) -> tuple[Piece, ...]:
    """The pieces that may be shown beside `turns`: none over characters that are hidden from this reader."""
    return tuple(
        piece
        for piece in pieces
        if piece.turn < len(turns)
        and piece.last <= len(turns[piece.turn].text)
        and HIDDEN not in turns[piece.turn].text[piece.first : piece.last]
    )


def parts(text: str, pieces: Iterable[Piece]) -> tuple[Part, ...]:
    """The copy of one turn in stretches, from its first character to its last."""
    told: list[Part] = []
    at = 0
    for piece in pieces:
        if piece.first > at:
            told.append(Part(text[at : piece.first], text[at : piece.first], at, piece.first))
        told.append(Part(piece.text, text[piece.first : piece.last], piece.first, piece.last, piece.what))
        at = piece.last
    if at < len(text):
        told.append(Part(text[at:], text[at:], at, len(text)))
    return tuple(told)


def written(text: str, pieces: Iterable[Piece] | None = None) -> str:
    """The normalised copy of one turn."""
    return "".join(part.text for part in parts(text, pieces_of(text) if pieces is None else pieces))


_READ = re.compile(r"\d+(?:\.\d+)?")


def read_back(piece: Piece) -> str | Decimal | tuple[int, ...] | None:
    """What a written piece says: digits of a number that is no quantity, a value, or the parts of a date or time."""
    match piece.what:
        case What.PHONE | What.CODE:
            return re.sub(r"[ \-]", "", piece.text)
        case What.DATE | What.TIME:
            return tuple(int(each) for each in re.findall(r"\d+", piece.text))
        case _:
            found = _READ.search(piece.text)
            if found is None:
                return None
            number = Decimal(found[0])
            return number * 10_000 if piece.text[found.end() : found.end() + 1] == "万" else number
