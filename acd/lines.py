"""Who comes next: entries in order, where joining at the end and serving the first cost next to nothing."""

from __future__ import annotations

from bisect import insort
from itertools import islice

Entry = tuple[float, str]
"""(place, uid) of a caller or (idle since, extension) of a seat; it counts while the index holds this very object."""

_SLACK = 64


class Order:
    """Entries in order, the first to be served in front.

    A sorted list with a moving start rather than a heap: those who come later stand further back, so that joining is
    nearly always an append, and serving is a step forward. Whoever leaves is only forgotten in the index (`live`); the
    stale entry is stepped over when it comes to the front, and a list that is mostly stale is rebuilt.
    """

    __slots__ = ("entries", "start")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.start = 0

    def join(self, entry: Entry, live: dict[str, Entry], most: int = 0) -> None:
        """Stand where `entry` belongs; `most` entries, stale ones included, are borne before the list is rebuilt."""
        entries = self.entries
        if entries and entry < entries[-1]:
            insort(entries, entry, lo=self.start)
        else:
            entries.append(entry)
        if len(entries) > (most or 2 * len(live) + _SLACK):
            self.tidy(live)

    def tidy(self, live: dict[str, Entry]) -> None:
        self.entries = [entry for entry in islice(self.entries, self.start, None) if live.get(entry[1]) is entry]
        self.start = 0

    def head(self, live: dict[str, Entry]) -> Entry | None:
        entries, place, end = self.entries, self.start, len(self.entries)
        while place < end:
            entry = entries[place]
            if live.get(entry[1]) is entry:
                self.start = place
                return entry
            place += 1
        entries.clear()
        self.start = 0
        return None

    def first_but(self, passed_over: frozenset[str], live: dict[str, Entry]) -> Entry | None:
        """The first that is not in `passed_over`."""
        for entry in islice(self.entries, self.start, None):
            if live.get(entry[1]) is entry and entry[1] not in passed_over:
                return entry
        return None
