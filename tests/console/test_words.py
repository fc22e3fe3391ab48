"""The Chinese catalogue and the templates stay in step."""

from __future__ import annotations

from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import console
from console.words import Words

ROOT = Path(console.__file__).parent
KEYWORDS = {"t": None, "zh": None, "N_": None}
METHODS = [("**.py", "python"), ("**.html", "jinja2")]


def keys() -> set[str]:
    """Every key that a template or module asks for."""
    options = {"**.html": {"trim_blocks": "true"}}
    found = extract_from_dir(str(ROOT), method_map=METHODS, keywords=KEYWORDS, options_map=options)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def catalogue() -> dict[str, str]:
    with (ROOT / "locale" / "zh" / "LC_MESSAGES" / "console.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file, locale="zh") if entry.id}


def test_every_key_has_its_chinese_and_none_is_left_over() -> None:
    translated = catalogue()
    assert {key for key in keys() if not translated.get(key)} == set()
    assert set(translated) - keys() == set()


def test_the_values_in_a_sentence_are_the_same_in_both_languages() -> None:
    for key, chinese in catalogue().items():
        if "%(" in key:
            names = {part.split(")")[0] for part in key.split("%(")[1:]}
            assert {part.split(")")[0] for part in chinese.split("%(")[1:]} == names, key


def test_a_sentence_shows_both_languages_and_escapes_what_people_typed() -> None:
    said = Words().both("Order %(number)s is made.", number="<b>")
    assert said == (
        '<span class="zh">工单 &lt;b&gt; 已生成。</span> <span class="en" lang="en">Order &lt;b&gt; is made.</span>'
    )
