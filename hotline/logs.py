"""Logs as JSON lines on standard error, without personal data.

Rooms log uids, codes and counts. What slips through all the same is caught here: values under keys that name a
person, and every run of seven digits or more (phone numbers, identity numbers) wherever it stands.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

PERSONAL_KEYS = frozenset(
    {
        "address", "caller", "caller_id", "callerid", "customer", "dialled", "fields", "login", "name", "number",
        "password", "phone", "request", "secret", "sip_secret", "summary", "text", "token", "transcript", "turns",
    }
)  # fmt: skip
"""Keys whose value is not logged at all."""

_HIDDEN = "[hidden]"
_DIGITS = re.compile(r"\+?\d(?:[ -]?\d){6,}")
# Ours that are digits by nature: Asterisk's uniqueid (`n1-1732190000.17`), ISO times, UUIDs, SHA-256 sums.
_OURS = re.compile(
    r"\b[a-z][a-z0-9]{0,15}-\d{9,11}\.\d+\b"
    r"|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?\b"
    r"|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
    r"|\b[0-9a-f]{64}\b"
)
_PLAIN_KEYS = frozenset({"at", "bytes", "epoch", "level", "logger", "pid", "seed", "timestamp"})
"""Keys whose numbers are never a person's."""
_SMALLEST_HIDDEN = 1_000_000  # seven digits


def configure(level: str = "INFO", *, part: str = "", stream: TextIO | None = None) -> None:
    """Log every event of `level` and above, ours and the libraries', as one JSON line on standard error.

    `part` is named in every line; `stream` takes the lines elsewhere.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )  # fmt: skip
    handler = logging.StreamHandler(stream) if stream is not None else _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,  # not the extra attributes: procrastinate puts arguments there
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=repr),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "asyncio", "alembic", "procrastinate", "uvicorn.access", "numba"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    structlog.contextvars.clear_contextvars()
    if part:
        structlog.contextvars.bind_contextvars(part=part)


def configure_for_commands() -> None:
    """Warnings and worse on standard error, so that a command's standard output is its result and nothing else."""
    configure("WARNING")


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at the moment, also after it was put somewhere else."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Processor: hide personal values and long runs of digits, in texts inside lists and mappings too."""
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: Any) -> Any:
    if key in PERSONAL_KEYS:
        return _HIDDEN
    if key in _PLAIN_KEYS or key.startswith("_"):  # structlog keeps its own things under `_…`
        return value
    match value:
        case bool() | None | float():
            return value
        case int():
            return value if abs(value) < _SMALLEST_HIDDEN else _HIDDEN
        case str():
            return _without_digits(value)
        case Mapping():
            return {str(name): _redacted(str(name), item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redacted(key, item) for item in value]
    return _without_digits(repr(value))


def _without_digits(text: str) -> str:
    kept = []
    position = 0
    for ours in _OURS.finditer(text):
        kept += [_DIGITS.sub(_HIDDEN, text[position : ours.start()]), ours.group()]
        position = ours.end()
    return "".join([*kept, _DIGITS.sub(_HIDDEN, text[position:])])
