"""The story: ask the model, keep what was really said, let the rules' draft stand whatever happens."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from hotline.settings import LlmSettings
from transcribe.draft.extract import hear
from transcribe.draft.judge import weigh
from transcribe.draft.lexicon import lexicon
from transcribe.draft.result import DraftResult
from transcribe.draft.summary import summarise
from transcribe.llm.client import complete
from transcribe.llm.errors import LlmError
from transcribe.llm.justify import justify
from transcribe.llm.merge import merge
from transcribe.llm.proposals import Proposal, read_proposals
from transcribe.llm.wire import request_body
from transcribe.masking import Veil
from transcribe.sensitive import find_sensitive
from transcribe.turns import Turn

_log = structlog.get_logger(__name__)


async def improve(draft: DraftResult, turns: Sequence[Turn], settings: LlmSettings) -> DraftResult:
    """The draft with what the model at `settings.url` adds to it; the draft itself where there is none or it fails."""
    if not settings.url or not turns:
        return draft
    covered = cover(turns)
    try:
        proposals = read_proposals(await complete(settings, request_body(covered, settings.model)))
    except LlmError as error:
        _log.warning("llm.unused", code=error.code, reason=str(error))
        return draft
    return accept(draft, covered, proposals)


def accept(draft: DraftResult, covered: Sequence[Turn], proposals: Sequence[Proposal]) -> DraftResult:
    """The draft with those proposals that the rule of evidence lets pass; what is covered is evidence of nothing."""
    words = lexicon()
    heard = hear(covered, words)
    tallies = weigh(heard, words)
    found = [told for each in proposals if (told := justify(each, heard, tallies, draft.kind)) is not None]
    return summarise(merge(draft, found)) if found else draft


def cover(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The turns with the digits of cards, identity cards and passwords covered, character by character."""
    return Veil.over(turns, find_sensitive(turns)).masked_turns()
