"""How each seat's telephone is written into PJSIP: a browser's or a desk telephone's, and which log-ins open it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from pydantic import SecretStr

from ivr.errors import RenderError
from ivr.node import SeatAccount, SipLogin
from ivr.paths import NodePaths
from tests.ivr.test_render import paths, render, settings

__all__ = ["paths"]  # the fixture

SEAT = SeatAccount("8001", SecretStr("the-seats-own-secret"))
ISSUED = SipLogin("8001-p0a1b2c3", SecretStr("issued-secret-1"))
BROWSERS = SipLogin("8001-b0a1b2c3", SecretStr("browser-secret-1"))


def section(text: str, kind: str) -> str:
    """The seat's endpoint (`seat` or `browser` is its template) up to the next section."""
    found = re.search(rf"^\[8001\]\({kind}\)\n(.*?)\n\n", text, re.M | re.S)
    assert found, text
    return found[1]


def test_a_desk_telephone_is_opened_by_the_seats_secret_and_by_what_was_issued(paths: NodePaths) -> None:
    text = render(paths, settings(), (replace(SEAT, logins=(ISSUED,)),))["pjsip.conf"]
    assert "auth = 8001,8001-p0a1b2c3\n" in section(text, "seat") + "\n"
    assert "username = 8001-p0a1b2c3\npassword = issued-secret-1\n" in text


def test_a_browsers_seat_is_opened_by_its_log_in_alone_and_speaks_webrtc(paths: NodePaths) -> None:
    text = render(paths, settings(), (replace(SEAT, logins=(BROWSERS,), browser=True),))["pjsip.conf"]
    assert "auth = 8001-b0a1b2c3\n" in section(text, "browser") + "\n"
    assert "the-seats-own-secret" not in text
    assert re.search(r"^\[browser\]\(!,seat\)\nwebrtc = yes\ndisallow = all\nallow = ", text, re.M)
    assert "max_contacts = 1\nremove_existing = yes\n" in text, "one telephone rings"


def test_opus_is_offered_where_asterisk_can_transcode_it(paths: NodePaths) -> None:
    assert paths.root is not None
    without = render(paths, settings())
    assert "allow = g722,alaw,ulaw\n" in without["pjsip.conf"]
    assert "opus" not in without["modules.conf"]
    (paths.root / str(paths.modules).lstrip("/") / "codec_opus_open_source.so").touch()
    texts = render(paths, settings())
    assert "allow = opus,g722,alaw,ulaw\n" in texts["pjsip.conf"]
    assert "load = codec_opus_open_source.so\nload = res_format_attr_opus.so\n" in texts["modules.conf"]


@pytest.mark.parametrize("text", ["8001\npassword", "8001]", "a,b-c-d-e", "short", "8001-p0a1b2c3;"])
def test_a_log_in_that_asterisk_would_read_as_more_is_refused(paths: NodePaths, text: str) -> None:
    for login in (SipLogin(text, ISSUED.secret), SipLogin(ISSUED.username, SecretStr(text))):
        with pytest.raises(RenderError, match="a log-in of seat 8001"):
            render(paths, settings(), (replace(SEAT, logins=(login,)),))


def test_seats_dial_nothing_but_the_echo_test(paths: NodePaths) -> None:
    text = render(paths, settings())["extensions.conf"]
    context = text.partition("[seat-out]\n")[2].partition("\n[")[0]
    assert re.findall(r"^exten => ([^,]+),", context, re.M) == ["echo"]
