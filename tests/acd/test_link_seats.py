"""What a resynchronisation says of telephones, on the node that `hotline up` runs."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from acd.resync import FloorSnapshot, snapshot
from hotline.demo.softphone import open_softphone
from hotline.processes.asterisk import AsteriskNode
from tests.acd.link_rig import linked, quick
from tests.ivr.rig import SECRET, account, settings_of_node

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def node() -> AsyncIterator[AsteriskNode]:
    node = AsteriskNode(settings_of_node(), [account("8001"), account("8002")], die_with_parent=True)
    try:
        async with node:
            yield node
    finally:
        shutil.rmtree(node.paths.base, ignore_errors=True)
        shutil.rmtree(node.settings.instance_dir, ignore_errors=True)


async def test_only_a_registered_telephone_counts_as_a_seat_that_can_ring(node: AsteriskNode) -> None:
    settings = quick(node.settings.ami.port, secret=SecretStr(SECRET))
    domain = f"127.0.0.1:{node.settings.asterisk.sip_port}"
    async with linked(settings) as (link, _), contextlib.AsyncExitStack() as open_phones:
        assert (await snapshot(link)).seats_registered == frozenset()
        phone = await open_phones.enter_async_context(
            open_softphone("8001", domain, secret=account("8001").secret.get_secret_value())
        )
        await phone.register()

        async def seen() -> FloorSnapshot:
            async with asyncio.timeout(15):
                while not (floor := await snapshot(link)).seats_registered:  # noqa: ASYNC110 - asking is what is tried
                    await asyncio.sleep(0.2)
                return floor

        floor = await seen()
        assert floor.seats_registered == {"8001"}
        assert floor.seats_busy == frozenset()
        assert floor.channels == ()


async def test_of_callers_sent_to_one_seat_at_the_same_moment_at_most_one_rings_it(node: AsteriskNode) -> None:
    """The dialplan's own guard (no lock, AST apps' groups), with callers that only a faulty controller would send."""
    settings = quick(node.settings.ami.port, secret=SecretStr(SECRET), ping_timeout=2.0)
    domain = f"127.0.0.1:{node.settings.asterisk.sip_port}"
    async with linked(settings) as (link, stream), contextlib.AsyncExitStack() as open_phones:
        phone = await open_phones.enter_async_context(
            open_softphone("8001", domain, secret=account("8001").secret.get_secret_value())
        )
        await phone.register()
        callers = [f"race-{number}" for number in range(8)]
        for caller in callers:
            await link.action(
                "Originate",
                {
                    "Channel": "Local/s@acd-hold/n",
                    "Application": "Wait",
                    "Data": "60",
                    "ChannelId": f"far-{caller}",
                    "OtherChannelId": caller,
                    "Async": "true",
                },
                variables={"__HL_LOOPS": "0", "__HL_STATE": "waiting"},
            )
        queued: set[str] = set()
        while len(queued) < len(callers):
            event = await stream.event("UserEvent")
            queued |= {event["Call"]} if event["Kind"] == "queued" else set()

        await asyncio.gather(
            *(
                link.action(
                    "Redirect",
                    {"Channel": caller, "Context": "acd-ring", "Exten": f"8001*{epoch}*1", "Priority": "1"},
                )
                for epoch, caller in enumerate(callers, start=1)
            )
        )
        told: dict[str, list[str]] = {"ringing": [], "refused": []}
        while sum(map(len, told.values())) < len(callers):
            event = await stream.event("UserEvent")
            told.get(event["Kind"], []).append(event["Call"])
    assert len(told["ringing"]) <= 1
    assert sorted(told["ringing"] + told["refused"]) == callers
