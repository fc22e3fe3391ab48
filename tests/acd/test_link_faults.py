"""Each fault of bare panoramisk 1.4, shown on it first, then survived by the link.

The tests named `test_bare_…` hold the reason for each hardening: the day one of them fails, panoramisk has mended that
fault and the matching code of the link can be looked at again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping

import pytest
from panoramisk import Manager
from panoramisk.message import Message

from acd.link import AmiLink
from acd.ports import ActionRefused, AmiEvent, CredentialsRefused, LinkDown, LinkDownError, UnsafeValue
from tests.acd.link_rig import PATIENCE, linked, quick, running, until
from tests.acd.scripted_ami import SECRET, Connection, ScriptedAmi, render


@pytest.fixture
async def asterisk() -> AsyncIterator[ScriptedAmi]:
    server = ScriptedAmi()
    await server.listen()
    yield server
    await server.stop_listening()


class Bare:
    """panoramisk's own Manager, as its documentation says to use it."""

    def __init__(self, port: int, secret: str = SECRET) -> None:
        self.seen: list[Message] = []
        self.lost = asyncio.Event()
        self.manager = Manager(
            host="127.0.0.1",
            port=port,
            username="controller",
            secret=secret,
            ping_delay=1,
            ping_interval=1,
            reconnect_timeout=0,
            loop=asyncio.get_running_loop(),
            on_disconnect=lambda manager, error: self.lost.set(),
            log=logging.getLogger("bare"),
        )
        self.manager.register_event("*", lambda manager, event: self.seen.append(event))

    async def saw(self, name: str, times: int = 1) -> Message:
        await until(lambda: sum(event.event == name for event in self.seen) >= times)
        return next(event for event in reversed(self.seen) if event.event == name)


@contextlib.asynccontextmanager
async def bare(server: ScriptedAmi) -> AsyncIterator[Bare]:
    client = Bare(server.port)
    await client.manager.connect()
    await client.saw("FullyBooted")
    try:
        yield client
    finally:
        client.manager.connect = lambda *args, **kwargs: None  # it would reconnect for ever
        client.manager.close()
        await asyncio.sleep(0)


