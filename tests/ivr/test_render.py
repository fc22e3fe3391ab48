"""What is written into a node's configuration, and what is never written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from hotline.settings import CHECKOUT, AmiSettings, AsteriskSettings, Settings
from ivr.content import content_of_file
from ivr.dialplan import checked, tell
from ivr.errors import NoAsteriskError, RenderError
from ivr.node import DIALPLAN_PROMPTS, SeatAccount, render_texts
from ivr.paths import NodePaths, asterisk_root

SEATS = (SeatAccount("8001", SecretStr("seat-secret-1")), SeatAccount("8002", SecretStr("seat-secret-2")))


@pytest.fixture
def paths(tmp_path: Path) -> NodePaths:
    (tmp_path / "usr/lib/x86_64-linux-gnu/asterisk/modules").mkdir(parents=True)
    return NodePaths(tmp_path, tmp_path / "instances" / "main")


def settings(**values: object) -> Settings:
    return Settings(**{"ami": AmiSettings(secret=SecretStr("ami-secret-1")), **values})  # type: ignore[arg-type]


def render(paths: NodePaths, given: Settings, seats: tuple[SeatAccount, ...] = SEATS) -> dict[str, str]:
    return render_texts(given, seats, content_of_file(given), paths)


def test_asterisk_sees_its_folders_without_the_chroot(paths: NodePaths) -> None:
    texts = render(paths, settings())
    assert "astspooldir => /instances/main/spool\n" in texts["asterisk.conf"]
    assert str(paths.root) not in "".join(texts.values())
    assert "systemname = n1\n" in texts["asterisk.conf"]


def test_every_seat_registers_and_is_a_permanent_member_of_the_fallback_queue(paths: NodePaths) -> None:
    texts = render(paths, settings())
    for seat in SEATS:
        assert f"[{seat.extension}](seat)\n" in texts["pjsip.conf"]
        assert f"password = {seat.secret.get_secret_value()}\n" in texts["pjsip.conf"]
        assert f"member => PJSIP/{seat.extension},0,{seat.extension},PJSIP/{seat.extension}\n" in texts["queues.conf"]


def test_the_controller_may_do_what_it_needs_and_no_more(paths: NodePaths) -> None:
    text = render(paths, settings())["manager.conf"]
    assert "read = system,call,user,agent\n" in text
    assert "write = call,originate,reporting\n" in text
    assert "deny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.0/8\n" in text
    assert "bindaddr = 127.0.0.1\n" in text
    for event in ("UserEvent", "Hangup", "DialEnd", "FullyBooted"):
        assert f"eventfilter(action(include),name({event})) =\n" in text
    for noisy in ("Newexten", "VarSet", "Newchannel"):
        assert noisy not in "".join(line for line in text.splitlines() if line.startswith("eventfilter"))


def test_no_jinja_and_no_empty_value_is_left(paths: NodePaths) -> None:
    for name, text in render(paths, settings()).items():
        assert "{%" not in text
        assert "{{" not in text, name
        assert "None" not in text, name


def test_every_prompt_the_dialplan_plays_is_there(paths: NodePaths) -> None:
    texts = render(paths, settings())
    played = set(re.findall(r"(?:Playback|Background)\(/instances/main/sounds/([a-z-]+)\)", "".join(texts.values())))
    known = {*DIALPLAN_PROMPTS, *content_of_file(settings()).prompts()}
    assert played <= known
    assert all((CHECKOUT / "ivr" / "prompts" / f"{name}.wav").exists() for name in known)


def test_every_goto_finds_its_context(paths: NodePaths) -> None:
    texts = render(paths, settings())
    text = texts["extensions.conf"] + texts["menus.conf"]
    contexts = set(re.findall(r"^\[([a-z-]+)\]", text, re.MULTILINE))
    assert set(re.findall(r"[(?:]((?:acd|hl|ivr)-[a-z-]+),", text)) <= contexts


HOSTILE = [
    "a\nwrite = all",
    "x;y",
    "8001\r\n[evil]",
    "${SHELL(id)}",
    "a,b",
    "a)Goto(x",
    '"',
    "\x00",
    "a\\b",
    "中文密码密码密码",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_are_refused_wherever_they_come_from(paths: NodePaths, text: str) -> None:
    with pytest.raises(RenderError, match="AMI secret"):
        render(paths, settings(ami=AmiSettings(secret=SecretStr(text + "12345678"))))
    with pytest.raises(RenderError, match="SIP secret of seat 8001"):
        render(paths, settings(), (SeatAccount("8001", SecretStr(text + "12345678")),))
    with pytest.raises(RenderError, match="seat extension"):
        render(paths, settings(), (SeatAccount(text, SecretStr("12345678")),))
    with pytest.raises(RenderError, match="access number"):
        render(paths, settings(asterisk=AsteriskSettings(access_numbers=[text])))
    for field in ({"bind": text}, {"trunk_hosts": [text]}, {"ami_permit": [text]}):
        with pytest.raises(RenderError, match="cannot stand in an Asterisk configuration"):
            render(paths, settings(asterisk=AsteriskSettings(**field)))
    with pytest.raises(RenderError, match="cannot stand"):
        render(paths, settings(ami=AmiSettings(user=text, secret=SecretStr("ami-secret-1"))))
    with pytest.raises(ValidationError):
        AsteriskSettings(node=text)


def test_a_refusal_does_not_print_the_secret(paths: NodePaths) -> None:
    with pytest.raises(RenderError) as caught:
        render(paths, settings(ami=AmiSettings(secret=SecretStr("hush;hush"))))
    assert "hush" not in str(caught.value)


@given(st.text())
def test_what_is_inserted_stays_within_its_line_and_its_argument(text: str) -> None:
    try:
        inserted = checked(text)
    except RenderError:
        return
    assert not set(str(inserted)) & set("\r\n;,$(){}[]\"'\\|&\0")


def test_a_milestone_is_told_to_the_journal_first_and_to_the_controller_last() -> None:
    lines = tell("queued", at="${HL_QUEUED}").splitlines()
    assert [re.sub(r"\(.*", "", line) for line in lines] == [" same => n,CELGenUserEvent", " same => n,UserEvent"]


def test_without_any_asterisk_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NoAsteriskError, match="make setup"):
        asterisk_root(Settings(asterisk=AsteriskSettings(root=tmp_path)))
