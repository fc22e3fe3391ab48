"""Telling what Whisper heard from what it made up.

Trained on subtitles, it fills silence and music with subtitle credits, and can fall into repeating itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from transcribe.text import ends_sentence, simplified, spoken
from transcribe.turns import Word

_CREDITS = re.compile(
    r"字幕|请不吝点赞|点赞.{0,4}订阅|订阅.{0,6}(转发|打赏)|打赏支持|明镜(与点点|火拍)?(栏目)?|中文字幕志愿者|志愿者.{0,6}(杨|李)"
    r"|谢谢(大家|您|你)?(的)?(收看|观看|收听)|感谢(大家|您|你)?(的)?(收看|观看|收听)|下(期|集)再见|优优独播|独播剧场|本(期|集)(视频|节目)"
    r"|词曲|作曲|编曲|作词|YoYoTelevision|Amara\.?org|MING\s?PAO",
    re.IGNORECASE,
)
"""What only subtitles say. A caller may say 字幕 too, so it counts only where the recogniser was unsure."""
_UNSURE = -0.45
"""Mean log-probability of the words of a sentence below which a subtitle credit is taken as invented."""
_GUESSED = 0.2
"""Mean probability of a sentence's words below which nobody said it: in noise 10 dB under the speech nothing was said
where turns had less, and something was wherever they had more than 0.3."""
_LOOP = re.compile(r"(.{1,12}?)\1{4,}")
"""The same one to twelve characters five times in a row or more."""
_LEAST_ECHO = 4
"""Characters of the prompt's word list that nobody says by chance."""
_ROUNDS = re.compile(r"([^\d零〇一二三四五六七八九幺两].{3,39}?)\1{3,}")
"""The same sentence four times in a row or more; a number may repeat itself."""
_LONGEST_LOOP = 15
"""Characters of a loop that a person may still say, such as 喂喂喂喂喂."""


def is_silence(no_speech: float, logprob: float) -> bool:
    """Whether a window was decoded out of nothing: by the probability of silence and the mean of its tokens'."""
    return (no_speech > 0.6 and logprob < -0.8) or (no_speech > 0.45 and logprob < -1.0)


def without_inventions(words: Sequence[Word], no_speech: float = 0.0, echo: Sequence[str] = ()) -> list[Word]:
    """Words less the sentences that were made up.

    `no_speech` is the probability that their window is silence. `echo` are the words of the recogniser's prompt: two
    or more of them in that order are the prompt, not the speaker; so is a single one where the recogniser is unsure.
    """
    kept = [word for sentence in _sentences(words) if not is_invented(sentence, no_speech, echo) for word in sentence]
    return _once(kept)


def _once(words: Sequence[Word]) -> list[Word]:
    """Words without the further rounds of what goes round in circles over several sentences: what was really said
    there is then heard once more by itself (`transcribe.listening`)."""
    said = [spoken(simplified(word.text)) for word in words]
    again = [(found.end(1), found.end()) for found in _ROUNDS.finditer("".join(said))]
    begins = accumulate(map(len, said), initial=0)
    return [
        word
        for word, text, at in zip(words, said, begins, strict=False)
        if not any(first <= at - (not text) < last for first, last in again)  # punctuation goes with what it follows
    ]


def is_invented(sentence: Sequence[Word], no_speech: float, echo: Sequence[str] = ()) -> bool:
    text = simplified("".join(word.text for word in sentence))
    said = spoken(text)
    if not said or is_echo(said, echo) or sum(word.confidence for word in sentence) / len(sentence) < _GUESSED:
        return True
    sure = sum(math.log(max(word.confidence, 1e-4)) for word in sentence) / len(sentence)
    doubtful = sure < _UNSURE or no_speech > 0.3
    if doubtful and (_CREDITS.search(text) or said in echo):
        return True
    loop = _LOOP.search(said)
    return (
        loop is not None
        and (doubtful or len(loop.group()) > _LONGEST_LOOP)
        and len(loop.group()) > 0.6 * len(said)
        and not said.isdigit()
    )


def is_echo(said: str, echo: Sequence[str]) -> bool:
    """Whether `said` runs over from one word of the prompt's list into the next."""
    if len(said) < _LEAST_ECHO:
        return False
    listed = [spoken(word) for word in echo]
    joined = "".join(listed)
    borders = set(accumulate(map(len, listed)))
    at = joined.find(said)
    while at >= 0:
        if any(at < border < at + len(said) for border in borders):
            return True
        at = joined.find(said, at + 1)
    return False


def _sentences(words: Sequence[Word]) -> Iterator[list[Word]]:
    held: list[Word] = []
    for word in words:
        held.append(word)
        if ends_sentence(word.text):
            yield held
            held = []
    if held:
        yield held
