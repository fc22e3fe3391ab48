"""The draft: what a call is about, read out of its turns by rules over the domain's words (D4–D6, D28, D36, D89, D93…).

In: turns of verbatim text, and what is known of the call. Out: the fields of `result.py`, each with its evidence, its
confidence and the values that come next. A person confirms or corrects it.

normalise → roles (whose words) → hearing (terms, misheard ones too) → judge (kind, business, nature, urgency)
          → phones and calling, amounts, places, moments and days, phrases → sorts (category, report, causes, tags)
          → endings, consent, promises, standing → summary, in `extract`. The words themselves are data: `lexicon.yaml`,
`patterns.yaml`, `facets.yaml`, `endings.yaml`. Pure: no files but that data, no clock, no network.
"""

from transcribe.draft.context import CallContext
from transcribe.draft.extract import extract
from transcribe.draft.result import Business, DraftResult, Evidence, Kind, Nature

__all__ = ["Business", "CallContext", "DraftResult", "Evidence", "Kind", "Nature", "extract"]
