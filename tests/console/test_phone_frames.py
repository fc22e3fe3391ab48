"""What a browser may send to Asterisk: its own seat's requests, and nothing that looks like a caller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.phone.frames import LONGEST, may_pass


def request(method: str = "REGISTER", *, sender: str = "<sip:8001@hotline.invalid>;tag=a", **more: str) -> str:
    lines = [
        f"{method} sip:hotline.invalid SIP/2.0", "Via: SIP/2.0/WS x.invalid;branch=z9hG4bK1", f"From: {sender}",
        f"To: {more.pop('to', '<sip:8001@hotline.invalid>')}", "Call-ID: c", f"CSeq: 1 {method}",
        *(f"{name}: {value}" for name, value in more.items()),
    ]  # fmt: skip
    return "\r\n".join([*lines, "", ""])


@pytest.mark.parametrize(
    "frame",
    [
        "\r\n",
        "\r\n\r\n",
        "SIP/2.0 200 OK\r\nFrom: <sip:139@x>\r\n\r\n",
        request(),
        request("INVITE", sender='"8001" <sip:8001@hotline.invalid>;tag=a', to="<sip:echo@hotline.invalid>"),
        request("BYE", sender="<sip:k3j2@x.invalid;transport=ws>;tag=a", to="<sip:139@127.0.0.1>;tag=b"),
    ],
)
def test_a_seats_own_messages_pass(frame: str) -> None:
    assert may_pass(frame, "8001")


@pytest.mark.parametrize(
    "frame",
    [
        request("INVITE", sender="<sip:13900001111@hotline.invalid>;tag=a", to="<sip:10015@hotline.invalid>"),
        request(sender="<sip:8002@hotline.invalid>;tag=a"),
        request("INVITE", sender="<sip:139@x>", to="<sip:10015@x;tag=b>"),
        request("INVITE", sender="sip:8001@x", to="<sip:10015@x>"),
        request("INVITE", f="<sip:8001@x>", sender="<sip:139@x>"),
        request("INVITE", From="<sip:8001@x>", sender="<sip:139@x>"),
        request("INVITE").replace("From: ", "From:\r\n ").replace("8001@", "139@", 1),
        request("INVITE").replace("\r\n", "\n"),
        request("INVITE").replace("From: <sip:8001", "X: y\nFrom: <sip:139@x>\r\nX: <sip:8001"),
        request("INVITE", sender='"<sip:8001@x>" <sip:139@x>'),
        request("INVITE", sender="<sip:8001@x> <sip:139@x>"),
        request("MESSAGE"),
        request("REFER"),
        request("PUBLISH"),
        "INVITE sip:10015@x SIP/2.0\r\n\r\n",
        "",
        request() + "x" * LONGEST,
    ],
)
def test_a_message_in_anothers_name_or_of_another_kind_is_refused(frame: str) -> None:
    assert not may_pass(frame, "8001")


@given(st.text(alphabet=st.sampled_from('<>":;@=,. \t\r\nsiptagFrom8001239%'), max_size=60))
def test_nothing_written_into_from_makes_a_request_of_another_seats(written: str) -> None:
    frame = request("INVITE", sender=written, to="<sip:10015@x>")
    if may_pass(frame, "8001"):
        lines = [line for line in frame.split("\r\n") if line.lower().startswith("from:")]
        assert len(lines) == 1
        assert "<sip:8001@" in lines[0].replace("sips:", "sip:")
