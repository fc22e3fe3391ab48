"""The manager interface's cable, with everything that can be done to a cable and to what runs through it."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable

from tests.acd.relay import Relay

Mangle = Callable[[bytes], list[bytes]]
"""What becomes of one block from Asterisk: any number of blocks."""


class Mangler(Relay):
    """A relay that hears Asterisk's blocks one by one and may repeat, hold back or drop the hotline's events."""

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.mangle: Mangle | None = None

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        rest = b""
        with contextlib.suppress(ConnectionError):  # the cable is cut: what follows tells the other end
            while data := await source.read(65536):
                await self._lit.wait()
                if self.mangle is None and not rest:
                    sink.write(data)
                    continue
                *blocks, rest = (rest + data).split(b"\r\n\r\n")
                for block in blocks:
                    whole = block + b"\r\n\r\n"
                    for out in self.mangle(whole) if self.mangle is not None else [whole]:
                        sink.write(out)
                if self.mangle is None:
                    sink.write(rest)
                    rest = b""
        sink.transport.abort()


def doubled(block: bytes) -> list[bytes]:
    return [block, block] if b"UserEvent: Hotline" in block else [block]


def dropped(chance: random.Random, share: float) -> Mangle:
    return lambda block: [] if b"UserEvent: Hotline" in block and chance.random() < share else [block]


def reordered(chance: random.Random) -> Mangle:
    """Hold every other event of the hotline back until the next one has gone."""
    held: list[bytes] = []

    def mangle(block: bytes) -> list[bytes]:
        if b"UserEvent: Hotline" not in block:
            return [block]
        if held:
            out = [block, *held]
            held.clear()
            return out
        if chance.random() < 0.5:
            held.append(block)
            return []
        return [block]

    return mangle
