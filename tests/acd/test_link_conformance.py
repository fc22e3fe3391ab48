"""What every link promises, asked of the real one and of the fake that the controller is tested with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from acd.link import AmiLink
from acd.ports import ActionRefused, ActionTimeout, AmiEvent, Link, LinkDown, LinkDownError, LinkUp, UnsafeValue
from tests.acd.fake_link import FakeLink
from tests.acd.link_rig import Stream, quick, running, until
from tests.acd.scripted_ami import ScriptedAmi


class Rig(Protocol):
    """A link with both ends in the test's hands."""

    @property
    def link(self) -> Link: ...
    async def lose(self) -> None: ...
    async def mend(self, *, restarted: bool) -> None: ...
    def emit(self, name: str, fields: dict[str, str]) -> None: ...
    def silence(self, action: str) -> None: ...
    def refuse(self, action: str, words: str) -> None: ...
    def rows(self, action: str, complete: str, rows: list[str]) -> None: ...
    def count(self, action: str) -> int: ...


class RealRig:
    def __init__(self, server: ScriptedAmi) -> None:
        self.server = server
        self.link = AmiLink(quick(server.port))

    async def lose(self) -> None:
        await self.server.stop_listening()

    async def mend(self, *, restarted: bool) -> None:
        if restarted:
            self.server.started = "2026-11-21 09:00:00"
        await self.server.listen()

    def emit(self, name: str, fields: dict[str, str]) -> None:
        self.server.emit(name, fields)

    def silence(self, action: str) -> None:
        self.server.silent.add(action)

    def refuse(self, action: str, words: str) -> None:
        self.server.handlers[action] = lambda connection, sent: connection.answer(sent, "Error", Message=words)

    def rows(self, action: str, complete: str, rows: list[str]) -> None:
        events = [[("Event", action), ("Uniqueid", row)] for row in rows]
        self.server.handlers[action] = lambda connection, sent: connection.answer_list(sent, events, complete)

    def count(self, action: str) -> int:
        return len(self.server.actions(action))


class FakeRig:
    def __init__(self) -> None:
        self.link = FakeLink()
        self.link.come_up()

    async def lose(self) -> None:
        self.link.go_down()

    async def mend(self, *, restarted: bool) -> None:
        self.link.come_up(restarted=restarted)

    def emit(self, name: str, fields: dict[str, str]) -> None:
        self.link.emit(name, fields)

    def silence(self, action: str) -> None:
        self.link.silent.add(action)

    def refuse(self, action: str, words: str) -> None:
        self.link.refusals[action] = words

    def rows(self, action: str, complete: str, rows: list[str]) -> None:
        self.link.lists[action] = [AmiEvent(action, {"Uniqueid": row}) for row in rows]

    def count(self, action: str) -> int:
        return len(self.link.actions(action))


@pytest.fixture(params=["real", "fake"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    if request.param == "fake":
        yield FakeRig()
        return
    server = ScriptedAmi()
    await server.listen()
    yield RealRig(server)
    await server.stop_listening()


@pytest.fixture
async def stream(rig: Rig) -> AsyncIterator[Stream]:
    """The rig's link, running and up."""
    async with running(rig.link) as stream:
        first = await stream.next()
        assert isinstance(first, LinkUp)
        assert first.restarted is False
        yield stream


@pytest.mark.usefixtures("stream")
async def test_an_action_is_answered(rig: Rig) -> None:
    response = await rig.link.action("Setvar", {"Variable": "ACD_HB", "Value": "1"})
    assert response.get("response") == "Success"


async def test_events_come_in_order_with_their_fields_whatever_the_case(rig: Rig, stream: Stream) -> None:
    for number in range(5):
        rig.emit("UserEvent", {"Kind": "queued", "Call": f"n1-{number}"})
    events = [await stream.event() for _ in range(5)]
    assert [event["CALL"] for event in events] == [f"n1-{number}" for number in range(5)]
    assert events[0].get("missing", "?") == "?"


@pytest.mark.usefixtures("stream")
async def test_a_refusal_is_raised_with_asterisks_words(rig: Rig) -> None:
    rig.refuse("Redirect", "No such channel")
    with pytest.raises(ActionRefused) as caught:
        await rig.link.action("Redirect", {"Channel": "gone"})
    assert caught.value.message == "No such channel"


@pytest.mark.usefixtures("stream")
async def test_an_action_without_an_answer_fails_in_its_time(rig: Rig) -> None:
    rig.silence("Redirect")
    with pytest.raises(ActionTimeout):
        await rig.link.action("Redirect", {"Channel": "x"}, timeout=0.02)


@pytest.mark.usefixtures("stream")
async def test_a_list_is_returned_whole(rig: Rig) -> None:
    rig.rows("Status", "StatusComplete", ["1", "2", "3"])
    events = await rig.link.action_list("Status", {}, "StatusComplete")
    assert [event["uniqueid"] for event in events] == ["1", "2", "3"]


@pytest.mark.usefixtures("stream")
@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "a\0", "x" * 2000])
async def test_an_unsafe_value_is_refused_and_nothing_is_sent(rig: Rig, value: str) -> None:
    with pytest.raises(UnsafeValue):
        await rig.link.action("Redirect", {"Channel": value})
    assert rig.count("Redirect") == 0


async def test_losing_the_link_fails_what_is_under_way_and_refuses_what_comes(rig: Rig, stream: Stream) -> None:
    rig.silence("Redirect")
    under_way = asyncio.create_task(rig.link.action("Redirect", {"Channel": "x"}, timeout=60))
    await until(lambda: rig.count("Redirect"))
    await rig.lose()
    with pytest.raises(LinkDownError) as caught:
        await under_way
    assert caught.value.sent is True
    assert isinstance(await stream.next(), LinkDown)
    with pytest.raises(LinkDownError) as caught:
        await rig.link.action("Redirect", {"Channel": "x"})
    assert caught.value.sent is False


@pytest.mark.parametrize("restarted", [True, False])
async def test_coming_back_tells_whether_asterisk_restarted_and_repeats_nothing(
    rig: Rig, stream: Stream, restarted: bool
) -> None:
    rig.silence("Redirect")
    under_way = asyncio.create_task(rig.link.action("Redirect", {"Channel": "x"}, timeout=60))
    await until(lambda: rig.count("Redirect"))
    await rig.lose()
    assert isinstance(await stream.next(), LinkDown)
    await rig.mend(restarted=restarted)
    up = await stream.next()
    assert isinstance(up, LinkUp)
    assert up.restarted is restarted
    with pytest.raises(LinkDownError):
        await under_way
    await rig.link.action("Setvar", {"Variable": "A", "Value": "1"})
    assert rig.count("Redirect") == 1


async def test_the_stream_ends_with_the_link(rig: Rig) -> None:
    async with running(rig.link) as stream:
        await stream.up()
    assert [type(item) for item in await stream.rest()] == [LinkDown]
