"""Figures of recognition for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter

TRANSCRIPTS = Counter(
    "hotline_transcripts_total", "Recordings that were recognised or set aside", ["engine", "queue", "state"]
)
SOUND_SECONDS = Counter("hotline_transcribed_seconds_total", "Seconds of recordings recognised", ["engine"])
UNHEARD_SECONDS = Counter("hotline_unheard_seconds_total", "Seconds of speech on which a recogniser failed", ["engine"])
