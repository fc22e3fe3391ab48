"""Stored turns with their sensitive digits covered, for readers that compare texts and need no digits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from transcribe.masking import Veil
from transcribe.sensitive import SensitiveSpan, find_sensitive
from transcribe.turns import Turn


def covered(turns: Sequence[Turn], sensitive: Iterable[Any] | None = None) -> tuple[Turn, ...]:
    """The turns covered; `sensitive` as a transcript keeps it, None to look now."""
    spans = find_sensitive(turns) if sensitive is None else map(SensitiveSpan.from_json, sensitive)
    return Veil.over(turns, spans).masked_turns()
