"""Bytes to messages and back, whatever the bytes and wherever the network cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.ami.wire import BANNER, MAX_LINE, Answer, BadStream, Framer, encode, parse
from acd.ports import AmiEvent, UnsafeValue

GREETING = BANNER + b"11.0.0\r\n"

names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,15}", fullmatch=True).filter(
    lambda name: (
        name.lower() not in ("event", "response", "actionid", "action", "variable", "chanvariable", "output", "result")
    )
)
values = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=60).map(str.strip)
messages = st.lists(st.tuples(names, values), max_size=6, unique_by=lambda pair: pair[0].lower())


def _bytes(name: str, pairs: list[tuple[str, str]]) -> bytes:
    lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in pairs)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _read(chunks: list[bytes]) -> list[AmiEvent | Answer | None]:
    framer = Framer()
    found = []
    for chunk in chunks:
        framer.feed(chunk)
        while (text := framer.take()) is not None:
            found.append(parse(text))
    return found


@given(st.lists(messages, min_size=1, max_size=5), st.data())
def test_messages_are_the_same_wherever_the_stream_is_cut(
    batch: list[list[tuple[str, str]]], data: st.DataObject
) -> None:
    stream = GREETING + b"".join(_bytes(f"E{number}", pairs) for number, pairs in enumerate(batch))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found = _read(chunks)
    assert found == _read([stream])
    assert [event.name for event in found if isinstance(event, AmiEvent)] == [f"E{n}" for n in range(len(batch))]
    for event, pairs in zip(found, batch, strict=True):
        assert isinstance(event, AmiEvent)
        assert {key: event[key] for key, _ in pairs} == dict(pairs)


def test_a_message_survives_a_cut_at_every_single_byte() -> None:
    stream = GREETING + _bytes("UserEvent", [("Name", "投诉宽带 🎧"), ("Kind", "queued")])
    whole = _read([stream])
    for cut in range(len(stream) + 1):
        assert _read([stream[:cut], stream[cut:]]) == whole
    assert _read([bytes([byte]) for byte in stream]) == whole


@given(st.binary(max_size=400), st.integers(1, 50))
def test_garbage_never_hides_the_message_after_it(garbage: bytes, size: int) -> None:
    stream = GREETING + garbage + b"\r\n\r\n" + _bytes("Hangup", [("Uniqueid", "1")])
    found = _read([stream[start : start + size] for start in range(0, len(stream), size)])
    assert isinstance(found[-1], AmiEvent)
    assert found[-1]["Uniqueid"] == "1"


@given(st.binary(max_size=300))
def test_a_foreign_greeting_is_refused_or_awaited_and_never_read(data: bytes) -> None:
    framer = Framer()
    if data[: len(BANNER)] == BANNER[: len(data)]:
        framer.feed(data)
    else:
        with pytest.raises(BadStream):
            framer.feed(data)
        assert framer.take() is None


def test_a_header_of_two_hundred_thousand_characters_is_read_and_more_is_cut() -> None:
    framer = Framer()
    framer.feed(GREETING + _bytes("Hangup", [("Data", "x" * 200_000)]))
    event = parse(framer.take() or "")
    assert isinstance(event, AmiEvent)
    assert len(event["Data"]) == 200_000
    with pytest.raises(BadStream, match="without an end"):
        for _ in range(100):
            framer.feed(b"y" * 10_000)


def test_bytes_that_are_not_utf8_become_a_mark_and_nothing_else_is_lost() -> None:
    event = parse((b"Event: Hangup\r\nName: \xe6\x8a\r\nUniqueid: 1").decode("utf-8", "replace"))
    assert event == AmiEvent("Hangup", {"Name": "�", "Uniqueid": "1"})
    assert _read([GREETING + b"Event: Hangup\r\nName: \xe6\x8a\r\nUniqueid: 1\r\n\r\n"]) == [event]


def test_repeated_headers_keep_their_order() -> None:
    event = parse("Event: Status\r\nVariable: A=1\r\nUniqueid: 1\r\nVariable: B=2\r\nVariable: C=3")
    assert isinstance(event, AmiEvent)
    assert event.every("variable") == ("A=1", "B=2", "C=3")


def test_an_event_that_carries_a_response_header_is_an_event() -> None:
    event = parse("Event: OriginateResponse\r\nResponse: Failure\r\nActionID: 7")
    assert isinstance(event, AmiEvent)
    assert event["response"] == "Failure"


def test_a_value_with_a_line_end_cannot_turn_a_response_into_another() -> None:
    answer = parse("Response: Success\r\nActionID: 1\r\nValue: x\r\nResponse: Error\r\nActionID: 2\r\nEvent: Hangup")
    assert isinstance(answer, Answer)
    assert (answer.accepted, answer.action_id) == (True, "1")


@given(
    names,
    st.dictionaries(names, values, max_size=5),
    st.dictionaries(st.from_regex(r"[A-Z]{1,8}", fullmatch=True), values),
)
def test_an_action_is_one_message_with_each_header_once(
    name: str, headers: dict[str, str], variables: dict[str, str]
) -> None:
    data = encode(name, "id-1", headers, variables)
    assert data.endswith(b"\r\n\r\n")
    assert data.count(b"\r\n\r\n") == 1
    lines = data.decode().removesuffix("\r\n\r\n").split("\r\n")
    # A name is told apart by case only where the test gives two that differ by it; Asterisk takes the first.
    assert {line.partition(": ")[0].lower() for line in lines} <= {
        "action",
        "actionid",
        "variable",
        *map(str.lower, headers),
    }
    assert sum(line.startswith("Variable: ") for line in lines) == len(variables)
    assert len(data.splitlines()) == len(data.decode().split("\n")) - 1


@given(names, st.text(st.characters(codec="utf-8"), max_size=20), st.sampled_from("\r\n\0"), st.text(max_size=20))
def test_no_value_with_a_line_end_is_ever_written(name: str, before: str, end: str, after: str) -> None:
    with pytest.raises(UnsafeValue) as caught:
        encode("Setvar", "id-1", {name: before + end + after})
    assert before + end not in str(caught.value)


@given(st.text(st.characters(), min_size=1, max_size=1500))
def test_what_is_written_fits_asterisks_line(value: str) -> None:
    try:
        data = encode("Setvar", "id-1", {"Value": value})
    except UnsafeValue:
        return
    assert max(map(len, data.split(b"\r\n"))) <= MAX_LINE


def _split_as_asterisk_does(line: str) -> list[str]:
    """`__ast_app_separate_args` of main/app.c:2357 with `remove_chars`, for one `Variable:` header."""
    found, part, index = [], "", 0
    paren = bracket = 0
    quote = False
    while index < len(line):
        char = line[index]
        if char == "\\" and index + 1 < len(line):
            index += 1
            part += line[index]
        elif char == '"':
            quote = not quote
        elif char == "," and not (quote or paren or bracket):
            found.append(part)
            part = ""
        else:
            paren += (char == "(") - (char == ")" and paren > 0)
            bracket += (char == "[") - (char == "]" and bracket > 0)
            part += char
        index += 1
    return [*found, part]


@given(values)
def test_asterisk_reads_each_variable_as_it_was_given(value: str) -> None:
    data = encode("Originate", "id-1", {}, {"NAME": value}).decode()
    line = next(line for line in data.split("\r\n") if line.startswith("Variable: "))
    assert _split_as_asterisk_does(line.removeprefix("Variable: ")) == [f"NAME={value}"]
