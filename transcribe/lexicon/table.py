"""Words as a person types them or as a CSV file holds them, checked; nothing is mended silently."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping

from transcribe.lexicon.errors import Fault, FaultyLine, WrongWord
from transcribe.lexicon.words import MOST_WEIGHT, LexiconWord, WordKind, read_pinyin
from transcribe.text import is_han, simplified

COLUMNS = ("word", "kind", "pinyin", "weight", "note")
LONGEST_NOTE = 200
MOST_WORDS = 5_000
_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fffA-Za-z0-9][\u3400-\u4dbf\u4e00-\u9fffA-Za-z0-9+·-]{1,19}")
_SYLLABLE = re.compile(r"[a-z]{1,6}")
_FORMULA = ("=", "+", "-", "@", "\t")
"""A cell that begins so is run as a formula by programs for tables."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def check(typed: Mapping[str, str | None]) -> LexiconWord | Fault:
    """A word of what was typed, or what is wrong with it."""
    word = simplified((typed.get("word") or "").strip())
    kind = (typed.get("kind") or "").strip()
    note = (typed.get("note") or "").strip()
    if not _WORD.fullmatch(word):
        return Fault.WORD
    if kind not in {each.value for each in WordKind}:
        return Fault.KIND
    pinyin = read_pinyin(word, (typed.get("pinyin") or "").replace("ü", "v"))
    if len(pinyin) != len(word) or not all(
        _SYLLABLE.fullmatch(syllable) for character, syllable in zip(word, pinyin, strict=True) if is_han(character)
    ):
        return Fault.PINYIN
    try:
        weight = float(typed.get("weight") or 1)
    except ValueError:
        return Fault.WEIGHT
    if not 0 <= weight <= MOST_WEIGHT:
        return Fault.WEIGHT
    if len(note) > LONGEST_NOTE or note.startswith(_FORMULA) or _UNPRINTABLE.search(note):
        return Fault.NOTE
    return LexiconWord(word, WordKind(kind), pinyin, round(weight, 2), note)


def one(typed: Mapping[str, str | None]) -> LexiconWord:
    """`check`, raising WrongWord."""
    found = check(typed)
    if isinstance(found, Fault):
        raise WrongWord([FaultyLine(1, (typed.get("word") or "").strip(), found)])
    return found


def read_csv(text: str) -> tuple[LexiconWord, ...]:
    """Words of a CSV text with the header `word,kind,pinyin,weight,note` (the last three may be missing).

    Raises WrongWord with every faulty line; then nothing is taken.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        if not {"word", "kind"} <= set(rows.fieldnames or ()):
            raise WrongWord([FaultyLine(1, "", Fault.HEADER)])
        words: dict[str, LexiconWord] = {}
        faults: list[FaultyLine] = []
        for row in rows:
            found = check({name: row.get(name) for name in COLUMNS})
            if isinstance(found, Fault):
                faults.append(FaultyLine(rows.line_num, str(row.get("word") or ""), found))
            elif found.word in words:
                faults.append(FaultyLine(rows.line_num, found.word, Fault.TWICE))
            else:
                words[found.word] = found
            if len(words) > MOST_WORDS:
                faults.append(
                    FaultyLine(rows.line_num, found.word if isinstance(found, LexiconWord) else "", Fault.TOO_MANY)
                )
                break
    except csv.Error:
        raise WrongWord([FaultyLine(rows.line_num, "", Fault.HEADER)]) from None
    if faults:
        raise WrongWord(faults)
    return tuple(words.values())


def write_csv(words: Iterable[LexiconWord]) -> str:
    """A CSV text that `read_csv` takes back as it was."""
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for each in words:
        table.writerow((each.word, each.kind.value, " ".join(each.pinyin), f"{each.weight:g}", each.note))
    return out.getvalue()
