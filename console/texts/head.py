"""The head of an entry as a form: read from what was sent, shown again where something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from cases.text_entries import Channel, EntryView, Head, Reply
from console.errors import N_

MINUTE = "%Y-%m-%dT%H:%M"
"""What a browser's field for a moment holds."""


@dataclass(frozen=True, slots=True)
class HeadForm:
    """Values by name of field, as texts, and what is wrong with them (catalogue keys)."""

    values: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def problem(self, name: str) -> str:
        return self.problems.get(name, "")


def empty(now: datetime, zone: ZoneInfo) -> HeadForm:
    """Received this minute, by letter, answer by telephone."""
    received = now.astimezone(zone).strftime(MINUTE)
    return HeadForm({"channel": Channel.LETTER, "received_at": received, "reply_channel": Reply.PHONE})


def of_entry(entry: EntryView, zone: ZoneInfo) -> HeadForm:
    head = entry.head
    return HeadForm(
        {
            "channel": head.channel,
            "received_at": head.received_at.astimezone(zone).strftime(MINUTE),
            "sender": head.sender,
            "contact": head.contact,
            "reply_channel": head.reply_channel,
            "reply_to": head.reply_to,
            "words": entry.words,
        }
    )


def read(sent: Mapping[str, str], zone: ZoneInfo) -> tuple[Head | None, HeadForm]:
    """The head, None where it cannot be one; the moment is taken in `zone`."""
    problems: dict[str, str] = {}
    channel = sent.get("channel", "")
    reply = sent.get("reply_channel", "")
    if channel not in set(Channel):
        problems["channel"] = N_("Choose one of the list.")
    if reply not in set(Reply):
        problems["reply_channel"] = N_("Choose one of the list.")
    try:
        received_at = datetime.strptime(sent.get("received_at", ""), MINUTE).replace(tzinfo=zone)
    except ValueError:
        received_at = None
        problems["received_at"] = N_("Write day and time, such as 2026-11-21 09:30.")
    form = HeadForm(dict(sent), problems)
    if problems or received_at is None:
        return None, form
    head = Head(
        Channel(channel), received_at, sent.get("sender", ""), sent.get("contact", ""), Reply(reply),
        sent.get("reply_to", ""),
    )  # fmt: skip
    return head, form
