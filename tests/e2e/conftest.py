"""The whole system as its users meet it: every process of `hotline up`, SIP softphones for callers and agents."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from hotline.database import Database
from hotline.processes.supervisor import running
from hotline.settings import CHECKOUT, AcdSettings, AmiSettings, AsteriskSettings, RecordingSettings, Settings
from ivr.paths import NodePaths, system_asterisk
from tests.e2e.rig import Centre, free_port

TOOLS = Path(os.environ.get("HOTLINE_TEST_TOOLS", CHECKOUT / "data"))
"""Folder in which `make setup` put Asterisk and the speech models."""


@pytest.fixture(scope="module")
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An installation of its own: data, database, ports and Asterisk instance, with the machine's tools."""
    asterisk = AsteriskSettings(
        root=None if system_asterisk() else TOOLS / "asterisk",
        sip_port=free_port(udp=True),
        http_port=free_port(),
        rtp_start=24000,
        rtp_end=24998,
    )
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        models=TOOLS / "models",
        instance=f"e2e-{uuid.uuid4().hex[:8]}",
        web_port=free_port(),
        ami=AmiSettings(port=free_port(), secret=SecretStr(uuid.uuid4().hex)),
        asterisk=asterisk,
        acd=AcdSettings(wrap_up_seconds=1.0),
        recordings=RecordingSettings(settle_seconds=2.0),
    )
    node = NodePaths.of(settings).base
    yield settings
    shutil.rmtree(node, ignore_errors=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(own_settings: Settings) -> AsyncIterator[Centre]:
    """A running system with two junior seats and a senior one, staffed by softphones that pick up."""
    async with running(own_settings) as system:
        database = Database(system.database_url)
        centre = Centre(system, database)
        async with centre.staffed({"8001": "junior", "8002": "junior", "8101": "senior"}):
            yield centre
        await database.close()
