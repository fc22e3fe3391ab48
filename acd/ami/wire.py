"""Bytes of AMI to messages and back, without any I/O.

Reading: `Framer` cuts the stream at blank lines *before* decoding, so a character or a line end split over two
segments cannot be lost; panoramisk parses each message. Writing: every name and value is checked, because Asterisk ends
a header at a lone line feed and discards a message with a line of more than 1024 bytes or more than 128 lines (AST
main/manager.c:7217 `get_input`).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from panoramisk.message import Message

from acd.ports import AmiEvent, UnsafeValue

BANNER = b"Asterisk Call Manager/"
END = b"\r\n\r\n"
MAX_MESSAGE = 256 * 1024
"""Bytes without a blank line after which the stream is taken for garbage; the largest real event is a few kilobytes."""
MAX_LINE = 1000
"""Bytes of one header line; Asterisk's buffer holds 1024 with its line end."""
MAX_HEADERS = 120
"""Asterisk takes 128 headers a message."""

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_VARIABLE_NAME = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}")
_FORBIDDEN = re.compile(r"[\r\n\0]")
_SEPARATORS = re.compile(r'([\\,"()\[\]])')
_REPEATABLE = frozenset({"variable", "chanvariable", "output"})
_ACCEPTED = frozenset({"success", "follows", "goodbye"})


class BadStream(Exception):
    """What arrives is not AMI, or has lost its message boundaries; only a new connection helps."""


class Framer:
    """Cuts a byte stream into messages; holds at most `limit` bytes of an unfinished one."""

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self.banner: str | None = None
        self._limit = limit
        self._tail = bytearray()
        self._ready: deque[str] = deque()

    def feed(self, data: bytes) -> None:
        """Take what the socket gave; raise BadStream on a foreign greeting or a message without end."""
        searched = max(0, len(self._tail) - len(END) + 1)
        self._tail += data
        if self.banner is None:
            if not self._take_banner():
                return
            searched = 0
        end = self._tail.rfind(END, searched)
        if end >= 0:
            # A byte sequence that is not UTF-8 becomes U+FFFD and never swallows the ASCII line end after it.
            text = self._tail[:end].decode("utf-8", "replace")
            del self._tail[: end + len(END)]
            self._ready.extend(text.split("\r\n\r\n"))
        if len(self._tail) > self._limit:
            raise BadStream(f"a message of more than {self._limit} bytes without an end")

    def take(self) -> str | None:
        """The next complete message without its blank line, or None."""
        return self._ready.popleft() if self._ready else None

    def __len__(self) -> int:
        return len(self._ready)

    def _take_banner(self) -> bool:
        if not bytes(self._tail[: len(BANNER)]) == BANNER[: len(self._tail)]:
            raise BadStream("this port does not greet as Asterisk's manager interface")
        line, newline, rest = self._tail.partition(b"\r\n")
        if not newline:
            if len(self._tail) > MAX_LINE:
                raise BadStream("the greeting has no end")
            return False
        self.banner = line[len(BANNER) :].decode("ascii", "replace")
        self._tail = rest
        return True


class _Parsed(Message):  # type: ignore[misc]  # panoramisk is untyped
    """panoramisk's parser with its result left a plain dict: building its case-insensitive one costs half the time."""

    def __init__(self, headers: dict[str, str | list[str]], content: str = "") -> None:
        self.headers = headers
        self.content = content


@dataclass(frozen=True, slots=True)
class Answer:
    """A `Response:` message, belonging to the action that carries `action_id`."""

    accepted: bool
    action_id: str
    message: str
    fields: dict[str, str]


def parse(text: str) -> Answer | AmiEvent | None:
    """Read one message; None for what is neither an event nor a response."""
    parsed = _Parsed.from_line(text.strip())
    if parsed is None:
        return None
    headers: dict[str, str | list[str]] = parsed.headers
    # Asterisk writes `Event:` or `Response:` first; a later one of either came out of a value.
    if text.lstrip()[:6].lower() == "event:":
        return _event(headers)
    return _answer(headers) if "Response" in headers else None


def _event(headers: dict[str, str | list[str]]) -> AmiEvent:
    name = headers.pop("Event")
    repeated: dict[str, tuple[str, ...]] | None = None
    if any(type(value) is list for value in headers.values()):
        repeated = {key: tuple(value) for key, value in headers.items() if isinstance(value, list)}
        for key, values in repeated.items():
            if len(set(values)) == 1:
                headers[key] = values[0]
            else:
                del headers[key]
        repeated = {key: values for key, values in repeated.items() if key.lower() in _REPEATABLE}
    return AmiEvent(
        name if isinstance(name, str) else name[0],
        headers,  # type: ignore[arg-type]  # no list is left in it
        repeated or {},
    )


def _answer(headers: dict[str, str | list[str]]) -> Answer:
    # The status and the ActionID come before anything a caller could have put in, so the first of each is true.
    fields = {key: value if isinstance(value, str) else value[0] for key, value in headers.items()}
    return Answer(
        accepted=fields["Response"].lower() in _ACCEPTED,
        action_id=fields.get("ActionID", ""),
        message=fields.get("Message", ""),
        fields=fields,
    )


def encode(name: str, action_id: str, headers: Mapping[str, str], variables: Mapping[str, str] | None = None) -> bytes:
    """The bytes of one action; raise UnsafeValue naming the header, never its value."""
    for key, value in headers.items():
        if not _HEADER_NAME.fullmatch(key) or key.lower() in ("action", "actionid"):
            raise UnsafeValue(
                f"header {key[:40]!r} cannot be set; use letters, digits and '-', and leave ActionID to the link"
            )
        _check_line(key, value)
    lines = [_variable(key, value) for key, value in (variables or {}).items()]
    if lines and any(key.lower() == "variable" for key in headers):
        raise UnsafeValue("give variables either in the headers or as variables=, not both")
    if len(headers) + len(lines) > MAX_HEADERS:
        raise UnsafeValue(f"more than {MAX_HEADERS} headers in one action; Asterisk would drop some")
    _check_line("Action", name)
    pairs = [("Action", name), ("ActionID", action_id), *headers.items(), *(("Variable", line) for line in lines)]
    return ("".join(f"{key}: {value}\r\n" for key, value in pairs) + "\r\n").encode()


def _variable(name: str, value: str) -> str:
    """`name=value`, escaped, because Asterisk splits the line like an application's arguments.

    AST main/manager.c:1624 `man_do_variable_value`, main/app.c:2357 `__ast_app_separate_args` (a backslash is removed
    and keeps the next character).
    """
    if not _VARIABLE_NAME.fullmatch(name):
        raise UnsafeValue(f"variable {name[:40]!r} is not a plain channel variable's name")
    escaped = _SEPARATORS.sub(r"\\\1", value)
    line = f"{name}={escaped}"
    _check_line("Variable", line)
    return line


def _check_line(key: str, value: str) -> None:
    if _FORBIDDEN.search(value):
        raise UnsafeValue(
            f"the value of {key} holds a line end or NUL, which would begin a header of its own; remove it"
        )
    try:
        size = len(f"{key}: {value}".encode())
    except UnicodeEncodeError as error:
        raise UnsafeValue(f"the value of {key} cannot be written as UTF-8; remove the lone surrogate") from error
    if size > MAX_LINE:
        raise UnsafeValue(f"the value of {key} makes a line of {size} bytes; Asterisk takes {MAX_LINE}, shorten it")
