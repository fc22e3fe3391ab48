"""E-mails as mail programs save them, and as nobody should: words, sender, attachments, or a refusal."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.text_email import DEEPEST, LONGEST_WORDS, EmailRefused, decoded, read_email, text_of_html


def mail(**headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = headers.get("sender", "李四 <li@example.com>")
    message["Date"] = headers.get("date", "Fri, 20 Nov 2026 09:30:00 +0800")
    message["Subject"] = headers.get("subject", "宽带故障")
    return message


def test_sender_date_subject_words_and_attachments_are_read() -> None:
    message = mail()
    message.set_content("宽带上不了网。")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="../扫描 1.png")
    found = read_email(message.as_bytes())
    assert (found.sender, found.address, found.subject) == ("李四", "li@example.com", "宽带故障")
    assert found.sent_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert found.words == "宽带上不了网。"
    assert [(each.name, each.data) for each in found.attachments] == [("扫描 1.png", b"\x89PNG")]


def test_the_plain_words_are_taken_before_the_marked_up_ones() -> None:
    message = mail()
    message.set_content("原文")
    message.add_alternative("<p>HTML</p>", subtype="html")
    assert read_email(message.as_bytes()).words == "原文"


def test_of_html_only_the_words_are_left() -> None:
    page = (
        "<html><head><title>t</title><style>p{}</style></head><body><p>一<br>二&nbsp;三</p><script>alert(1)</script>"
        "<svg><script>x</script></svg><img src='http://x/y.gif' onerror='z'><div>四</div></body></html>"
    )
    assert text_of_html(page).split() == ["一", "二", "三", "四"]


def test_of_html_that_is_none_the_words_before_are_kept() -> None:
    assert text_of_html("<p>宽带断了</p><![<!--<a>后面") == "宽带断了"
    head = b"From: a@b.c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    assert read_email(head + "<p>宽带断了</p><![<!-- x".encode()).words == "宽带断了"


def test_what_calls_itself_gb2312_may_be_gb18030() -> None:
    assert decoded("镕基".encode("gb18030"), "gb2312") == "镕基"


@pytest.mark.parametrize("charset", ["zip", "rot13", "idna", "punycode", "unicode_escape", "../x", "utf-7", "\0"])
def test_a_charset_that_is_none_is_not_asked(charset: str) -> None:
    assert decoded("宽带".encode(), charset) == "宽带"


def test_a_nest_of_parts_ends_at_its_depth() -> None:
    inner = "Content-Type: text/plain\r\n\r\ndeep\r\n"
    for number in range(200):
        inner = f"Content-Type: multipart/mixed; boundary=b{number}\r\n\r\n--b{number}\r\n{inner}\r\n--b{number}--\r\n"
    found = read_email(f"From: a@b.c\r\nMIME-Version: 1.0\r\n{inner}".encode())
    assert found.words == ""
    assert "too deep" in found.warnings[0]
    assert DEEPEST < 200


def test_words_that_never_end_are_cut_and_said() -> None:
    message = mail()
    message.set_content("字" * (LONGEST_WORDS + 1000))
    found = read_email(message.as_bytes())
    assert len(found.words) == LONGEST_WORDS
    assert any("characters" in each for each in found.warnings)


@pytest.mark.parametrize("data", [b"", b"\0" * 1000, b"%PDF-1.4 ...", "宽带".encode() * 100])
def test_what_has_no_head_of_an_email_is_refused(data: bytes) -> None:
    with pytest.raises(EmailRefused):
        read_email(data)


_ODD = st.sampled_from(
    [b"From: ", b"=?utf-8?B?", b"?=", b"Date: ", b"Content-Type: multipart/mixed; boundary=", b"b", b"--b", b"\r\n",
     b"Content-Transfer-Encoding: base64\r\n", b"Content-Type: text/html; charset=", b"message/rfc822", b"filename*0*=",
     base64.b64encode("宽带".encode()), b"\xff\xfe", b"<script>", b"; name=\"", b"\0"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.one_of(_ODD, st.binary(max_size=12)), max_size=30))
def test_any_bytes_behind_a_sender_are_read_or_refused(parts: list[bytes]) -> None:
    try:
        found = read_email(b"From: a <a@b.c>\r\n" + b"".join(parts))
    except EmailRefused:
        return
    for said in (found.sender, found.address, found.subject):
        assert said.isprintable()
    found.words.encode()
