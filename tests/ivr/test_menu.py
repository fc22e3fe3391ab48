"""A menu file that loads strands nobody; one that would is refused with its file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from hotline.commands.ivr import app
from hotline.settings import CHECKOUT
from ivr.hours import DayKind
from ivr.menu import (
    CallBack,
    Choice,
    HangUp,
    Menu,
    MenuError,
    Menus,
    Say,
    Service,
    ToMenu,
    ToMessageBox,
    ToPerson,
    When,
    reaches_person,
)
from ivr.menu_reader import load_menus, parse_menus
from ivr.render import render_menus, render_version

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
    assert menus.start == When("staffed", ToMenu("main"), ToMenu("after-hours"))
    main = menus.menus["main"]
    assert [main.keys[key] for key in "124"] == [
        ToPerson(Service.COMPLAINT),
        ToPerson(Service.SUGGESTION),
        ToPerson(Service.REPORT),
    ]
    assert main.keys["3"] == ToMenu("standards")
    assert all(reaches_person(menu.keys["0"]) for menu in menus.menus.values())
    closed = menus.menus["after-hours"]
    assert (closed.keys["1"], closed.keys["2"]) == (ToMessageBox(), CallBack())
    assert menus.greeting == ("recording-notice",)


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("1: {person: complaint}", "1: {person: plumber}"), 7, "no service 'plumber'"),
        (("2: {menu: more}", "2: {when: noon, then: {menu: more}, otherwise: {hang_up: true}}"), 8, "no hours 'noon'"),
        (("2: {menu: more}", "2: {menu: more, if_nobody: {hang_up: true}}"), 8, "`person` may have `if_nobody`"),
        (("2: {menu: more}", "2: {when: noon, then: {menu: more}}"), 8, "`when` needs `then` and `otherwise`"),
        (("start: main", "hours: {day: {workdays: ['8:30-12:00']}}\nstart: main"), 2, 'is "HH:MM-HH:MM" in quotes'),
        (("start: main", "hours: {day: {workdays: ['18:00-08:00']}}\nstart: main"), 2, "split what goes past midnight"),
        (("start: main", "hours: {day: {sundays: []}}\nstart: main"), 2, "unknown key 'sundays'"),
        (("start: main", "hours: {day: {workdays: ['08:00-12:00', '11:00-18:00']}}\nstart: main"), 2, "before 08:00"),
        (("say: hello", "say: /etc/passwd"), 13, "lower-case letters"),
        (("say: hello", "say: ../../tone"), 13, "lower-case letters"),
        (("say: hello", "say: &a hello"), 13, "anchors"),
        (("say: hello", "say: !!python/name:os.system hello"), 13, "tags"),
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
    for problem in caught.value.problems:
        assert re.search("[\u4e00-\u9fff]", problem.chinese), "the console says it in Chinese first"


@pytest.mark.parametrize("text", ["", "[]", "menus: {}", "null", "a: &a [*a]", "\x00", "start: main\nmenus: {main: 3}"])
def test_a_file_that_is_no_menu_is_refused(text: str) -> None:
    with pytest.raises(MenuError, match=r"menu\.yaml:\d+: "):
        parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("{say: hello, then: {menu: main}}", "&loop {say: hello, then: *loop}"), "anchors"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "anchors"),
        ("start: " + "[" * 20_000, "levels deep"),
        ("start: " + "{a: " * 10_000, "levels deep"),
        ("# " + "x" * 70_000, "longer than 64 KiB"),
        (GOOD.replace("{menu: more}", "{say: hello, then: " * 9 + "{hang_up: true}" + "}" * 9), "in a row"),
        (GOOD + "".join(f"  m{n}: {{prompt: hello, keys: {{}}}}\n" for n in range(70)), "more than 60 menus"),
    ],
)
def test_a_text_that_would_cost_more_than_its_size_is_refused(text: str, words: str) -> None:
    with pytest.raises(MenuError, match=words):
        parse(text)


def test_the_command_names_file_and_line_and_fails(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(GOOD.replace("{menu: more}", "{menu: nowhere}"), "utf-8")
    result = CliRunner().invoke(app, ["check", str(bad)])
    assert result.exit_code == 1
    assert f"{bad}:8: there is no menu 'nowhere'" in result.stderr
    assert CliRunner().invoke(app, ["check"]).exit_code == 0
    assert "[ivr-v0-main]" in CliRunner().invoke(app, ["render"]).stdout


NAMES = ("main", "second", "third")
HOURS = "hours: {noon: {workdays: ['08:30-12:00', '13:30-24:00'], days_off: ['09:00-17:00']}, never: {}}"


def _choices(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    ends = st.one_of(
        st.sampled_from(Service).map(lambda service: f"{{person: {service}}}"),
        st.sampled_from(names).map(lambda name: f"{{menu: {name}}}"),
        st.sampled_from(("{message_box: true}", "{hang_up: true}", "{call_back: true}")),
    )
    return st.one_of(
        ends,
        ends.map(lambda end: f"{{say: hello, then: {end}}}"),
        ends.map(lambda end: f"{{person: report, if_nobody: {end}}}"),
        st.tuples(st.sampled_from(("noon", "never")), ends, ends).map(
            lambda parts: "{{when: {}, then: {}, otherwise: {{say: hello, then: {}}}}}".format(*parts)
        ),
    )


@st.composite
def _files(draw: st.DrawFn) -> dict[str, dict[str, object]]:
    """Up to three menus, each reached from the first; loops of silence are left for the reader to refuse."""
    names = NAMES[: draw(st.integers(1, 3))]
    choices = _choices(names)
    menus: dict[str, dict[str, object]] = {}
    for name in names:
        keys = draw(st.dictionaries(st.sampled_from("03456*#"), choices, max_size=4))
        menus[name] = {"keys": keys, "otherwise": draw(st.none() | choices)}
    ways = {str(number): f"{{menu: {name}}}" for number, name in enumerate(names[1:], 1)}
    menus["main"]["keys"] = {**ways, **draw(st.dictionaries(st.sampled_from("3456*#"), choices, max_size=4))}
    return menus


def _text(menus: dict[str, dict[str, object]]) -> str:
    lines = [HOURS, "start: main", "most_steps: 9", "menus:"]
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


@given(_files(), st.lists(st.sampled_from("0123456789*#."), max_size=40), st.booleans(), st.booleans())
def test_whatever_is_pressed_ends_at_a_person_the_message_box_or_a_hang_up(
    menus: dict[str, dict[str, object]], presses: list[str], staffed: bool, open_now: bool
) -> None:
    accepted = _accepted(menus)
    if accepted is None:
        return
    end = _walk(accepted, presses, staffed, open_now)
    assert isinstance(end, ToPerson | ToMessageBox | CallBack | HangUp)


@given(_files(), st.booleans())
def test_zero_reaches_a_person_from_every_menu_that_loads(menus: dict[str, dict[str, object]], open_now: bool) -> None:
    accepted = _accepted(menus)
    for menu in accepted.menus.values() if accepted else ():
        assert isinstance(_end(menu.keys["0"], staffed=True, open_now=open_now), ToPerson)


@given(_files(), st.booleans(), st.booleans())
def test_silence_from_any_menu_that_loads_comes_to_an_end(
    menus: dict[str, dict[str, object]], staffed: bool, open_now: bool
) -> None:
    accepted = _accepted(menus)
    for name in accepted.menus if accepted else ():
        assert accepted is not None
        here, seen = name, {name}
        while isinstance(end := _end(accepted.menus[here].otherwise, staffed, open_now), ToMenu):
            assert end.menu not in seen
            seen.add(here := end.menu)


@given(_files())
def test_rendered_lines_are_of_few_shapes_and_go_to_contexts_that_exist(menus: dict[str, dict[str, object]]) -> None:
    accepted = _accepted(menus)
    if accepted is None:
        return
    text = render_menus(7, {7: accepted, 6: accepted}, lambda prompt: f"/sounds/{prompt}")
    contexts = set(re.findall(r"^\[((?:ivr|hl)-[a-z0-9-]+)\]$", text, re.MULTILINE))
    for line in text.splitlines():
        assert re.fullmatch(
            r"|\[(ivr|hl)-[a-z][a-z0-9-]*\]"
            r"|(exten => ([a-z0-9*#]+|_\[0-9\*#\]),1| same => n(\([a-z0-9]+\))?),[A-Z].*\)",
            line,
        )
    assert set(re.findall(r"Goto\(((?:ivr|hl)-v[a-z0-9-]+),", text)) <= contexts
    for version in (6, 7):
        assert set(re.findall(rf"ivr-v{version}-([a-z-]+)", text)) == set(accepted.menus)
    context, defined = "", set()
    for line in text.splitlines():
        context = line if line.startswith("[") else context
        if line.startswith("exten => "):
            key = (context, line.split(",")[0])
            assert key not in defined, "a key is rendered twice"
            defined.add(key)


@given(_files())
def test_two_versions_share_no_line_that_a_caller_could_stand_on(menus: dict[str, dict[str, object]]) -> None:
    accepted = _accepted(menus)
    if accepted is None:
        return
    old, new = (render_version(number, accepted, lambda prompt: prompt) for number in (1, 2))
    contexts = [set(re.findall(r"^\[(.*)\]$", text, re.MULTILINE)) for text in (old, new)]
    assert contexts[0] & contexts[1] == set()
    assert "ivr-v2-" not in old
    assert "ivr-v1-" not in new


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(MenuError):
        parse(text)


def test_opening_hours_end_on_the_minute_and_know_days_off() -> None:
    noon = parse(f"{HOURS}\n{GOOD}").hours["noon"]
    at = {clock: noon.open_at(int(clock[:2]) * 60 + int(clock[3:]), DayKind.WORKDAY) for clock in
          ("08:29", "08:30", "11:59", "12:00", "13:30", "23:59")}  # fmt: skip
    assert at == {"08:29": False, "08:30": True, "11:59": True, "12:00": False, "13:30": True, "23:59": True}
    assert noon.open_at(9 * 60, DayKind.DAY_OFF)
    assert not noon.open_at(8 * 60 + 30, DayKind.DAY_OFF)


def _end(choice: Choice, staffed: bool, open_now: bool) -> Choice:
    """Where the rendered dialplan ends up without a key."""
    match choice:
        case Say(then=then):
            return _end(then, staffed, open_now)
        case When(then=then, otherwise=otherwise):
            return _end(then if open_now else otherwise, staffed, open_now)
        case ToPerson(if_nobody=instead) if instead is not None and not staffed:
            return _end(instead, staffed, open_now)
    return choice


def _walk(menus: Menus, presses: list[str], staffed: bool, open_now: bool) -> Choice:
    """What the rendered dialplan does with these keys (`.` is silence), and with silence after the last."""
    keys = iter(presses)
    here: Menu = menus.menus["main"]
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
        steps += 1
        end = _end(choice, staffed, open_now)
        if not isinstance(end, ToMenu):
            return end
        here, tries = menus.menus[end.menu], 0
