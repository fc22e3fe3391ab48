"""Events per second through the link beside bare panoramisk, on the same stream in the same run.

    .venv/bin/python bench/link.py [--events 200000] [--rounds 3]

A server in a process of its own sends one real event (a milestone of a call, about 700 bytes) as often as asked. The
peer counts in a synchronous callback, which is the quickest that panoramisk offers; the link's reader takes each event
from its ordered, bounded stream and reads two headers, as the controller does.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from panoramisk import Manager

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from acd.link import AmiLink
from acd.ports import AmiEvent, LinkUp
from hotline.settings import AmiSettings
from tests.acd.scripted_ami import SECRET, Connection, ScriptedAmi, render

EVENT = {
    "Event": "UserEvent",
    "Privilege": "user,all",
    "SystemName": "n1",
    "Channel": "PJSIP/trunk-0000002a",
    "ChannelState": "6",
    "ChannelStateDesc": "Up",
    "CallerIDNum": "13800138000",
    "CallerIDName": "<unknown>",
    "ConnectedLineNum": "<unknown>",
    "ConnectedLineName": "<unknown>",
    "Language": "zh",
    "AccountCode": "",
    "Context": "acd-hold",
    "Exten": "s",
    "Priority": "9",
    "Uniqueid": "n1-1732220000.42",
    "Linkedid": "n1-1732220000.42",
    "UserEvent": "Hotline",
    "Kind": "queued",
    "Call": "n1-1732220000.42",
    "At": "1732220001.123",
    "Service": "complaint",
    "Caller": "13800138000",
    "Seat": "",
    "Epoch": "",
    "Detail": "投诉",
}
BATCH = 200


def serve(pipe: Pipe) -> None:
    """A scripted server that sends as many events as `FLOOD` is set to."""

    def flood(connection: Connection, action: Mapping[str, str]) -> None:
        connection.answer(action, Message="Variable Set")
        task = asyncio.ensure_future(_send(connection.server, int(action["Value"])))
        floods.append(task)

    async def _send(server: ScriptedAmi, count: int) -> None:
        feed = server.feed
        for _ in range(count // BATCH):
            feed.write(batch)
            await feed.writer.drain()
        feed.write(render({"Event": "Hangup"}))

    async def run() -> None:
        server = ScriptedAmi()
        server.handlers["Setvar"] = flood
        await server.listen()
        pipe.send(server.port)
        await asyncio.get_running_loop().create_future()

    batch = render(EVENT) * BATCH
    floods: list[asyncio.Task[None]] = []
    asyncio.run(run())


async def through_link(port: int, count: int) -> float:
    """Seconds from the order to the last event."""
    link = AmiLink(AmiSettings.model_validate({"port": port, "secret": SECRET}))
    task = asyncio.create_task(link.run())
    try:
        events = link.events()
        while not isinstance(await anext(events), LinkUp):
            pass
        started = time.perf_counter()
        await link.action("Setvar", {"Variable": "FLOOD", "Value": str(count)})
        seen = 0
        async for item in events:
            assert isinstance(item, AmiEvent)
            if item.name == "Hangup":
                break
            seen += item["Kind"] == "queued" and item["Call"] != ""
        assert seen == count
        return time.perf_counter() - started
    finally:
        task.cancel()
        await asyncio.wait([task])


async def through_panoramisk(port: int, count: int) -> float:
    """Seconds from the order to the last event."""
    booted, done = asyncio.Event(), asyncio.Event()
    seen = 0

    def take(manager: Manager, event: Mapping[str, str]) -> None:
        nonlocal seen
        seen += event["Kind"] == "queued" and event["Call"] != ""

    quiet = logging.getLogger("bare")
    quiet.setLevel(logging.CRITICAL)
    manager = Manager(
        host="127.0.0.1", port=port, username="controller", secret=SECRET, loop=asyncio.get_running_loop(), log=quiet
    )
    manager.register_event("FullyBooted", lambda manager, event: booted.set())
    manager.register_event("UserEvent", take)
    manager.register_event("Hangup", lambda manager, event: done.set())
    await manager.connect()
    await booted.wait()
    started = time.perf_counter()
    manager.send_action({"Action": "Setvar", "Variable": "FLOOD", "Value": str(count)})
    await done.wait()
    seconds = time.perf_counter() - started
    assert seen == count
    manager.connect = lambda *args, **kwargs: None  # it would reconnect for ever
    manager.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    count = arguments.events // BATCH * BATCH
    here, there = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        port = here.recv()
        link, bare = [], []
        for _ in range(arguments.rounds):
            bare.append(asyncio.run(through_panoramisk(port, count)))
            link.append(asyncio.run(through_link(port, count)))
    finally:
        server.terminate()
        server.join()
    ours, theirs = count / min(link), count / min(bare)
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"stream:  {count} events of {len(render(EVENT))} bytes, best of {arguments.rounds} rounds each")
    print(f"link:            {ours:>9,.0f} events/s")
    print(f"bare panoramisk: {theirs:>9,.0f} events/s")
    print(f"ratio:           {ours / theirs:.2f} (above 1: the link is quicker)")


if __name__ == "__main__":
    main()
