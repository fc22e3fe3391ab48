"""The link on a real Asterisk: what it says, refuses, and does when it dies."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from acd.link import AmiLink
from acd.ports import ActionRefused, CredentialsRefused
from acd.resync import snapshot
from tests.acd.link_rig import linked, quick
from tests.acd.relay import Relay
from tests.acd.small_asterisk import SmallAsterisk

pytestmark = pytest.mark.asterisk
LONGEST_NOTICE = 0.15 + 0.15
"""Seconds: the ping's interval and patience of `quick`."""


@pytest.fixture(scope="module")
def shared() -> Iterator[SmallAsterisk]:
    node = SmallAsterisk()
    asyncio.run(node.start())
    yield node
    node.remove()


@pytest.fixture
async def own() -> AsyncIterator[SmallAsterisk]:
    """An Asterisk that the test may kill."""
    node = SmallAsterisk()
    await node.start()
    yield node
    node.remove()


async def test_the_first_link_up_has_nothing_to_compare_with(shared: SmallAsterisk) -> None:
    link = AmiLink(quick(shared.port))
    task = asyncio.create_task(link.run())
    up = await anext(aiter(link.events()))
    task.cancel()
    assert up.restarted is False  # type: ignore[union-attr]
    assert up.booted.startswith("20")  # type: ignore[union-attr]


async def test_a_bad_password_is_fatal_and_says_what_to_do(shared: SmallAsterisk) -> None:
    with pytest.raises(CredentialsRefused, match="Authentication failed"):
        await AmiLink(quick(shared.port, secret="wrong-secret")).run()


@pytest.mark.parametrize(
    "value", ["1", "a,b", 'say "no"', "${EXTEN}", "\\", "投诉宽带", "%0d%0a", "a=b;c|d", "x" * 900]
)
async def test_a_global_comes_back_as_it_was_set(shared: SmallAsterisk, value: str) -> None:
    async with linked(quick(shared.port)) as (link, _):
        await link.action("Setvar", {"Variable": "ACD_HB", "Value": value})
        assert (await link.action("Getvar", {"Variable": "ACD_HB"})).get("Value") == value


@pytest.mark.parametrize("value", ["王, B=y", 'say "no"', "(a[b", "\\,\\", "${EXTEN}", "投诉宽带", "%0d%0a", "a=b;c|d"])
async def test_a_variable_of_an_originate_arrives_as_it_was_given(shared: SmallAsterisk, value: str) -> None:
    async with linked(quick(shared.port)) as (link, stream):
        channel = _local("variable")
        await link.action("Originate", channel, variables={"NAME": value, "__OTHER": "still here"})
        assert (await stream.event("OriginateResponse"))["Response"] == "Success"
        got = await link.action("Getvar", {"Channel": channel["ChannelId"], "Variable": "NAME"})
        other = await link.action("Getvar", {"Channel": channel["ChannelId"], "Variable": "OTHER"})
        await _hang_up(link, channel)
    assert got.get("Value") == value
    assert other.get("Value") == "still here"


async def test_what_the_dialplan_tells_arrives_as_one_event(shared: SmallAsterisk) -> None:
    async with linked(quick(shared.port)) as (link, stream):
        channel = _local("tell")
        await link.action("Originate", channel, variables={"__NAME": "投诉宽带"})
        event = await stream.event("UserEvent")
        await _hang_up(link, channel)
    assert (event["userevent"], event["kind"], event["name"]) == ("Hotline", "queued", "投诉宽带")
    assert event["call"] == event["uniqueid"] == channel["OtherChannelId"]


async def test_a_channel_id_in_use_is_refused(shared: SmallAsterisk) -> None:
    async with linked(quick(shared.port)) as (link, stream):
        channel = _local("twice")
        await link.action("Originate", channel)
        assert (await stream.event("OriginateResponse"))["Response"] == "Success"
        second = await link.action("Originate", channel)
        told = await stream.event("OriginateResponse")
        await _hang_up(link, channel)
    assert told["Response"] == "Failure"
    assert told["ActionID"] == second.get("ActionID")


async def test_an_action_outside_our_classes_is_refused(shared: SmallAsterisk) -> None:
    async with linked(quick(shared.port)) as (link, _):
        with pytest.raises(ActionRefused, match="Permission denied"):
            await link.action("Command", {"Command": "core show channels"})


async def test_the_snapshot_tells_channels_and_their_state(shared: SmallAsterisk) -> None:
    async with linked(quick(shared.port)) as (link, stream):
        channel = _local("snapshot")
        await link.action("Originate", channel)
        await stream.event("UserEvent")
        floor = await snapshot(link)
        await _hang_up(link, channel)
    waiting = [live for live in floor.channels if live.uniqueid == channel["OtherChannelId"]]
    assert [live.variables for live in waiting] == [{"HL_STATE": "waiting"}]
    assert waiting[0].linkedid == channel["ChannelId"]


async def test_a_killed_and_restarted_asterisk_is_told_from_a_lost_socket(own: SmallAsterisk) -> None:
    async with linked(quick(own.port)) as (link, stream):
        await asyncio.sleep(1.1)  # Asterisk tells its start to the second
        own.kill()
        await stream.down()
        await own.start()
        up = await stream.up()
        await link.action("Setvar", {"Variable": "ACD_HB", "Value": "1"})
    assert up.restarted is True


async def test_a_cut_cable_is_not_a_restart(shared: SmallAsterisk) -> None:
    async with Relay(shared.port) as relay, linked(quick(relay.port)) as (link, stream):
        relay.cut()
        await stream.down()
        up = await stream.up()
        await link.action("Setvar", {"Variable": "ACD_HB", "Value": "1"})
    assert up.restarted is False


async def test_a_connection_that_went_dark_is_noticed_by_its_ping(shared: SmallAsterisk) -> None:
    async with Relay(shared.port) as relay, linked(quick(relay.port)) as (_, stream):
        relay.go_dark()
        down = await stream.down()
        relay.light()
        up = await stream.up()
    assert "ping" in down.reason
    assert up.restarted is False


async def test_a_stopped_asterisk_is_noticed_within_the_set_time(own: SmallAsterisk) -> None:
    loop = asyncio.get_running_loop()
    async with linked(quick(own.port)) as (_, stream):
        own.signal(signal.SIGSTOP)
        stopped = loop.time()
        down = await stream.down()
        noticed = loop.time() - stopped
        own.signal(signal.SIGCONT)
        up = await stream.up()
    assert "ping" in down.reason
    assert noticed < LONGEST_NOTICE + 1.0  # a second for this machine's other work
    assert up.restarted is False


def _local(name: str) -> dict[str, str]:
    """Headers of an Originate of a Local channel with ids of its own."""
    return {
        "Channel": "Local/hold@default/n",
        "Context": "default",
        "Exten": "talk",
        "Priority": "1",
        "ChannelId": f"{name}-{uuid.uuid4().hex[:6]}-1",
        "OtherChannelId": f"{name}-{uuid.uuid4().hex[:6]}-2",
        "Async": "true",
    }


async def _hang_up(link: AmiLink, channel: dict[str, str]) -> None:
    await link.action("Hangup", {"Channel": channel["ChannelId"]})
