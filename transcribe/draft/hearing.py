"""Domain terms in a line, as written or as another word of the same sound.

Recognisers prefer everyday words, so a term often comes out as one (移机 as 以及, 工号 as 功耗). A span that sounds
like a term is therefore taken for it only as far as its surroundings allow:

- an everyday word needs the term's own `near` words, or, if it is not too common, other domain terms close by;
- a span that cuts through everyday words (可**以及**时) needs domain terms close by and still counts little;
- longer terms need less: three syllables in a row rarely agree by chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from transcribe.draft.lexicon import Lexicon, Term
from transcribe.draft.normalise import Line
from transcribe.draft.sounds import CONFUSABLE, DIFFERENT, SAME_SYLLABLE, classes, likeness

REPAIR_FROM = 0.4
"""Quality from which the misheard characters are put right for the expressions that are read afterwards."""
_ONE_WRONG = 0.6
_WEIGHTY = 4.0
"""Terms of this weight are names of things (固定电话); lighter ones are turns of phrase, which a character changes."""
_VERY_COMMON = 3_000
_NEAR = 12
_AROUND = 24
_FUNCTION = frozenset(
    "的一是不了在有我他她这个们来上为和地到以说时要就出会可也你您对能而那得着下之过后里用都没面起看还好些样只从想者无它与把又"
    "很最并被什等或给更别才再却非则且该让吗呢吧啊加去再每"
)
"""Characters that stand beside any other in everyday speech: with one of them, two syllables alone prove nothing."""
_NUMERALS = frozenset("0123456789零〇一二三四五六七八九幺十百千")


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found at `line.text[start:end]`; `quality` is 1 as written and less the less it sounds like it."""

    term: Term
    line: int
    start: int
    end: int
    quality: float

    @property
    def exact(self) -> bool:
        return self.quality == 1.0


@dataclass(frozen=True, slots=True)
class Heard:
    """Lines with misheard terms put right, and the terms of each line."""

    lines: tuple[Line, ...]
    hits: tuple[tuple[Hit, ...], ...]


def listen(lines: Sequence[Line], lexicon: Lexicon) -> Heard:
    """Find the terms of every line and put right the misheard ones."""
    hits = tuple(_hits(number, line, lexicon) for number, line in enumerate(lines))
    return Heard(tuple(_repaired(line, found) for line, found in zip(lines, hits, strict=True)), hits)


def _hits(number: int, line: Line, lexicon: Lexicon) -> tuple[Hit, ...]:
    candidates = list(_candidates(number, line.text, lexicon))
    exact = [hit for hit in candidates if hit.exact]
    cuts = word_bounds(line.text, lexicon) if len(exact) < len(candidates) else frozenset()
    weighed = [hit if hit.exact else _in_context(hit, line.text, exact, cuts, lexicon) for hit in candidates]
    return _apart(hit for hit in weighed if hit.quality > 0)


def _candidates(number: int, text: str, lexicon: Lexicon) -> Iterable[Hit]:
    seen: set[tuple[int, int]] = set()
    sounds = [classes(character) for character in text]
    for position in range(len(text)):
        alone = lexicon.single.get(text[position])
        if alone is not None:
            yield Hit(lexicon.terms[alone], number, position, position + 1, 1.0)
        if position + 1 == len(text):
            break
        for first in sounds[position]:
            for second in sounds[position + 1]:
                for term_number, place in lexicon.by_sound.get((first, second), ()):
                    key = (term_number, position - place)
                    if key in seen:
                        continue
                    seen.add(key)
                    hit = _compare(number, text, position - place, lexicon.terms[term_number])
                    if hit is not None:
                        yield hit


def _compare(number: int, text: str, start: int, term: Term) -> Hit | None:
    """The term at `start` with its likeness, one wrong or one lost character inside four or more forgiven."""
    size = len(term.text)
    end = start + size
    forgiving = size >= 4 and any(
        facet in ("business", "nature") and weight >= _WEIGHTY for facet, _, weight in term.speaks_for
    )
    if start >= 0 and end <= len(text):
        grades = [
            likeness(heard, meant, syllable)
            for heard, meant, syllable in zip(text[start:end], term.text, term.syllables, strict=True)
        ]
        wrong = grades.count(DIFFERENT)
        if not _keeps_numbers_and_marks(text, start, grades):
            return None
        if wrong == 0 and _stands_free(text, start, end, term.text):
            mean = sum(grades) / size
            return Hit(term, number, start, end, mean if min(grades) > CONFUSABLE else mean * 0.9)
        if (
            forgiving
            and wrong == 1
            and text[start + grades.index(DIFFERENT)] not in _FUNCTION
            and min(grades[0], grades[-1]) > DIFFERENT
            and sum(grades) >= (size - 1) * SAME_SYLLABLE
        ):
            return Hit(term, number, start, end, _ONE_WRONG)
    if forgiving:
        for lost in range(1, size - 1):
            meant, sounds = _without(term.text, lost), _without(term.syllables, lost)
            begin = max(0, start)
            heard = text[begin : begin + size - 1]
            if len(heard) == size - 1 and all(
                likeness(a, b, c) >= SAME_SYLLABLE for a, b, c in zip(heard, meant, sounds, strict=True)
            ):
                return Hit(term, number, begin, begin + size - 1, 0.55)
    return None


def _keeps_numbers_and_marks(text: str, start: int, grades: Sequence[float]) -> bool:
    """Whether what was misheard is no punctuation and no numeral, but for one that stands alone (一机 for 移机)."""
    return all(grade == 1.0 or _can_be_misheard(text, start + place) for place, grade in enumerate(grades))


