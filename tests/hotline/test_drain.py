"""A node is taken out of service: nobody who is there is cut off, nobody new comes in."""

from __future__ import annotations

import asyncio

import pytest

from hotline.processes.drain import Drain, NotRunningError, until_empty
from tests.ivr.conftest import stage  # noqa: F401
from tests.ivr.rig import ACCESS, Stage, settings_of_node
from tests.light_sip import LightPhone


@pytest.mark.asterisk
async def test_a_drained_node_serves_who_is_there_refuses_who_comes_and_says_when_it_is_empty(
    stage: Stage,  # noqa: F811
) -> None:
    server = (stage.settings.asterisk.bind, stage.settings.asterisk.sip_port)
    async with LightPhone("13900000001", server, speaks=True) as phone:
        first = await phone.call(ACCESS)
        await asyncio.wait_for(first.answered.wait(), 20)
        drain = Drain(stage.settings)
        await drain.begin()
        refused = await phone.call(ACCESS)
        await asyncio.wait_for(refused.over.wait(), 20)
        assert refused.status == 503
        counts: list[int] = []
        waiting = asyncio.create_task(until_empty(drain, 60, counts.append))
        await asyncio.sleep(1.5)
        assert first.state == "up"
        assert not waiting.done()
        await phone.hang_up(first)
        assert await waiting == 0
        assert counts[0] >= 1
        await drain.undo()
        again = await phone.call(ACCESS)
        await asyncio.wait_for(again.answered.wait(), 20)
        assert again.status == 200
        await phone.hang_up(again)


def test_draining_where_no_node_runs_says_where_to_do_it() -> None:
    with pytest.raises(NotRunningError, match="hotline up"):
        Drain(settings_of_node())
