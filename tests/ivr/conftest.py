from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ivr.rig import Stage, open_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A node with a controller's heartbeat."""
    async with open_stage(tmp_path) as stage:
        yield stage
