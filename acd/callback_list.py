"""Call-backs that the leading controller has in hand, and whose attempt a channel is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from acd.callbacks import Callback, CallbackState, Policy


@dataclass
class CallbackList:
    """`policy` None: there is no way out to the public network, so that nobody is called back."""

    policy: Policy | None = None
    open: dict[int, Callback] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    """Call-back by the Uniqueid of its present attempt and of its next."""
    past_limit: set[str] = field(default_factory=set)
    """Numbers whose complaint is past its limit: they belong to the manager hotline (D84)."""
    wake: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<CallbackList: {len(self.open)} open, {len(self.dialling)} dialled>"

    def of(self, uid: str) -> Callback | None:
        """The open call-back that this channel is an attempt of."""
        number = self.attempts.get(uid)
        return self.open.get(number) if number is not None else None

    def put(self, callback: Callback) -> None:
        """Know this about a call-back from now on; one that is over is forgotten."""
        assert self.policy is not None
        node = self.policy.node
        if callback.state in {CallbackState.WAITING, CallbackState.DIALLING, CallbackState.CONNECTED}:
            self.open[callback.id] = callback
            for attempt in (callback.attempts, callback.attempts + 1):
                self.attempts[callback.attempt_uid(node, attempt)] = callback.id
            self.attempts.pop(callback.attempt_uid(node, callback.attempts - 1), None)
            return
        self.open.pop(callback.id, None)
        self.attempts = {uid: number for uid, number in self.attempts.items() if number != callback.id}

    def replace(self, callbacks: list[Callback]) -> None:
        """Know these and no others."""
        self.open.clear()
        self.attempts.clear()
        for callback in callbacks:
            self.put(callback)

    @property
    def dialling(self) -> dict[str, Callback]:
        """Customers who are being rung, by the channel's uid."""
        if self.policy is None:
            return {}
        return {
            callback.attempt_uid(self.policy.node, callback.attempts): callback
            for callback in self.open.values()
            if callback.state is CallbackState.DIALLING
        }
