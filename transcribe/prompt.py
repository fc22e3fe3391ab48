"""What Whisper is told before it listens: the manner of a call, and the centre's own words.

Whisper goes on in the manner of its prompt: simplified characters, punctuation, figures spelled as they are said (it
loses repeated digits of `10690088`, not of 一零六九零零八八), the business's words. Rendered calls by telephone: CER
11.3 % without, 8.6 % with it; AISHELL-50 the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

MANNER = "您好，请问有什么可以帮您？我的电话是一三九零零一二三四五六。"
DOMAIN_WORDS = ("宽带", "彩铃", "声讯", "移机", "工号", "固话")
MOST_TOKENS = 160
"""Of the 223 that Whisper takes before what it hears; what it writes shares the rest of its 448 with them."""
_LONGEST_WORD = 16
"""Characters; a longer entry is a sentence, and would be taken up as one."""


def prompt_of(words: Sequence[str], count: Callable[[str], int]) -> tuple[str, tuple[str, ...]]:
    """The prompt, and the words in it in their order; `count` gives a text's tokens.

    `words` come weightiest first and are taken while there is room. They stand in the prompt the other way round:
    what is nearest to the sound weighs most.
    """
    chosen = list(DOMAIN_WORDS)
    room = MOST_TOKENS - count(_written(chosen))
    for word in dict.fromkeys(word.strip() for word in words):
        if not word or len(word) > _LONGEST_WORD or word in chosen:
            continue
        room -= count("、" + word)
        if room < 0:
            break
        chosen.append(word)
    own = chosen[len(DOMAIN_WORDS) :]
    listed = (*DOMAIN_WORDS, *reversed(own))
    return _written(listed), listed


def _written(words: Sequence[str]) -> str:
    return f"{MANNER}{'、'.join(words)}。"