def _can_be_misheard(text: str, position: int) -> bool:
    character = text[position]
    if not "\u4e00" <= character <= "\u9fff":
        return False
    beside = text[max(0, position - 1) : position] + text[position + 1 : position + 2]
    return character not in _NUMERALS or not _NUMERALS.intersection(beside)


def _without(sequence: Sequence[str], index: int) -> tuple[str, ...]:
    return (*sequence[:index], *sequence[index + 1 :])


def _stands_free(text: str, start: int, end: int, term: str) -> bool:
    """A term that is a number (一六八) is none inside a longer number, and none where it is a sum of money."""
    if not _NUMERALS.intersection(term):
        return True
    before, after = text[start - 1 : start], text[end : end + 1]
    if term[0] in _NUMERALS and before in _NUMERALS and before:
        return False
    return not (term[-1] in _NUMERALS and after and (after in _NUMERALS or after in "块元天条"))


def _in_context(hit: Hit, text: str, exact: Sequence[Hit], cuts: frozenset[int], lexicon: Lexicon) -> Hit:
    """The hit with the quality that its surroundings leave it."""
    size = hit.end - hit.start
    span = text[hit.start : hit.end]
    if size >= 4 or len(hit.term.text) != size:
        whole_words = hit.quality == _ONE_WRONG and _is_words(span, lexicon)
        return replace(hit, quality=0.0) if whole_words else hit
    beside = _domain_terms_around(hit, exact)
    common = lexicon.common.get(span, 0)
    factor = 1.0
    if common:
        confusable = hit.quality < SAME_SYLLABLE
        rare_enough = beside and common < _VERY_COMMON and not confusable
        factor = 0.75 if _near(hit, text) else 0.6 if rare_enough else 0.0
    elif _is_everyday_speech(span, hit.term.text, lexicon) and not _near(hit, text):
        factor = 0.0
    elif hit.start not in cuts or hit.end not in cuts:
        factor = 0.5 if beside else 0.0
        factor = max(factor, 0.4) if size == 3 else factor
    elif size == 2:
        confusable = hit.quality < SAME_SYLLABLE
        wholly_other = not set(span) & set(hit.term.text)
        factor = 0.0 if confusable and wholly_other and not _near(hit, text) else 1.0 if beside else 0.7
    return replace(hit, quality=hit.quality * factor)


def _is_everyday_speech(span: str, term: str, lexicon: Lexicon) -> bool:
    """Whether the span is what people say anyway.

    Two characters with one that stands beside any other, or three of which two are an everyday word that the term does
    not have (我**回复** for 我恢复).
    """
    if len(span) == 2:
        return bool(_FUNCTION.intersection(span) - set(term))
    return len(span) == 3 and any(
        heard != meant and heard in lexicon.common for heard, meant in ((span[:2], term[:2]), (span[1:], term[1:]))
    )


def _near(hit: Hit, text: str) -> bool:
    """Whether one of the term's own `near` words stands within a dozen characters."""
    near = hit.term.near
    return near is not None and bool(
        near.search(text, max(0, hit.start - _NEAR), hit.start)
        or near.search(text, hit.end, min(len(text), hit.end + _NEAR))
    )


def _is_words(span: str, lexicon: Lexicon) -> bool:
    """Whether the span is made of everyday words (宽带 and 上面), so that nothing in it need be misheard."""
    return any(
        (span[cut:] in lexicon.common and (cut < 2 or span[:cut] in lexicon.common))
        or (span[:cut] in lexicon.common and len(span) - cut < 2)
        for cut in range(1, len(span))
    )


def _domain_terms_around(hit: Hit, exact: Iterable[Hit]) -> int:
    return sum(
        any(facet in ("business", "nature", "kind") and weight >= 2 for facet, _, weight in other.term.speaks_for)
        for other in exact
        if len(other.term.text) > 1
        if (other.end <= hit.start and hit.start - other.end <= _AROUND)
        or (other.start >= hit.end and other.start - hit.end <= _AROUND)
    )


def word_bounds(text: str, lexicon: Lexicon) -> frozenset[int]:
    """Where words begin and end in the likeliest cutting of the text into common words."""
    count = len(text)
    best = [0.0] + [-math.inf] * count
    origin = [0] * (count + 1)
    for end in range(1, count + 1):
        for start in range(max(0, end - lexicon.longest_common), end):
            word = text[start:end]
            counted = lexicon.common.get(word, 0) if end - start > 1 else 1
            if counted:
                score = best[start] + math.log(counted) - lexicon.log_total
                if score > best[end]:
                    best[end], origin[end] = score, start
    bounds = {count}
    while count:
        count = origin[count]
        bounds.add(count)
    return frozenset(bounds)


def _apart(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """The hits that remain when better and longer ones take their place first; in order."""
    chosen: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (-hit.quality * (hit.end - hit.start), hit.start, hit.term.text)):
        if all(hit.end <= other.start or hit.start >= other.end for other in chosen):
            chosen.append(hit)
    return tuple(sorted(chosen, key=lambda hit: hit.start))


def _repaired(line: Line, hits: Iterable[Hit]) -> Line:
    characters = list(line.text)
    for hit in hits:
        if REPAIR_FROM <= hit.quality < 1.0 and len(hit.term.text) == hit.end - hit.start:
            characters[hit.start : hit.end] = hit.term.text
    return line.with_text("".join(characters))
