"""What is left of a transcript and a draft whose recording was deleted: which engine, when, which codes; no words."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from transcribe.lexicon.models import Reference, SuggestionVerdict
from transcribe.models import Draft, Transcript
from transcribe.sensitive_models import SensitiveDigits

ERASED = "the recording was deleted, and its words with it"
_WORDS: dict[str, object] = {
    "summary": "", "phone": None, "amount": None, "request": None, "place": None, "what_happened": None,
    "reported": None, "shop": None, "dates": [], "days": [], "promised": [], "evidence": {}, "alternatives": {},
}  # fmt: skip
"""Fields of a draft that hold what was said, and what they are without it."""


async def erase_words(session: AsyncSession, call_uid: str) -> None:
    """Take every spoken word of one call out of its transcript and draft; done twice, the same stands."""
    transcript = await session.scalar(select(Transcript).where(Transcript.call_uid == call_uid).with_for_update())
    if transcript is not None:
        transcript.turns, transcript.talk_over, transcript.unheard = [], [], []
        transcript.sensitive, transcript.normalised, transcript.suggestions = [], [], []
        transcript.warnings, transcript.reason = [], ERASED
    draft = await session.scalar(select(Draft).where(Draft.call_uid == call_uid).with_for_update())
    if draft is not None:
        draft.fields = {**draft.fields, **{name: empty for name, empty in _WORDS.items() if name in draft.fields}}
    await session.execute(delete(SensitiveDigits).where(SensitiveDigits.call_uid == call_uid))
    await session.execute(delete(Reference).where(Reference.call_uid == call_uid))
    await session.execute(delete(SuggestionVerdict).where(SuggestionVerdict.call_uid == call_uid))
    await session.flush()
