"""What docs/menus.md tells a newcomer to type is taken as it stands."""

from __future__ import annotations

import re

from hotline.settings import CHECKOUT, Settings
from ivr.announcements import prompt_names
from ivr.drawing import Mark, draw
from ivr.menu import When
from ivr.menu_reader import parse_menus
from ivr.prompt_texts import prompt_texts
from ivr.versions import parse

TEXT = (CHECKOUT / "docs" / "menus.md").read_text("utf-8")


def test_the_worked_example_is_a_menu() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    menus = parse(example, Settings())
    assert isinstance(menus.start, When)
    drawing = draw(menus)
    assert {box.name for box in drawing.boxes} == {"", "main", "after-hours"}
    assert {Mark.NOBODY, Mark.CALL_BACK, Mark.WHEN} <= {row.mark for box in drawing.boxes for row in box.rows}


def test_each_choice_of_the_table_is_one() -> None:
    choices = re.findall(r"^\| `(\{.*?\})` \|", TEXT, re.MULTILINE)
    assert len(choices) == 8
    for choice in choices:
        known = choice.replace("CHOICE", "{message_box: true}").replace("NAME", "main").replace("HOURS", "day")
        text = f"hours: {{day: {{}}}}\nstart: main\nmenus: {{main: {{prompt: p, keys: {{1: {known}}}}}}}"
        assert parse_menus(text.replace("PROMPT", "p"), "table", lambda prompt: prompt == "p").menus["main"].keys["1"]


def test_every_prompt_has_its_text_and_every_text_its_prompt() -> None:
    prompts = Settings().prompts
    sounds = {"tone", "silence", "hold-music"}
    assert set(prompt_names(prompts)) - sounds == set(prompt_texts(prompts))
