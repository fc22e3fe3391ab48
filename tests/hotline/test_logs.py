from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from hotline import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    logs.configure("INFO", part="test", stream=stream)
    yield stream
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()


def _line(lines: io.StringIO) -> dict[str, object]:
    value: dict[str, object] = json.loads(lines.getvalue())
    return value


def test_a_line_is_json_with_time_level_logger_and_part(lines: io.StringIO) -> None:
    structlog.get_logger("acd.controller").info("call.queued", call="n1-1732190000.17", seats=4)
    line = _line(lines)
    assert line.pop("timestamp")
    assert line == {
        "event": "call.queued", "call": "n1-1732190000.17", "seats": 4, "level": "info", "logger": "acd.controller",
        "part": "test",
    }  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        "13800138000",
        "+86 138 0013 8000",
        "010-65551234",
        "打给13800138000了",
        {"a": ["13800138000"]},
        13800138000,
        b"13800138000",
    ],
)
def test_a_phone_number_is_hidden_wherever_it_stands(lines: io.StringIO, value: object) -> None:
    structlog.get_logger("x").warning("odd", value=value)
    text = json.dumps(_line(lines)["value"], ensure_ascii=False)
    assert "8000" not in text
    assert "1234" not in text
    assert "[hidden]" in text


@pytest.mark.parametrize("key", sorted(logs.PERSONAL_KEYS))
def test_personal_keys_are_hidden(lines: io.StringIO, key: str) -> None:
    structlog.get_logger("x").warning("odd", **{key: "李娜"}, nested={key: "李娜"})
    assert "李娜" not in json.dumps(_line(lines), ensure_ascii=False)


def test_a_librarys_record_and_a_traceback_are_redacted_too(lines: io.StringIO) -> None:
    try:
        raise ValueError("cannot dial 13800138000")  # noqa: TRY301
    except ValueError:
        logging.getLogger("library").exception("failed for %s", "13900139000")
    text = json.dumps(_line(lines))
    assert "ValueError" in text
    assert "13800138000" not in text
    assert "13900139000" not in text


@given(st.text(alphabet="0123456789 -+.a号", max_size=40))
def test_no_seven_digits_in_a_row_get_through(text: str) -> None:
    shown = str(logs.redact(None, "info", {"event": text})["event"])
    kept = logs._OURS.sub("", shown)
    assert not logs._DIGITS.search(kept)
