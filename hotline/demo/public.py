"""The demo's public network: whoever is called back, dialled from a case or given a caller picks up and says a line."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hotline.demo.cast import Cast, as_wav
from hotline.demo.softphone import Softphone, open_softphone

PICK_UP_SECONDS = 3.0


@asynccontextmanager
async def public_network(cast: Cast) -> AsyncIterator[str]:
    """A telephone that answers calls to any number; gives the address for `asterisk.outbound`."""
    with tempfile.TemporaryDirectory(prefix="hotline-public-") as folder:
        line = as_wav(cast.callers[0].lines[0], Path(folder))
        async with open_softphone("public", "127.0.0.1") as phone:
            answering = asyncio.create_task(_answer(phone, line))
            try:
                yield phone.address
            finally:
                answering.cancel()


async def _answer(phone: Softphone, line: Path) -> None:
    while (await phone.wait_for("incoming", "gone", timeout=86_400)).name == "incoming":
        await asyncio.sleep(PICK_UP_SECONDS)
        await phone.tell("answer")
        confirmed = await phone.wait_for("confirmed", "disconnected", "gone", timeout=60)
        if confirmed.name == "confirmed":
            await phone.speak(line)  # the other side hangs up when it has done
