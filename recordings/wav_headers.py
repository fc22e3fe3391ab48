"""What a WAV's header says of its length, held against the file; nothing of it is believed."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

_PLAIN = frozenset({1, 3, 6, 7, 0xFFFE})
"""WAV codings in which a block is one frame: PCM, floating point, A-law, µ-law, and the extensible header."""
_UNKNOWN = 0x7FFFFFFF
"""From here on a size is what a writer puts that does not know it yet."""
_LARGEST = 0xFFFFFFFE


@dataclass(frozen=True, slots=True)
class DataChunk:
    """Where the samples begin, and how many bytes and frames the header promises there."""

    begin: int
    size: int
    width: int
    """Bytes of a frame."""

    @property
    def frames(self) -> int:
        """Promised frames; 0 where a killed writer left nothing or the largest number."""
        return self.size // self.width if self.size < _UNKNOWN else 0


def data_chunk(head: bytes) -> DataChunk | None:
    """Of a file's first bytes; None for what is no WAV of plain samples, or begins later."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, width, coding = 12, 0, 0
    while at + 8 <= len(head):
        name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        if name == b"fmt ":
            coding = int.from_bytes(head[at + 8 : at + 10], "little")
            width = int.from_bytes(head[at + 20 : at + 22], "little")
        if name == b"data":
            return DataChunk(at + 8, size, width) if width and coding in _PLAIN else None
        at += 8 + size + (size & 1)
    return None


def mended(file: BinaryIO | io.FileIO, head: bytes) -> BinaryIO | None:
    """The file with the sizes that it has, where its samples go on behind the end that the header names.

    None where the header is right, or says more than is there: that is read as far as it goes.
    """
    chunk = data_chunk(head)
    if chunk is None:
        return None
    whole = file.seek(0, os.SEEK_END)
    file.seek(chunk.begin + chunk.size)
    following = file.read(4)
    file.seek(0)
    if len(following) < 4 or all(0x20 <= byte < 0x7F for byte in following):
        return None  # the end, or another chunk
    size = min(whole - chunk.begin, _LARGEST - chunk.begin)
    sizes = {4: chunk.begin + size - 8, chunk.begin - 4: size}
    return io.BufferedReader(_Mended(file, {at: value.to_bytes(4, "little") for at, value in sizes.items()}), 1 << 18)


class _Mended(io.RawIOBase):
    """A file in which some bytes read differently; closing it leaves the file open."""

    def __init__(self, file: BinaryIO | io.FileIO, instead: Mapping[int, bytes]) -> None:
        self._file = file
        self._instead = instead

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override] # typeshed's Buffer has no item access
        begin = self._file.tell()
        read = self._file.read(len(buffer))
        buffer[: len(read)] = read
        for at, value in self._instead.items():
            for place, byte in enumerate(value, start=at - begin):
                if 0 <= place < len(read):
                    buffer[place] = byte
        return len(read)
