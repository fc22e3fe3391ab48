"""An e-mail that somebody saved as a file → who wrote it when, its words and what was attached (D19).

A stranger wrote every byte of it: nothing is fetched, nothing of HTML but its text is kept, an attachment is only
handed on as bytes, and whatever cannot be read is left out and said. Runs in a process with limits.
"""

from __future__ import annotations

import codecs
import email.policy
import html
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from html.parser import HTMLParser
from typing import ClassVar

from cases.errors import CaseError

LONGEST_WORDS = 50_000
MOST_PARTS = 200
DEEPEST = 8
MOST_ATTACHMENTS = 50
_LONGEST_HEADER = 2000
_TEXT_CODECS = re.compile(r"(utf_?(8|16|32)|gb\w+|big5\w*|hz|iso\d\w*|cp\d+|latin\w*|ascii|euc_\w+|shift_\w+|koi8\w*)")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NO_TEXT = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "math", "iframe", "object"})
_ENDS_LINE = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table"})


class EmailRefused(CaseError):
    """The file is no e-mail that can be read."""

    code: ClassVar[str] = "email_refused"


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Email:
    """Texts are printable; `sent_at` is what the sender's computer said, None where it said nothing that can be."""

    sender: str
    address: str
    subject: str
    sent_at: datetime | None
    words: str
    attachments: tuple[Attachment, ...]
    warnings: tuple[str, ...]


def read_email(data: bytes) -> Email:
    """Raises EmailRefused where there are no headers of an e-mail."""
    try:
        message = BytesParser(policy=email.policy.compat32).parsebytes(data)
        if not any(message.get(name) for name in ("From", "Date", "Subject", "Received", "Message-ID")):
            raise EmailRefused("this file has no head of an e-mail; save the message as .eml and send that")
        return _read(message)
    except (MessageError, RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError) as error:
        raise EmailRefused("this e-mail cannot be read; print it as PDF and attach that") from error


def _read(message: Message) -> Email:
    warnings: list[str] = []
    plain: list[str] = []
    marked_up: list[str] = []
    attachments: list[Attachment] = []
    for part in _parts(message, warnings):
        kind = part.get_content_type()
        name = _header(part.get_filename() or "")
        if kind in {"text/plain", "text/html"} and part.get_content_disposition() != "attachment" and not name:
            text = _text(part)
            (plain if kind == "text/plain" else marked_up).append(text if kind == "text/plain" else text_of_html(text))
        elif len(attachments) < MOST_ATTACHMENTS:
            attachments.append(Attachment(_file_name(name), _payload(part)))
        else:
            warnings.append(f"more than {MOST_ATTACHMENTS} files are attached; the others were left out")
            break
    words = "\n\n".join(part for part in (plain if any(map(str.strip, plain)) else marked_up) if part.strip()).strip()
    if len(words) > LONGEST_WORDS:
        warnings.append(f"only its first {LONGEST_WORDS} characters were taken")
    name, address = parseaddr(_header(message.get("From", "")))
    return Email(
        sender=name.strip()[:200],
        address=address.strip()[:200],
        subject=_header(message.get("Subject", ""))[:200],
        sent_at=_sent_at(_header(message.get("Date", ""))),
        words=_clean(words)[:LONGEST_WORDS],
        attachments=tuple(attachments),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _parts(message: Message, warnings: list[str]) -> Iterator[Message]:
    """The parts that hold something, in order; deeper ones than DEEPEST and later ones than MOST_PARTS are left out."""
    waiting = [(message, 0)]
    seen = 0
    while waiting:
        part, depth = waiting.pop(0)
        payload = part.get_payload()
        if isinstance(payload, list):
            if depth >= DEEPEST:
                warnings.append("parts that lie too deep inside other parts were left out")
                continue
            waiting[:0] = [(each, depth + 1) for each in payload[:MOST_PARTS] if isinstance(each, Message)]
            continue
        seen += 1
        if seen > MOST_PARTS:
            warnings.append(f"it has more than {MOST_PARTS} parts; the others were left out")
            return
        yield part


def _payload(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _text(part: Message) -> str:
    return decoded(_payload(part), str(part.get_content_charset() or ""))


def decoded(data: bytes, charset: str) -> str:
    """Text in the charset that it names where that is one of text; else UTF-8 or GB18030, with marks for the rest."""
    named = []
    try:
        found = codecs.lookup(charset).name.replace("-", "_") if charset else ""
        named = [found] if _TEXT_CODECS.fullmatch(found) else []
    except (LookupError, ValueError):
        pass
    for codec in (*named, "utf-8", "gb18030"):
        try:
            # Mail programs call GB18030 GB2312, and send characters that only the larger set has.
            return data.decode("gb18030" if codec in {"gb2312", "gbk"} else codec)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("utf-8", "replace")


def text_of_html(markup: str) -> str:
    """The words of an HTML page; scripts, styles and everything that is not text are dropped."""
    reader = _Words()
    with suppress(AssertionError):  # html.parser's word for a declaration that is none: what it has read is kept
        reader.feed(markup[: 4 * LONGEST_WORDS])
        reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.found).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _NO_TEXT:
            self._silent.append(tag)
        elif tag in _ENDS_LINE:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        elif tag in _ENDS_LINE:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def _header(value: object) -> str:
    """An encoded header as printable text on one line; what cannot be decoded stays as it was written."""
    text = str(value)[:_LONGEST_HEADER]
    try:
        parts = decode_header(text)
    except (MessageError, ValueError, LookupError):
        parts = [(text, None)]
    said = "".join(
        decoded(part, charset or "") if isinstance(part, bytes) else str(part) for part, charset in parts
    )  # fmt: skip
    return " ".join(_clean(html.unescape(said) if "&#" in said else said).split())


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _file_name(name: str) -> str:
    return re.split(r"[/\\]", name)[-1][:120]


def _sent_at(text: str) -> datetime | None:
    try:
        sent = parsedate_to_datetime(text)
        return (sent if sent.tzinfo is not None else sent.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
