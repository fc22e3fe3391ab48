"""A little of `make chaos` with every test run: two faults that go unnoticed when nobody looks at both sides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.__main__ import settings_of
from tests.chaos.centre import opened
from tests.chaos.faults import FAULTS

pytestmark = pytest.mark.asterisk


async def test_lost_events_and_a_controller_killed_in_mid_ring_lose_no_caller(tmp_path: Path) -> None:
    chosen = [fault for fault in FAULTS if fault.name in {"events dropped (30 %)", "controller killed, seat ringing"}]
    assert len(chosen) == 2
    with settings_of(tmp_path) as settings:
        async with opened(settings, seed=1) as centre:
            for fault in chosen:
                verdict = await centre.scenario(fault.hurt, 6, 6.0)
                assert verdict.good, (fault.name, verdict.broken)
                assert verdict.calls == 6
