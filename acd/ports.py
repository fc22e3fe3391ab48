"""The port between the call floor and Asterisk: what a link offers, whatever stands behind it.

`acd.link.AmiLink` is the real one; tests drive the controller through a fake that passes the same conformance test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class AmiEvent:
    """One event of Asterisk.

    `fields` holds each header once, `Event` itself left out. A header that Asterisk may repeat (`Variable`,
    `ChanVariable`) is in `repeated`, in order. Any other header that came twice with different values is in
    neither: a caller's SIP text can carry a line break into an event, and nobody can tell which value is Asterisk's.
    """

    name: str
    fields: Mapping[str, str]
    repeated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, key: str, default: str = "") -> str:
        """The header's value whatever the case of `key`; `default` when it is not there."""
        value = self.fields.get(key)  # written as Asterisk writes it, nearly always
        if value is not None:
            return value
        wanted = key.lower()
        return next((value for name, value in self.fields.items() if name.lower() == wanted), default)

    def __getitem__(self, key: str) -> str:
        """The header's value whatever the case of `key`, empty when it is not there (AMI leaves out what is unset)."""
        return self.get(key)

    def every(self, key: str) -> tuple[str, ...]:
        """All values of a header that may be repeated, in the order Asterisk wrote them."""
        wanted = key.lower()
        for name, values in self.repeated.items():
            if name.lower() == wanted:
                return values
        single = self.get(key)
        return (single,) if single else ()


@dataclass(frozen=True, slots=True)
class AmiResponse:
    """Asterisk's consent to an action; a refusal is raised as ActionRefused instead."""

    message: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def get(self, key: str, default: str = "") -> str:
        wanted = key.lower()
        return next((value for name, value in self.fields.items() if name.lower() == wanted), default)


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Logged in and Asterisk is fully booted. Events before this moment may be lost: resynchronise now.

    `restarted` tells whether Asterisk itself is another process than at the last LinkUp of this link, so that every
    channel known from before is gone. The first LinkUp of a link has nothing to compare with and says False.
    """

    restarted: bool
    booted: str = ""
    """When Asterisk started, as it says itself (local time of its host, to the second); compare, do not parse."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The link is lost; what happens in Asterisk from here to the next LinkUp is not told."""

    reason: str


LinkEvent = AmiEvent | LinkUp | LinkDown


class LinkError(Exception):
    """Something between us and Asterisk; `code` is stable, the text says what to do."""

    code: ClassVar[str] = "link"

    @property
    def undecided(self) -> bool:
        """Whether the action may have been carried out all the same, or may be yet."""
        return False


class LinkDownError(LinkError):
    """No connection, or it broke before the answer came.

    `sent` True means that the action went out unanswered: it may have been carried out. It is never sent again.
    """

    code = "link_down"

    def __init__(self, reason: str, *, sent: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent

    @property
    def undecided(self) -> bool:
        return self.sent


class ActionTimeout(LinkError):
    """Asterisk did not answer in time; the action may have been carried out, or may be yet."""

    code = "action_timeout"

    @property
    def undecided(self) -> bool:
        return True


class ActionRefused(LinkError):
    """Asterisk answered with an error; its own words are the text."""

    code = "action_refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnsafeValue(LinkError):
    """A header that could be read as two, or that Asterisk would cut; nothing was sent."""

    code = "unsafe_value"


class LinkFatal(LinkError):
    """Trying again cannot help: somebody must change the settings."""

    code = "link_fatal"


class CredentialsRefused(LinkFatal):
    """Asterisk refuses the AMI user or its password."""

    code = "credentials_refused"


class Link(Protocol):
    """A connection to one Asterisk node that mends itself."""

    async def run(self) -> None:
        """Keep the link up until cancelled; raise LinkFatal when only new settings can help."""
        ...

    def events(self) -> AsyncIterator[LinkEvent]:
        """Everything in order, for one reader; ends when `run` has ended. A slow reader slows Asterisk's side down."""
        ...

    async def action(
        self,
        name: str,
        headers: Mapping[str, str],
        *,
        timeout: float | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> AmiResponse:
        """Send one action and wait for its answer (`timeout` in seconds).

        `variables` become one `Variable:` header each, their values escaped so that commas and quotes arrive as they
        are. Raises LinkDownError, ActionTimeout, ActionRefused or UnsafeValue; never sends twice.
        """
        ...

    async def action_list(
        self, name: str, headers: Mapping[str, str], complete_event: str, *, timeout: float | None = None
    ) -> list[AmiEvent]:
        """Send an action that answers with events; return those before `complete_event`. Raises like `action`."""
        ...
