"""Tables of the call floor: seats, calls and their time lines, breaches of the 15 seconds, known customers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Sequence, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base

claim_epoch = Sequence("acd_claim_epoch", metadata=Base.metadata, start=1)
"""Epochs of claims and terms, one rising series: the dialplan refuses whatever is older than it has seen."""


class Seat(Base):
    __tablename__ = "seats"

    extension: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    level: Mapped[str]
    """A `acd.words.Level`."""
    skills: Mapped[dict[str, Any]]
    """Services this seat answers, and how well: `{"complaint": 3, …}`, 1 to 5, higher is better."""
    classes: Mapped[list[Any]] = mapped_column(default=list)
    """Customer classes this seat serves; none named: all."""
    sip_secret: Mapped[str]
    state: Mapped[str] = mapped_column(default="offline")
    state_since: Mapped[datetime]
    break_reason: Mapped[str | None]
    reachable: Mapped[bool] = mapped_column(default=False)
    """Whether a SIP contact is registered."""
    idle_since: Mapped[datetime | None]
    epoch: Mapped[int] = mapped_column(BigInteger, default=0)
    lease_until: Mapped[datetime | None]
    wrap_up_until: Mapped[datetime | None]
    """While in wrap-up: when it ends by itself."""
    misses: Mapped[int] = mapped_column(default=0)
    """Rings in a row that nobody picked up."""
    redeployed_until: Mapped[datetime | None]
    """Until then level, skills and classes are those of a temporary redeployment (D81)."""
    normal: Mapped[dict[str, Any] | None]
    """What the seat falls back to: level, skills and classes before it was redeployed."""
    call_uid: Mapped[str | None] = mapped_column(unique=True)
    """The call this seat rings for or talks to; unique, so that the database itself never gives a caller two seats."""


class Call(Base):
    __tablename__ = "calls"

    uid: Mapped[str] = mapped_column(primary_key=True)
    """Uniqueid of the caller's channel, system name included, so unique over nodes."""
    caller: Mapped[str]
    """Sanitised number, empty when withheld."""
    dialled: Mapped[str] = mapped_column(default="")
    service: Mapped[str | None]
    customer_class: Mapped[str] = mapped_column(default="ordinary")
    """`ordinary`, `important`, `leased_line` or `key_account` (D18)."""
    state: Mapped[str]
    """A `acd.calls.CallState`."""
    outcome: Mapped[str | None]
    """`answered`, `voicemail`, `abandoned` or `fallback` once it has ended."""
    entered_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    """When the caller entered the queue: the 15 seconds of D9 start here."""
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    seat: Mapped[str | None]
    """The seat that answered."""
    ring_attempts: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    node: Mapped[str] = mapped_column(default="")
    direction: Mapped[str] = mapped_column(default="in", server_default="in")
    """`in` (a caller), `out` (an agent calls a customer, D40) or `consult` (an agent asks another seat)."""
    about: Mapped[str | None]
    """Of a consult the uid of the customer's call; of an outgoing call the order that it is about; of a call-back the
    uid of the call in which it was asked for."""

    __table_args__ = (
        Index("ix_calls_entered_at", "entered_at"),
        Index("ix_calls_caller_entered_at", "caller", "entered_at"),
        Index("ix_calls_open", "state", postgresql_where="ended_at IS NULL"),
    )


class CallEvent(Base):
    """One entry of a call's time line (D126); the same event told twice is one row."""

    __tablename__ = "call_events"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    call_uid: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    seat: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        UniqueConstraint("call_uid", "kind", "seat", "at", name="uq_call_events_once"),
        Index(
            "ix_call_events_answered", "seat", "at",
            postgresql_where="kind IN ('answered', 'fallback_answered', 'joined')",
        ),
    )  # fmt: skip


class Breach(Base):
    """A caller who waited longer than the promise, and why (D9)."""

    __tablename__ = "breaches"

    call_uid: Mapped[str] = mapped_column(primary_key=True)
    cause: Mapped[str]
    """`no_idle_seat`, `ring_unanswered`, `seat_unreachable` or `system`."""
    waited_seconds: Mapped[float]
    limit_seconds: Mapped[float]
    noted_at: Mapped[datetime]
    detail: Mapped[dict[str, Any]]


class Customer(Base):
    """A customer whose number decides who takes the call (D18, D120)."""

    __tablename__ = "customers"

    number: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    customer_class: Mapped[str]
