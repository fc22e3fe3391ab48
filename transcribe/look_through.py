"""After recognition: which seconds of a call are silenced for most ears, and by which numbers the call can be found."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from hotline import secrets
from hotline.settings import Settings
from recordings import renditions
from recordings.objects import Objects
from recordings.renditions import Check
from recordings.spans import Span, merged
from recordings.store import RecordingView
from transcribe.sensitive import Secret, SensitiveKind, SensitiveSpan, find_sensitive, is_id, luhn, secrets_in
from transcribe.sensitive_models import SensitiveDigits
from transcribe.spoken_digits import only_filler
from transcribe.turns import State, Transcription, Turn

PAD = 0.3
"""Seconds more on either side: a recogniser times words within 0.05 s, nine times out of ten."""
PAD_UNTIMED = 1.2
"""Where a turn has no timed words, and a number's place in it is reckoned from its characters."""
_BRIDGED = 1.5
"""Between two groups of a number nothing is heard: the recogniser may have passed a digit over."""
NEAR_A_NUMBER = 10.0
"""Seconds from a number within which what was not recognised is taken for a part of it."""
_NUMBERS = range(12, 20)
_MOST_NUMBERS = 200


def silenced(heard: Transcription, seconds: float) -> list[Span]:
    """Seconds, of a recording of `seconds`, in which a sensitive number is said, or may be because nobody heard it."""
    found = [*_numbers_said(heard), *_unheard(heard, seconds)]
    return merged(found, within=_BRIDGED, limit=seconds, most=len(found) + 1)


def silenced_by_ear(heard: Transcription, seconds: float) -> list[Span] | None:
    """What of it is silenced also for who must key in by ear what nobody recognised; None where all was recognised.

    A stretch near a number stays silent: the number may go on in it.
    """
    unheard = _unheard(heard, seconds)
    if not unheard:
        return None
    said = _numbers_said(heard)
    near = [
        (start, end)
        for start, end in unheard
        if any(start < last + NEAR_A_NUMBER and first - NEAR_A_NUMBER < end for first, last in said)
    ]
    return merged([*said, *near], within=_BRIDGED, limit=seconds, most=len(said) + len(near) + 1)


def _numbers_said(heard: Transcription) -> list[Span]:
    return [_around(heard.turns, span) for span in find_sensitive(heard.turns)]


def _unheard(heard: Transcription, seconds: float) -> list[Span]:
    rest = [(heard.seconds, seconds)] if seconds - heard.seconds > _BRIDGED else []
    return [*heard.unheard, *rest]


def _around(turns: Sequence[Turn], span: SensitiveSpan) -> Span:
    turn = turns[span.turn]
    pad = PAD if turn.words else PAD_UNTIMED
    start, end = span.start, span.end
    # a digit that the recogniser dropped at the edge of a turn is within the turn
    if only_filler(turn.text[: span.first]):
        start = min(start, turn.start)
    if only_filler(turn.text[span.last :]):
        end = max(end, turn.end)
    return max(0.0, start - pad), end + pad


async def look_through(
    objects: Objects, recording: RecordingView, heard: Transcription, also: Sequence[Span] = ()
) -> Check | None:
    """The check of a recording that was recognised, its masked rendition stored; None where nothing was recognised.

    `also` are seconds that are silenced whatever is heard there, since the call beside it has a number in them.
    Raises what `renditions.make` does.
    """
    if heard.state is State.SET_ASIDE:
        return None
    seconds = recording.seconds
    fewer = silenced_by_ear(heard, seconds)
    by_ear = None if fewer is None else [*fewer, *also]
    return await renditions.make(objects, recording, [*silenced(heard, seconds), *also], by_ear)


async def note_numbers(session: AsyncSession, settings: Settings, call_uid: str, turns: Sequence[Turn]) -> None:
    """Make the call findable by the card numbers that are said in it, instead of those of an earlier recognition."""
    await session.execute(delete(SensitiveDigits).where(SensitiveDigits.call_uid == call_uid))
    key = _key(settings)
    numbers = {number: secret.kind for secret in secrets_in(turns) for number in numbers_of(secret)}
    rows = [
        {"digest": _digest(key, number), "call_uid": call_uid, "kind": kind.value}
        for number, kind in list(numbers.items())[:_MOST_NUMBERS]
    ]
    if rows:
        await session.execute(insert(SensitiveDigits), rows)


async def calls_with_number(session: AsyncSession, settings: Settings, typed: str) -> list[str] | None:
    """Calls in which this card number was said; None where what was typed is no card number.

    For callers who have checked `Action.SENSITIVE_VIEW`.
    """
    number = normalised(typed)
    if not re.fullmatch(r"[0-9]{12,18}[0-9X]", number):
        return None
    query = select(SensitiveDigits.call_uid).where(SensitiveDigits.digest == _digest(_key(settings), number))
    return list(await session.scalars(query))


def numbers_of(secret: Secret) -> Iterable[str]:
    """The numbers that a saying may have meant: all of it, and what in it has a checksum where more was said."""
    digits = secret.digits
    if secret.kind is SensitiveKind.PASSWORD:
        return ()
    found = {digits} if len(digits) in _NUMBERS else set()
    if len(digits) > 15:
        windows = (digits[at : at + size] for size in (16, 17, 18, 19) for at in range(len(digits) - size + 1))
        found |= {each for each in windows if is_id(each) or (len(each) != 18 and luhn(each))}
    return sorted(found)


def normalised(typed: str) -> str:
    """A card number as it is compared: figures and X only."""
    return "".join(each for each in unicodedata.normalize("NFKC", typed).upper() if not re.match(r"[\s\-_.·]", each))


def _key(settings: Settings) -> bytes:
    return secrets.kept(settings, "sensitive-digits").encode()


def _digest(key: bytes, number: str) -> str:
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()
