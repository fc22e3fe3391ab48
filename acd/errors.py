"""What can go wrong on the call floor, each with a code and a sentence that says what to do."""

from __future__ import annotations

from hotline.errors import HotlineError


class AcdError(HotlineError):
    code = "acd"


class EventRefusedError(AcdError):
    """An event that cannot be believed: it is logged with its code and changes nothing."""

    code = "event_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DeskError(AcdError):
    """What an agent asked for does not fit the seat's state."""

    code = "desk"


class NotLeadingError(AcdError):
    """This controller does not lead (any more), so it must not act on the floor."""

    code = "not_leading"


class MonitoringRefused(AcdError):
    """A call cannot be listened to; `reason`: `no_phone`, `phone_away`, `not_talking` or `over`."""

    code = "monitoring_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this call cannot be listened to ({reason}); choose another, from a connected telephone")
        self.reason = reason


class CommandRefused(AcdError):
    """What an agent asked for during a call cannot be done; the text is the sentence that the agent reads."""

    code = "command_refused"
