"""Characters of which the recogniser was unsure are read as likelier ones of their sound; nothing else changes."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.draft import extract
from transcribe.draft.check import check_evidence
from transcribe.draft.context import CallContext
from transcribe.draft.language import Language, language, runs_of
from transcribe.draft.normalise import normalise
from transcribe.draft.reread import reread
from transcribe.turns import Turn, Word

NUMERALS = "零一二三四五六七八九十百千万两幺0123456789"


def heard(text: str, unsure: str = "", *, certainty: float = 0.3) -> Turn:
    """A caller's turn of which the recogniser was sure but for the characters of `unsure`."""
    words = (
        Word(0.2 * at, 0.2 * at + 0.2, character, certainty if character in unsure else 0.99)
        for at, character in enumerate(text)
    )
    return Turn("caller", 0.0, 0.2 * len(text), text, tuple(words))


def read(turn: Turn) -> str:
    return "".join(line.text for line in reread(normalise([turn])))


@pytest.mark.parametrize(
    ("text", "unsure", "meant"),
    [
        ("下离拜一还有一门,千万别再掉。", "离", "下礼拜一还有一门,千万别再掉。"),
        ("我家坐机又坏了。", "坐", "我家座机又坏了。"),
        ("速社网一到晚上就断。", "速社", "宿舍网一到晚上就断。"),
        ("我这个月的化费不对。", "化", "我这个月的话费不对。"),
    ],
)
def test_unsure_characters_are_read_as_likelier_ones_of_their_sound(text: str, unsure: str, meant: str) -> None:
    assert read(heard(text, unsure)) == meant


def test_what_the_recogniser_was_sure_of_stays() -> None:
    assert read(heard("下离拜一还有一门。")) == "下离拜一还有一门。"


def test_what_was_typed_stays() -> None:
    assert read(Turn("caller", 0.0, 4.0, "下离拜一还有一门。")) == "下离拜一还有一门。"


def test_evidence_shows_what_was_written_and_its_seconds() -> None:
    turn = heard("我家宽带坏了,你们下离拜一再来修。", "离")
    call = CallContext("", datetime(2026, 11, 18, 10, tzinfo=ZoneInfo("Asia/Shanghai")))
    draft = extract([turn], call)
    assert [(day.text, day.first, day.last) for day in draft.days] == [("下离拜一", "2026-11-23", "2026-11-23")]
    (said,) = draft.evidence["days"]
    assert said.text == "下离拜一"
    assert said.start <= turn.words[9].start < turn.words[12].end <= said.end + 0.1


@given(st.text(alphabet="我你们的宽带话费化离拜坐机投诉办理退钱元块不同意" + NUMERALS + "，。", max_size=40))
def test_no_numeral_is_read_otherwise_and_every_value_is_borne_out(text: str) -> None:
    turn = heard(text, text)
    before, after = "".join(line.text for line in normalise([turn])), read(turn)
    assert len(before) == len(after)
    assert [each for each in zip(before, after, strict=True) if each[0] != each[1] and set(each) & set(NUMERALS)] == []
    assert check_evidence(extract([turn]), [turn]) == []


def test_probabilities_after_any_two_characters_are_shares_of_one() -> None:
    told = ["话费不对", "话费多扣", "宽带断了"]
    model = Language((run, 1.0) for stretch in told for run in runs_of(stretch))
    signs = sorted({sign for stretch in told for sign in stretch} | {"^", "$"})
    for after in ("^^", "话费", "费不", "断了", "了话"):
        total = sum(math.exp(model.log_probability(sign, after)) for sign in signs)
        assert 0.85 < total <= 1.0 + 1e-9, "the rest is for what was never met"


def test_what_callers_say_is_likelier_than_its_homophones() -> None:
    model = language()
    assert model.log_probability("费", "^话") > model.log_probability("废", "^话")
