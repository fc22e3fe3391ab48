"""How often a log-in may fail before it has to wait."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

FAILURES = 5
"""Failures of one log-in from one address before it waits."""
FAILURES_OF_ADDRESS = 50
"""Failures of all log-ins from one address: a whole office may sit behind one."""
WINDOW = timedelta(minutes=5)
REMEMBERED = 10_000
"""Keys kept; the oldest go first, so that guessing names cannot fill the memory."""


class LoginLimit:
    """Counts failures per log-in and address in this process's memory; forgotten when it restarts."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], deque[datetime]] = OrderedDict()

    def wait_seconds(self, login: str, address: str, now: datetime) -> int:
        """How long this person has to wait before the next try; 0 means go ahead."""
        return max(
            self._wait((login.casefold(), address), FAILURES, now), self._wait(("", address), FAILURES_OF_ADDRESS, now)
        )

    def failed(self, login: str, address: str, now: datetime) -> None:
        for key in ((login.casefold(), address), ("", address)):
            times = self._failures.setdefault(key, deque(maxlen=FAILURES_OF_ADDRESS))
            times.append(now)
            self._failures.move_to_end(key)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, login: str, address: str) -> None:
        self._failures.pop((login.casefold(), address), None)

    def _wait(self, key: tuple[str, str], allowed: int, now: datetime) -> int:
        times = self._failures.get(key)
        if times is None:
            return 0
        while times and now - times[0] >= WINDOW:
            times.popleft()
        if len(times) < allowed:
            return 0
        return max(1, int((times[-allowed] + WINDOW - now).total_seconds() + 0.999))
