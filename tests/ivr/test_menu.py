"""A menu file that loads strands nobody; one that would is refused with its file and line."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from hotline.commands.ivr import app
from hotline.settings import CHECKOUT
from ivr.menu import HangUp, Menu, MenuError, Menus, Say, Service, ToMenu, ToMessageBox, ToPerson, end_of, load_menus
from ivr.menu_reader import parse_menus
from ivr.render import render_menus

GOOD = """\
greeting: [hello]
start: main
menus:
  main:
    prompt: hello
    keys:
      1: {person: complaint}
      2: {menu: more}
    otherwise: {person: complaint}
  more:
    prompt: hello
    keys:
      1: {say: hello, then: {menu: main}}
      2: {message_box: true}
      3: {hang_up: true}
    otherwise: {menu: main}
"""


def parse(text: str) -> Menus:
    return parse_menus(text, "menu.yaml", lambda prompt: prompt == "hello")


def test_our_own_menu_offers_the_four_services_and_a_person_on_zero_everywhere() -> None:
    menus = load_menus(CHECKOUT / "ivr" / "menu.yaml")
    main = menus.menus[menus.start]
    assert [end_of(main.keys[key]) for key in "124"] == [
        ToPerson(Service.COMPLAINT),
        ToPerson(Service.SUGGESTION),
        ToPerson(Service.REPORT),
    ]
    assert main.keys["3"] == ToMenu("standards")
    assert all(isinstance(end_of(menu.keys["0"]), ToPerson) for menu in menus.menus.values())
    assert menus.greeting == ("recording-notice",)


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("1: {person: complaint}", "1: {person: plumber}"), 7, "no service 'plumber'"),
        (("2: {menu: more}", "2: {menu: nowhere}"), 8, "no menu 'nowhere'"),
        (("2: {menu: more}", "1: {menu: more}"), 8, "'1' stands twice"),
        (("2: {menu: more}", "x: {menu: more}"), 8, "no key of a telephone"),
        (("2: {menu: more}", "12: {menu: more}"), 8, "no key of a telephone"),
        (("2: {menu: more}", "2: {menue: more}"), 8, "unknown key 'menue'"),
        (("2: {menu: more}", "2: {menu: more, person: complaint}"), 8, "a choice is one of"),
        (("2: {menu: more}", "2: {person: complaint}"), 11, "no choice leads to menu 'more'"),
        (("2: {menu: more}", "0: {menu: more}"), 7, "key 0 of menu 'main' must lead to a person"),
        (("    prompt: hello\n    keys:\n      1: {person", "    keys:\n      1: {person"), 5, "has no prompt"),
        (("prompt: hello", "prompt: missing"), 5, "no prompt 'missing'"),
        (("[hello]", "[missing]"), 1, "no prompt 'missing'"),
        (("say: hello", "say: 'a,b)'"), 13, "lower-case letters"),
        (("start: main", "start: nowhere"), 2, "no menu 'nowhere'"),
        (("start: main", "startt: main"), 2, "unknown key 'startt'"),
        (("    otherwise: {person: complaint}", "    otherwise: {menu: more}"), 5, "loop without an exit"),
        (("then: {menu: main}", "then: {hang_up: no}"), 13, "takes `true` only"),
        ((", then: {menu: main}", ""), 13, "`say` needs `then`"),
        (("    prompt: hello", "    prompt: hello\n    tries: 99"), 6, "from 1 to 9"),
        (("    prompt: hello", "    prompt: hello\n    tries: 2\n    tries: 3"), 7, "'tries' stands twice"),
        (("menus:\n", "menus: [\n"), 5, "not valid YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(change: tuple[str, str], line: int, words: str) -> None:
    text = GOOD.replace(*change, 1)
    assert text != GOOD
    with pytest.raises(MenuError) as caught:
        parse(text)
    assert f"menu.yaml:{line}: " in str(caught.value)
    assert any(problem.line == line and words in problem.text for problem in caught.value.problems), caught.value


@pytest.mark.parametrize("text", ["", "[]", "menus: {}", "null", "a: &a [*a]", "\x00", "start: main\nmenus: {main: 3}"])
def test_a_file_that_is_no_menu_is_refused(text: str) -> None:
    with pytest.raises(MenuError, match=r"menu\.yaml:\d+: "):
        parse(text)


def test_a_choice_that_contains_itself_is_refused() -> None:
    with pytest.raises(MenuError, match="prompts in a row"):
        parse(GOOD.replace("{say: hello, then: {menu: main}}", "&loop {say: hello, then: *loop}"))


def test_the_command_names_file_and_line_and_fails(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(GOOD.replace("{menu: more}", "{menu: nowhere}"), "utf-8")
    result = CliRunner().invoke(app, ["check", str(bad)])
    assert result.exit_code == 1
    assert f"{bad}:8: there is no menu 'nowhere'" in result.stderr
    assert CliRunner().invoke(app, ["check"]).exit_code == 0
    assert "[ivr-main]" in CliRunner().invoke(app, ["render"]).stdout


NAMES = ("main", "second", "third")


def _choices(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    ends = st.one_of(
        st.sampled_from(Service).map(lambda service: f"{{person: {service}}}"),
        st.sampled_from(names).map(lambda name: f"{{menu: {name}}}"),
        st.sampled_from(("{message_box: true}", "{hang_up: true}")),
    )
    return st.one_of(ends, ends.map(lambda end: f"{{say: hello, then: {end}}}"))


@st.composite
def _files(draw: st.DrawFn) -> dict[str, dict[str, object]]:
    """Up to three menus, each reached from the first; loops of silence are left for the reader to refuse."""
    names = NAMES[: draw(st.integers(1, 3))]
    choices = _choices(names)
    menus: dict[str, dict[str, object]] = {}
    for name in names:
        keys = draw(st.dictionaries(st.sampled_from("3456*#"), choices, max_size=4))
        menus[name] = {"keys": keys, "otherwise": draw(st.none() | choices)}
    ways = {str(number): f"{{menu: {name}}}" for number, name in enumerate(names[1:], 1)}
    menus["main"]["keys"] = {**ways, **draw(st.dictionaries(st.sampled_from("3456*#"), choices, max_size=4))}
    return menus


def _text(menus: dict[str, dict[str, object]]) -> str:
    lines = ["start: main", "most_steps: 9", "menus:"]
    for name, menu in menus.items():
        lines += [f"  {name}:", "    prompt: hello", "    keys:" + ("" if menu["keys"] else " {}")]
        lines += [f"      '{key}': {choice}" for key, choice in menu["keys"].items()]  # type: ignore[attr-defined]
        lines += [f"    otherwise: {menu['otherwise']}"] if menu["otherwise"] else []
    return "\n".join(lines)


def _accepted(menus: dict[str, dict[str, object]]) -> Menus | None:
    try:
        return parse(_text(menus))
    except MenuError:
        return None


@given(_files(), st.lists(st.sampled_from("0123456789*#."), max_size=40))
def test_whatever_is_pressed_ends_at_a_person_the_message_box_or_a_hang_up(
    menus: dict[str, dict[str, object]], presses: list[str]
) -> None:
    accepted = _accepted(menus)
    if accepted is None:
        return
    end = _walk(accepted, presses)
    assert isinstance(end, ToPerson | ToMessageBox | HangUp)


@given(_files())
def test_zero_reaches_a_person_from_every_menu_that_loads(menus: dict[str, dict[str, object]]) -> None:
    accepted = _accepted(menus)
    for menu in accepted.menus.values() if accepted else ():
        assert isinstance(end_of(menu.keys["0"]), ToPerson)


@given(_files())
def test_rendered_lines_are_of_few_shapes_and_go_to_contexts_that_exist(menus: dict[str, dict[str, object]]) -> None:
    accepted = _accepted(menus)
    if accepted is None:
        return
    text = render_menus(accepted, lambda prompt: f"/sounds/{prompt}")
    contexts = set(re.findall(r"^\[(ivr-[a-z-]+)\]$", text, re.MULTILINE))
    for line in text.splitlines():
        assert re.fullmatch(
            r"|\[(ivr|hl)-[a-z][a-z0-9-]*\]|(exten => ([a-z0-9*#]+|_\[0-9\*#\]),1| same => n(\([a-z]+\))?),[A-Z].*\)",
            line,
        )
    assert set(re.findall(r"Goto\((ivr-[a-z0-9-]+),", text)) <= contexts
    for digits in itertools.groupby(re.findall(r"^(\[.*\]|exten => .,1)", text, re.MULTILINE), lambda x: x[0] == "["):
        extensions = list(digits[1])
        assert len(extensions) == len(set(extensions)), "a key is rendered twice"


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(MenuError):
        parse(text)


def _walk(menus: Menus, presses: list[str]) -> ToPerson | ToMessageBox | HangUp:
    """What the rendered dialplan does with these keys (`.` is silence), and with silence after the last."""
    keys = iter(presses)
    here: Menu = menus.menus[menus.start]
    tries = steps = 0
    while True:
        steps += 1
        if steps > menus.most_steps:
            return ToPerson(Service.COMPLAINT)
        key = next(keys, ".")
        choice = here.keys.get(key)
        if choice is None:
            tries += 1
            if tries < here.tries:
                continue
            choice = here.otherwise
        else:
            steps += 1
        end = end_of(choice)
        assert not isinstance(end, Say)
        if not isinstance(end, ToMenu):
            return end
        here, tries = menus.menus[end.menu], 0
