"""Telling what Whisper heard from what it made up.

Trained on subtitles, it fills silence and music with subtitle credits, and can fall into repeating itself.
"""

from __future__ import annotations

import re

from transcribe.text import simplified, spoken

_CREDITS = re.compile(
    r"字幕|请不吝点赞|点赞.{0,4}订阅|订阅.{0,6}(转发|打赏)|打赏支持|明镜(与点点|火拍)?(栏目)?|中文字幕志愿者|志愿者.{0,6}(杨|李)"
    r"|谢谢(大家|您|你)?(的)?(收看|观看|收听)|感谢(大家|您|你)?(的)?(收看|观看|收听)|下(期|集)再见|优优独播|独播剧场|本(期|集)(视频|节目)"
    r"|词曲|作曲|编曲|作词|YoYoTelevision|Amara\.?org|MING\s?PAO",
    re.IGNORECASE,
)
"""What only subtitles say. A caller may say 字幕 too, so it counts only where the recogniser was unsure."""
_UNSURE = -0.45
"""Mean log-probability of a token below which a subtitle credit is taken as invented."""
_SILENT = 0.6
_LOOP = re.compile(r"(.{1,12}?)\1{4,}")
"""The same one to twelve characters five times in a row or more."""


def is_invented(text: str, no_speech: float, logprob: float, compression: float) -> bool:
    """Whether a decoded segment was not said.

    `no_speech` is the probability of silence, `logprob` the mean log-probability of its tokens, `compression` the
    ratio that a compressor reaches on its text.
    """
    said = spoken(simplified(text))
    if not said:
        return True
    if (no_speech > _SILENT and logprob < -0.8) or (no_speech > 0.45 and logprob < -1.0):
        return True
    if _CREDITS.search(simplified(text)) and (logprob < _UNSURE or no_speech > 0.3):
        return True
    loop = _LOOP.search(said)
    looped = loop is not None and len(loop.group(0)) > 0.6 * len(said) and not said.isdigit()
    return (looped and len(said) > 15) or (compression > 3.0 and logprob < -0.3)
