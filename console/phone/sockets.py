"""Which page holds each seat's telephone: one at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(eq=False)
class Holder:
    """A page with its socket; `superseded` is set when another page takes the telephone over."""

    tab: str
    superseded: asyncio.Event = field(default_factory=asyncio.Event)


class PhoneSockets:
    """The pages of one web process. A seat's page is named by a value that it keeps over a reload."""

    def __init__(self) -> None:
        self._holders: dict[str, Holder] = {}

    def elsewhere(self, extension: str, tab: str) -> bool:
        """Whether another page than `tab` holds the seat's telephone."""
        holder = self._holders.get(extension)
        return holder is not None and holder.tab != tab

    def claim(self, extension: str, tab: str, *, take: bool) -> Holder | None:
        """Make `tab` the holder; None where another page is and `take` does not say to send it away."""
        if self.elsewhere(extension, tab) and not take:
            return None
        before = self._holders.get(extension)
        if before is not None:
            before.superseded.set()
        holder = self._holders[extension] = Holder(tab)
        return holder

    def release(self, extension: str, holder: Holder) -> None:
        if self._holders.get(extension) is holder:
            del self._holders[extension]