async def within(seconds: float, event: asyncio.Event) -> bool:
    """Whether `event` is set in time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


# ---- an exception in a callback closes the socket -----------------------------------------------------------------


def _explode(*_: object) -> None:
    raise ZeroDivisionError("a fault of the program")


async def test_bare_callback_that_raises_costs_the_connection(asterisk: ScriptedAmi) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with bare(asterisk) as client:
        client.manager.register_event("Hangup", _explode)
        asterisk.emit("Hangup")
        assert await within(PATIENCE, client.lost)


async def test_an_event_that_cannot_be_handled_is_skipped_and_the_next_one_comes(
    asterisk: ScriptedAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = AmiLink(quick(asterisk.port))
    take = link._take_event  # the receiver inside the socket's callback

    def fragile(event: AmiEvent) -> None:
        if event.name == "Explode":
            _explode()
        take(event)

    monkeypatch.setattr(link, "_take_event", fragile)
    async with running(link) as stream:
        await stream.up()
        asterisk.emit("Explode")
        asterisk.emit("Hangup", {"Uniqueid": "1"})
        assert (await stream.event())["Uniqueid"] == "1"
        assert link.connects == 1


# ---- a duplicate Event: header closes the socket ------------------------------------------------------------------

DUPLICATE = render([("Event", "Newchannel"), ("Uniqueid", "1"), ("CallerIDNum", "1"), ("Event", "Hangup")])


async def test_bare_duplicate_event_header_costs_the_connection(asterisk: ScriptedAmi) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with bare(asterisk) as client:
        asterisk.emit_raw(DUPLICATE)
        assert await within(PATIENCE, client.lost)


async def test_duplicate_event_header_is_read_as_the_first_one(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (link, stream):
        asterisk.emit_raw(DUPLICATE)
        assert (await stream.event()).name == "Newchannel"
        assert link.connects == 1


async def test_a_header_told_twice_with_two_values_is_not_believed(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (_, stream):
        asterisk.emit_raw(
            render([("Event", "Hangup"), ("CallerIDNum", "1"), ("Uniqueid", "forged"), ("Uniqueid", "true")])
        )
        event = await stream.event()
    assert event["Uniqueid"] == ""
    assert event["CallerIDNum"] == "1"


# ---- pending actions are replayed after a reconnect, and their futures never fail ---------------------------------


async def test_bare_action_is_sent_again_on_the_next_connection(asterisk: ScriptedAmi) -> None:
    asterisk.silent.add("Redirect")
    async with bare(asterisk) as client:
        future = client.manager.send_action({"Action": "Redirect", "Channel": "x"})
        await until(lambda: asterisk.actions("Redirect"))
        asterisk.cut()
        await client.saw("FullyBooted", times=2)
        await until(lambda: len(asterisk.actions("Redirect")) >= 2)
        assert not future.done()


async def test_an_action_cut_off_fails_at_once_and_is_never_sent_again(asterisk: ScriptedAmi) -> None:
    asterisk.silent.add("Redirect")
    async with linked(quick(asterisk.port, action_timeout=60)) as (link, stream):
        action = asyncio.create_task(link.action("Redirect", {"Channel": "x"}))
        await until(lambda: asterisk.actions("Redirect"))
        asterisk.cut()
        with pytest.raises(LinkDownError) as caught:
            async with asyncio.timeout(PATIENCE):
                await action
        assert caught.value.sent is True
        await stream.up()
        await link.action("Setvar", {"Variable": "A", "Value": "1"})
    assert len(asterisk.actions("Redirect")) == 1


# ---- an unanswered ping goes unseen -------------------------------------------------------------------------------


async def test_bare_client_takes_a_dead_peer_for_a_quiet_one(asterisk: ScriptedAmi) -> None:
    async with bare(asterisk) as client:
        asterisk.silent.add("Ping")
        await until(lambda: len(asterisk.actions("Ping")) >= 2)
        assert not client.lost.is_set()
        assert client.manager._connected


async def test_a_ping_without_an_answer_is_a_lost_link(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (link, stream):
        asterisk.silent.add("Ping")
        down = await stream.down()
        asterisk.silent.clear()
        await stream.up()
        assert "ping" in down.reason
        assert link.is_up


async def test_events_alone_do_not_stand_for_the_answer_to_a_ping(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port, ping_interval=0.05, ping_timeout=0.05)) as (_, stream):
        asterisk.silent.add("Ping")
        feed = asterisk.feed

        async def chatter() -> None:
            for _ in range(1000):
                feed.write(render({"Event": "Hangup"}))
                await asyncio.sleep(0.01)

        task = asyncio.create_task(chatter())
        try:
            assert "ping" in (await stream.down()).reason
        finally:
            task.cancel()


# ---- as_list and an error hang ------------------------------------------------------------------------------------


async def test_bare_list_that_is_refused_never_returns(asterisk: ScriptedAmi) -> None:
    async with bare(asterisk) as client:
        future = client.manager.send_action({"Action": "NoSuchList"}, as_list=True)
        answered = client.manager.send_action({"Action": "Ping"})
        async with asyncio.timeout(PATIENCE):
            await answered
        assert not future.done()


async def test_a_list_that_is_refused_raises_at_once(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port, action_timeout=60)) as (link, _):
        with pytest.raises(ActionRefused, match="Invalid"):
            async with asyncio.timeout(PATIENCE):
                await link.action_list("NoSuchList", {}, "NoSuchListComplete")


# ---- UTF-8 split over segments loses characters -------------------------------------------------------------------

CHINESE = render({"Event": "UserEvent", "UserEvent": "Hotline", "Name": "投诉宽带"})
SPLIT = CHINESE.index("诉".encode()) + 1


async def _send_split(server: ScriptedAmi) -> None:
    feed = server.feed
    feed.write(CHINESE[:SPLIT])
    await feed.writer.drain()
    await asyncio.sleep(0.05)
    feed.write(CHINESE[SPLIT:])


async def test_bare_client_loses_a_character_cut_by_a_segment(asterisk: ScriptedAmi) -> None:
    async with bare(asterisk) as client:
        await _send_split(asterisk)
        assert (await client.saw("UserEvent"))["Name"] != "投诉宽带"


async def test_a_character_cut_by_a_segment_is_whole_again(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (_, stream):
        await _send_split(asterisk)
        assert (await stream.event("UserEvent"))["Name"] == "投诉宽带"


# ---- no check of line ends ----------------------------------------------------------------------------------------

INJECTION = "1\r\n\r\nAction: Originate\r\nChannel: Local/0900@premium"


async def test_bare_client_sends_an_action_smuggled_in_a_value(asterisk: ScriptedAmi) -> None:
    async with bare(asterisk) as client:
        client.manager.send_action({"Action": "Setvar", "Variable": "NUMBER", "Value": INJECTION})
        await until(lambda: asterisk.actions("Originate"))


async def test_an_action_smuggled_in_a_value_is_refused(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (link, _):
        with pytest.raises(UnsafeValue):
            await link.action("Setvar", {"Variable": "NUMBER", "Value": INJECTION})
        await link.action("Setvar", {"Variable": "NUMBER", "Value": "1"})
    assert asterisk.actions("Originate") == []


# ---- a bad password raises nothing --------------------------------------------------------------------------------


async def test_bare_client_says_nothing_of_a_bad_password(asterisk: ScriptedAmi) -> None:
    client = Bare(asterisk.port, secret="wrong")
    await client.manager.connect()
    assert await within(PATIENCE, client.lost)
    client.manager.connect = lambda *args, **kwargs: None
    client.manager.close()
    assert client.manager.authenticated is False


async def test_a_bad_password_ends_the_link_with_what_to_do(asterisk: ScriptedAmi) -> None:
    link = AmiLink(quick(asterisk.port, secret="wrong"))
    with pytest.raises(CredentialsRefused, match=r"manager\.conf"):
        async with asyncio.timeout(PATIENCE):
            await link.run()
    assert [item async for item in link.events()] == []
    assert len(asterisk.actions("Login")) == 1


async def test_a_refusal_before_asterisk_is_ready_is_tried_again(asterisk: ScriptedAmi) -> None:
    def in_use(connection: Connection, action: Mapping[str, str]) -> None:
        del asterisk.handlers["Login"]
        connection.answer(action, "Error", Message="Login Already In Use")

    asterisk.handlers["Login"] = in_use
    async with linked(quick(asterisk.port)) as (link, _):
        assert link.is_up


# ---- coroutine callbacks finish out of order and without bound ----------------------------------------------------


async def test_bare_coroutine_callbacks_finish_out_of_order(asterisk: ScriptedAmi) -> None:
    finished: list[str] = []

    async def slow_for_the_first(manager: Manager, event: Message) -> None:
        await asyncio.sleep(0.1 if event["Uniqueid"] == "0" else 0)
        finished.append(event["Uniqueid"])

    async with bare(asterisk) as client:
        client.manager.register_event("Hangup", slow_for_the_first)
        for number in range(3):
            asterisk.emit("Hangup", {"Uniqueid": str(number)})
        await until(lambda: len(finished) >= 3)
    assert finished == ["1", "2", "0"]


async def test_bare_client_has_a_task_for_every_event_that_waits(asterisk: ScriptedAmi) -> None:
    gate = asyncio.Event()

    async def waits(manager: Manager, event: Message) -> None:
        await gate.wait()

    async with bare(asterisk) as client:
        client.manager.register_event("Hangup", waits)
        for number in range(2000):
            asterisk.emit("Hangup", {"Uniqueid": str(number)})
        await client.saw("Hangup", times=2000)
        assert len(asyncio.all_tasks()) > 2000
        gate.set()
        await asyncio.sleep(0)


async def test_events_keep_their_order_however_slowly_they_are_read(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (_, stream):
        for number in range(200):
            asterisk.emit("Hangup", {"Uniqueid": str(number)})
        seen = []
        for number in range(200):
            seen.append((await stream.event())["Uniqueid"])
            if number % 50 == 0:
                await asyncio.sleep(0.02)
    assert seen == [str(number) for number in range(200)]


async def test_a_slow_reader_makes_asterisk_wait_instead_of_filling_memory(asterisk: ScriptedAmi) -> None:
    event = {"Uniqueid": "0", "Filler": "x" * 1000}
    async with linked(quick(asterisk.port), queue_limit=100) as (link, stream):
        tasks = len(asyncio.all_tasks())
        for number in range(20_000):
            asterisk.emit("Hangup", event | {"Uniqueid": str(number)})
        await until(lambda: len(link._queue) == 100)
        await asyncio.sleep(0.5)  # several pings: holding back is no dead peer
        assert len(link._queue) == 100
        assert asterisk.feed.writer.transport.get_write_buffer_size() > 10_000_000
        assert len(asyncio.all_tasks()) <= tasks
        for number in range(20_000):
            item = await stream.next()
            assert isinstance(item, AmiEvent)
            assert item["Uniqueid"] == str(number)


# ---- beyond the list: garbage without an end, a port that is not Asterisk's ---------------------------------------


async def test_bare_client_gathers_garbage_without_end(asterisk: ScriptedAmi) -> None:
    async with bare(asterisk) as client:
        asterisk.emit_raw(b"x" * 3_000_000)
        await until(lambda: sum(map(len, client.manager.protocol.queue)) >= 3_000_000)
        assert not client.lost.is_set()


async def test_garbage_without_end_is_cut_and_the_link_begins_anew(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (link, stream):
        asterisk.emit_raw(b"x" * 3_000_000)
        assert "without an end" in (await stream.down()).reason
        await stream.up()
        asterisk.emit("Hangup", {"Uniqueid": "1"})
        assert (await stream.event())["Uniqueid"] == "1"
        assert link.connects == 2


async def test_garbage_between_messages_is_skipped(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (link, stream):
        asterisk.emit_raw(b"\xff\xfe\x00 nonsense\r\n\r\n\r\n\r\n: \r\n\r\nEvent\r\n\r\n")
        asterisk.emit("Hangup", {"Uniqueid": "1"})
        assert (await stream.event())["Uniqueid"] == "1"
        assert link.connects == 1


async def test_a_port_that_is_not_asterisks_is_tried_again_later(asterisk: ScriptedAmi) -> None:
    asterisk.banner = b"HTTP/1.1 400 Bad Request\r\n"
    link = AmiLink(quick(asterisk.port))
    async with running(link) as stream:
        await until(lambda: len(asterisk.connections) >= 2)
        asterisk.banner = b"Asterisk Call Manager/11.0.0\r\n"
        await stream.up()


async def test_a_peer_that_accepts_and_says_nothing_is_left_in_time(asterisk: ScriptedAmi) -> None:
    asterisk.silent.add("Login")
    link = AmiLink(quick(asterisk.port, action_timeout=0.1))
    async with running(link) as stream:
        await until(lambda: len(asterisk.actions("Login")) >= 2)
        asterisk.silent.clear()
        await stream.up()


async def test_the_end_of_the_link_ends_its_stream_and_its_actions(asterisk: ScriptedAmi) -> None:
    asterisk.silent.add("Redirect")
    link = AmiLink(quick(asterisk.port, action_timeout=60))
    async with running(link) as stream:
        await stream.up()
        action = asyncio.create_task(link.action("Redirect", {"Channel": "x"}))
        await asyncio.sleep(0.05)
    with pytest.raises(LinkDownError):
        await action
    assert [type(item) for item in await stream.rest()] == [LinkDown]
