"""Figures of the call floor for Prometheus, served by the controller's process."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from acd.calls import CallFacts
from acd.duty import Duty

ACTS = Gauge("hotline_acd_acts", "1 while this controller leads and has picked the floor up")
WAITING = Gauge("hotline_acd_waiting", "Callers who can be offered a seat")
IDLE = Gauge("hotline_acd_idle", "Seats that can be offered")
UNWRITTEN = Gauge("hotline_acd_unwritten", "Events that are not in the database yet")
CLAIMS = Counter("hotline_acd_claims_total", "Claims of a seat, by what came of them at once", ["result"])
REFUSED = Counter("hotline_acd_events_refused_total", "Events that could not be believed", ["code"])
WAIT = Histogram(
    "hotline_acd_wait_seconds", "From the queue to a person, the message box or the end",
    buckets=(1, 2, 3, 5, 7, 10, 15, 20, 30, 60, 120, 300),
)  # fmt: skip
REDIRECT = Histogram(
    "hotline_acd_redirect_seconds", "From the claim to Asterisk's answer to the Redirect",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5),
)  # fmt: skip


def show(duty: Duty) -> None:
    """Bring the gauges up to date."""
    ACTS.set(duty.acts)
    WAITING.set(duty.board.waiting)
    IDLE.set(duty.board.idle)
    UNWRITTEN.set(duty.outbox.events)


def note_wait(before: CallFacts, after: CallFacts) -> None:
    """Count a wait once, when it is over."""
    if before.wait_over_at is None and after.wait_over_at is not None and after.queued_at is not None:
        WAIT.observe(max(0.0, (after.wait_over_at - after.queued_at).total_seconds()))
