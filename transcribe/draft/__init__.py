"""The draft: what a call is about, read out of its turns by rules over the domain's words (D4, D5, D28, D36).

In: turns of verbatim text. Out: kind, business, nature, contact number, amount in dispute, dates, place, what happened,
what is asked for, urgency, each with its evidence and a confidence. A person confirms or corrects it.

normalise → roles (whose words) → hearing (terms, misheard ones too) → judge (kind, business, nature, urgency)
          → phones, amounts, times_places, phrases → summary, in `extract`. The words themselves are data:
`lexicon.yaml`, `patterns.yaml`. Pure: no files but that data, no clock, no network.
"""

from transcribe.draft.context import CallContext
from transcribe.draft.extract import extract
from transcribe.draft.result import Business, DraftResult, Evidence, Kind, Nature

__all__ = ["Business", "CallContext", "DraftResult", "Evidence", "Kind", "Nature", "extract"]
