"""The words that are live: what hearing takes as hints and extraction as names."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from transcribe.draft.sounds import syllables_in_context
from transcribe.lexicon.models import LexiconVersion, Word
from transcribe.lexicon.states import State

STARTER = Path(__file__).parent / "starter.csv"
MOST_WEIGHT = 5.0


class WordKind(StrEnum):
    """What a word names. People are not among them."""

    PRODUCT = "product"
    TARIFF = "tariff"
    SHOP = "shop"
    STREET = "street"
    OTHER = "other"
    """A word of the trade that is none of these, such as 移机."""


@dataclass(frozen=True, slots=True)
class LexiconWord:
    word: str
    kind: WordKind
    pinyin: tuple[str, ...]
    """Toneless syllables, one for each character."""
    weight: float = 1.0
    """0…5: how much it is expected; of two words that sound alike the weightier is suggested."""
    note: str = ""


async def active_words(session: AsyncSession) -> tuple[LexiconWord, ...]:
    """The words of the live version, weightiest first; those that come with the program while none is live."""
    live = await session.scalar(select(LexiconVersion.number).where(LexiconVersion.state == State.LIVE.value))
    return starter_words() if live is None else await words_of(session, live)


async def words_of(session: AsyncSession, version: int) -> tuple[LexiconWord, ...]:
    """The words of one version, weightiest first."""
    rows = await session.scalars(select(Word).where(Word.version == version))
    return in_order(
        LexiconWord(row.word, WordKind(row.kind), tuple(row.pinyin.split()), row.weight, row.note) for row in rows
    )


@cache
def starter_words() -> tuple[LexiconWord, ...]:
    """The words that come with the program; a centre's first version begins with them."""
    with STARTER.open(encoding="utf-8", newline="") as file:
        return in_order(
            LexiconWord(
                row["word"], WordKind(row["kind"]), read_pinyin(row["word"], row["pinyin"]), float(row["weight"])
            )
            for row in csv.DictReader(file)
        )


def read_pinyin(word: str, typed: str = "") -> tuple[str, ...]:
    """Syllables as typed, or as the word is read where nothing was."""
    return tuple(typed.lower().split()) or syllables_in_context(word)


def in_order(words: Iterable[LexiconWord]) -> tuple[LexiconWord, ...]:
    return tuple(sorted(words, key=lambda each: (-each.weight, each.kind.value, each.word)))
